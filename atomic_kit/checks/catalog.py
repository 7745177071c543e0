"""The checks and the suites: what is proved, by which script in the machine, and what it must print.

Facts, which scripts see as variables: COMMIT, VERSION and PACKAGES of the tree that must run in the stage;
NEW, the commit of this release; OS_NAME and REMOTE of the host; SERVER, the URL of the ostree_repo with the
new commit, as the machine reaches it; ARCHIVE, an OCI archive in the machine.
"""

from __future__ import annotations

from atomic_kit.checks.check import Check, Stage, Suite

# Also a stage's own results, before and after its checks.
BOOTS = Check("boots", "the machine boots and answers over ssh with a key", "", needed=True)
CONSOLE = Check("console", "the console shows no panic, no emergency shell and no kernel fault", "")

SYSTEM = (
    Check("system-running", "systemd reached a running state", "systemctl is-system-running --wait", r"^running$"),
    Check("no-failed-unit", "no unit failed", "systemctl --failed --no-legend --plain", r"\A\Z"),
    Check(
        "booted-commit",
        "the machine runs the composed commit",
        "ostree admin status",
        r"^\* {OS_NAME} {COMMIT}\.\d+",
    ),
)
BOOTED = (
    *SYSTEM,
    Check(
        "commit-signature",
        "the commit's signature verifies with the host's own key",
        'ostree show --gpg-verify-remote="$REMOTE" "$COMMIT"',
        r"Good signature from",
    ),
    Check("os-release", "the system names its version", "cat /etc/os-release", r"^OSTREE_VERSION='{VERSION}'$"),
    Check("package-count", "the rpm database lists every package", "rpm -qa | wc -l", r"\A{PACKAGES}\Z"),
    Check("usr-read-only", "/usr cannot be written to", "! touch /usr/probe 2>&1", r"Read-only file system"),
    Check(
        "state-writable",
        "/etc, /var, /tmp and the root user's home can be written to",
        "for folder in /etc /var /tmp /root; do touch $folder/probe && rm $folder/probe || exit; done; echo writable",
        r"\Awritable\Z",
    ),
    Check(
        "journal",
        "the journal of this boot holds nothing critical",
        # sshd calls it fatal when whoever asks hangs up, as the wait for a slow machine does.
        r"journalctl --boot --quiet --no-pager --priority crit"
        r" | grep -vE 'sshd\[[0-9]+\]: fatal: .*(Broken pipe|Connection (reset|closed)|[Tt]imed? ?out)' || true",
        r"\A\Z",
    ),
    Check("network", "the machine reaches its network", 'curl -fsS "$SERVER/config"', r"^mode=archive"),
    Check(
        "container-load",
        "an OCI archive is loaded",
        'podman load --quiet --input "$ARCHIVE"',
        r"localhost/atomic-check:latest",
        timeout=300,
    ),
    Check(
        "container-run",
        "a container runs and reaches the network",
        'podman run --rm localhost/atomic-check:latest /bin/wget -q -O - "$SERVER/config"',
        r"^mode=archive",
        timeout=300,
    ),
)

# On the previous release's tree, as an administrator of that host would have done.
_BEFORE_UPGRADE = (
    Check(
        "change-state",
        "files of /etc and /var are added and edited, and a user is added",
        "echo before > /etc/atomic-mark && echo before > /var/atomic-mark && "
        "echo '# edited' >> /etc/shells && useradd --create-home keeper && echo changed",
        r"\Achanged\Z",
        needed=True,
    ),
    Check(
        "upgrade",
        "the host upgrades in place over HTTP to the new commit",
        'ostree config set "remote \\"$REMOTE\\".url" "$SERVER" && ostree admin upgrade 2>&1 && ostree admin status',
        r"^  {OS_NAME} {NEW}\.\d+ \(pending\)$",
        timeout=600,
        needed=True,
    ),
)
_KEPT = Check(
    "state-kept",
    "what was changed in /etc and /var before the upgrade is there",
    "cat /etc/atomic-mark; tail -n 1 /etc/shells; getent passwd keeper; ls -d /home/keeper; head -n 1 /var/atomic-mark",
    r"\Abefore\n# edited\nkeeper:.*\n/home/keeper\nbefore\Z",
)
_AFTER_UPGRADE = (
    _KEPT,
    Check(
        "change-state-again",
        "/etc and /var are changed on the new tree too",
        "echo after > /etc/atomic-mark-2 && echo after >> /var/atomic-mark && echo changed",
        r"\Achanged\Z",
        needed=True,
    ),
)
_ROLLED_BACK = (
    _KEPT,
    Check(
        "etc-of-then",
        "/etc is that of the old deployment, /var is shared by both",
        "test ! -e /etc/atomic-mark-2 && cat /var/atomic-mark",
        r"\Abefore\nafter\Z",
    ),
    Check(
        "make-default",
        "the new deployment is removed, so that the old one is the default",
        # The new deployment is the first in the list and in the menu.
        "ostree admin undeploy 0 2>&1 && ostree admin status | grep -c '^[ *] [^ ]* [0-9a-f]*[.][0-9]'",
        r"^1$",
        needed=True,
    ),
)

# A rollback is the menu's second entry and then its default; see docs/decisions/rollback.md.
SUITES = {
    "boot": Suite("this", ("bios", "uefi"), (Stage("boot", "first boot", "this", BOOTED),)),
    "upgrade": Suite(
        "previous",
        ("bios",),
        (
            Stage("before-upgrade", "before the upgrade", "previous", (*SYSTEM, *_BEFORE_UPGRADE)),
            Stage("after-upgrade", "after the upgrade", "this", (*BOOTED, *_AFTER_UPGRADE)),
            Stage("rollback", "rollback", "previous", (*SYSTEM, *_ROLLED_BACK), entry=1),
            Stage("after-rollback", "after the rollback", "previous", (*SYSTEM, _KEPT)),
        ),
    ),
}
