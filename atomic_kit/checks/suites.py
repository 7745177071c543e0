"""The suites: what is proved of a release in running machines.

Variables of the scripts and expectations: COMMIT, VERSION, PACKAGES are those of the tree that must run in
the stage; NEW_COMMIT and OLD_COMMIT those of this release and the previous one; OS, REF, REMOTE name where
the host updates from; SERVER is the URL of the candidate ostree_repo, SERVER_HOST and SERVER_PORT its parts;
ARCHIVE is an OCI archive in the machine.
"""

from __future__ import annotations

from atomic_kit.checks.check import Check, Stage, Suite
from atomic_kit.errors import InputError

BOOT_CHECKS = (
    Check(
        "system-state",
        "systemd reached its target and calls the system running",
        "systemctl is-system-running --wait || systemctl list-units --failed --plain --no-legend",
        "running",
    ),
    Check("units", "no unit failed", "systemctl list-units --failed --plain --no-legend", ""),
    Check(
        "booted-commit",
        "the booted deployment is the composed commit",
        r"ostree admin status | sed -n 's/^\* [^ ]* \([0-9a-f]*\)\..*/\1/p'",
        "$COMMIT",
    ),
    Check(
        "version",
        "os-release names the release",
        '. /etc/os-release && echo "$OSTREE_VERSION"',
        "$VERSION",
    ),
    Check(
        "signature",
        "the commit's signature verifies in the machine with the remote's key",
        'ostree show --gpg-verify-remote="$REMOTE" "$COMMIT" | grep "Good signature"',
        "Good signature from .*",
    ),
    Check(
        "usr-read-only",
        "/usr cannot be written to",
        "! touch /usr/.atomic-check 2>&1",
        ".*Read-only file system",
    ),
    Check(
        "state-writable",
        "/etc, /var, the root user's home and /tmp can be written to",
        'for folder in /etc /var /root /tmp; do touch "$folder/.check" && rm "$folder/.check" || exit; done',
        "",
    ),
    Check("machine-id", "the machine has an identity of its own", "cat /etc/machine-id", "[0-9a-f]{32}"),
    Check(
        "rpm-database",
        "the rpm database is readable and lists every package of the commit",
        "rpm -qa | wc -l",
        "$PACKAGES",
    ),
    Check(
        "journal",
        "the journal of this boot holds nothing critical",
        "journalctl --boot --quiet --no-pager --priority crit",
        "",
    ),
    Check(
        "container",
        "a container from an OCI archive runs and reaches the network",
        'image=$(podman load --quiet --input "$ARCHIVE") || exit\n'
        'podman run --rm "${image#Loaded image: }" "$SERVER_HOST" "$SERVER_PORT"',
        r"HTTP/1\.[01] 200 .*",
        timeout=180,
    ),
)

_BEFORE_UPGRADE = (
    Check(
        "change-state",
        "files of /etc and /var are added and edited and a user is added, as an administrator would",
        "useradd --create-home atomic-check\n"
        "echo before-upgrade > /etc/atomic-check\n"
        "echo '# edited' >> /etc/shells\n"
        "echo before-upgrade > /var/lib/atomic-check\n"
        "echo before-upgrade > /var/home/atomic-check/file && tail -n 1 /etc/shells",
        "# edited",
        changes=True,
    ),
    Check(
        "upgrade",
        "the host upgrades in place over HTTP, signature and all, to the new commit",
        'ostree config --repo=/ostree/repo set "remote \\"$REMOTE\\".url" "$SERVER" 2>&1 || exit\n'
        "ostree admin upgrade 2>&1 || exit\n"
        r"""ostree admin status | sed -n 's/^  [^ ]* \([0-9a-f]*\)\..*(pending)$/pending \1/p'""",
        ".*pending $NEW_COMMIT",
        timeout=300,
        changes=True,
    ),
)

_KEPT = Check(
    "state-kept",
    "what was changed in /etc and /var before the upgrade is there after it",
    "cat /etc/atomic-check /var/lib/atomic-check /var/home/atomic-check/file\n"
    "tail -n 1 /etc/shells; id --user --name atomic-check",
    "before-upgrade\nbefore-upgrade\nbefore-upgrade\n# edited\natomic-check",
)

_AFTER_UPGRADE = (
    _KEPT,
    Check(
        "change-state-again",
        "files of /etc and /var are changed again on the new tree",
        "echo after-upgrade > /etc/atomic-check-after && echo after-upgrade > /var/lib/atomic-check-after",
        "",
        changes=True,
    ),
)

_AFTER_ROLLBACK = (
    _KEPT,
    Check(
        "etc-of-then",
        "/etc is the one that the old commit had, without what the new one changed",
        "test ! -e /etc/atomic-check-after && echo absent",
        "absent",
    ),
    Check(
        "var-of-both",
        "/var keeps what was written under either commit",
        "cat /var/lib/atomic-check-after",
        "after-upgrade",
    ),
    Check(
        "rollback-stays",
        "the new deployment is removed and the old commit is the only one that the boot menu offers",
        "ostree admin undeploy 0 2>&1 || exit\n"
        "ostree admin status | grep -c '^[ *] [^ ]* [0-9a-f]*\\.[0-9]'\n"
        "grep -c '^LABEL' /boot/loader/syslinux.cfg; ls /boot/loader/entries | wc -l",
        ".*1\n1\n1",
        changes=True,
    ),
)

SUITES = {
    suite.name: suite
    for suite in (
        Suite("boot", "this", ("bios", "uefi"), (Stage("", "this", BOOT_CHECKS),)),
        Suite(
            "upgrade",
            "previous",
            ("bios",),
            (
                Stage("previous", "previous", _BEFORE_UPGRADE),
                Stage("upgraded", "this", (*BOOT_CHECKS, *_AFTER_UPGRADE)),
                # The second entry of the menu is the deployment that ran before; see docs/decisions/rollback.md.
                Stage("rolled-back", "previous", (*BOOT_CHECKS, *_AFTER_ROLLBACK), entry=1),
            ),
        ),
    )
}


def suite(name: str) -> Suite:
    """Return a suite by its name; raise InputError when there is none."""
    try:
        return SUITES[name]
    except KeyError:
        raise InputError(f"unknown suite {name!r}", hint=f"known: {', '.join(SUITES)}") from None
