# What the maintainer scripts of the packages would have done, as far as a host needs it.
set -eu

# The demo names itself.
cat /usr/lib/atomic-demo/os-release > /usr/lib/os-release
printf '%s\n' '\S' 'Kernel \r on \m (\l)' '' > /etc/issue
printf '%s\n' '\S' > /etc/issue.net

# Alternatives.
# Nothing is linked to a program that the treefile left out.
link() { if [ -e "$1" ]; then ln -sf "$(basename "$1")" "$2"; fi; }
link /usr/bin/gawk /usr/bin/awk
link /usr/bin/vim.tiny /usr/bin/vi
link /usr/bin/less /usr/bin/pager
link /usr/bin/which.debianutils /usr/bin/which
link /usr/bin/pinentry-curses /usr/bin/pinentry
for family in iptables ip6tables arptables ebtables; do
    for verb in "" -save -restore; do
        link "/usr/sbin/$family-nft$verb" "/usr/sbin/$family$verb"
    done
done

# Files that packages ship as templates.
[ -e /etc/profile ] || cp /usr/share/base-files/profile /etc/profile
[ -e /etc/ssh/sshd_config ] || cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config

# Certificates and the hardware database, beside what follows.
(cd /usr/share/ca-certificates && find . -name '*.crt' | sed 's,^\./,,' | LC_ALL=C sort) > /etc/ca-certificates.conf
update-ca-certificates --fresh > /dev/null 2>&1 & certificates=$!
systemd-hwdb --usr update & hardware=$!

# Accounts: every one is locked; keys let people in.
for pair in passwd:shadow group:gshadow; do
    accounts=/etc/${pair%:*} locked=/etc/${pair#*:}
    if [ "$locked" = /etc/shadow ]; then rest=:::::::; else rest=::; fi
    awk -F: -v rest="$rest" '{print $1 ":*" rest}' "$accounts" > "$locked"
    sed -i 's/^\([^:]*\):[^:]*:/\1:x:/' "$accounts"
    chown root:shadow "$locked"
    chmod 640 "$locked"
done
chown root:messagebus /usr/lib/dbus-1.0/dbus-daemon-launch-helper
chmod 4754 /usr/lib/dbus-1.0/dbus-daemon-launch-helper
chown root:_ssh /usr/bin/ssh-agent
chmod 2755 /usr/bin/ssh-agent

systemctl --root=/ preset-all > /dev/null 2>&1
wait "$certificates"
wait "$hardware"
# Nothing is left for the first boot to bring up to date.
touch /etc/.updated
