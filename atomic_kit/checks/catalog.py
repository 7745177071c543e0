"""The checks and suites: what is proved, by which script in the machine, and what it must print.

A script sees COMMIT, PREVIOUS, PACKAGES, OS_NAME, REMOTE and SERVER (a URL that the machine reaches) as
variables. A check passes when its script ends with 0 and its output matches.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `expect` is a regular expression that the script's output must match, `timeout` is in seconds."""

    name: str
    title: str
    script: str
    expect: str = ""
    timeout: float = 180


BOOTED = (
    Check(
        "system-running",
        "systemd reached a running state",
        "systemctl is-system-running --wait",
        r"^running$",
    ),
    Check("no-failed-unit", "no unit failed", "systemctl --failed --no-legend --plain", r"^$"),
    Check(
        "booted-commit",
        "the machine runs the composed commit",
        "ostree admin status",
        r"\* {os_name} {commit}\.\d+",
    ),
    Check(
        "commit-signature",
        "the commit's signature verifies with the host's own key",
        'ostree show --gpg-verify-remote="$REMOTE" "$COMMIT"',
        r"Good signature from",
    ),
    Check("os-release", "the system names its version", "cat /etc/os-release", r"OSTREE_VERSION='{version}'"),
    Check("package-count", "the rpm database lists every package", "rpm -qa | wc -l", r"^{packages}$"),
    Check("usr-read-only", "/usr cannot be written to", "touch /usr/probe 2>&1; true", r"Read-only file system"),
    Check(
        "etc-and-var-writable",
        "/etc and /var can be written to",
        "touch /etc/probe /var/probe && rm /etc/probe /var/probe && echo writable",
        r"^writable$",
    ),
    Check("network", "the machine reaches its network", 'curl -fsS "$SERVER/config"', r"mode=archive"),
)

CONTAINERS = (
    Check(
        "container-load",
        "an OCI archive is loaded",
        "podman load -q -i /var/tmp/check.oci.tar",
        r"atomic-check",
        timeout=300,
    ),
    Check(
        "container-run",
        "a container runs",
        "podman run --rm --network=none localhost/atomic-check:latest /bin/sh -c 'echo inside && id -u'",
        r"inside\n0",
        timeout=300,
    ),
    Check(
        "container-network",
        "a container reaches the network",
        'podman run --rm localhost/atomic-check:latest /bin/wget -q -O - "$SERVER/config"',
        r"mode=archive",
        timeout=300,
    ),
)

# Before the upgrade, on the previous release.
LEAVE_MARKS = (
    Check(
        "previous-booted",
        "the previous release's image runs the previous commit",
        "ostree admin status",
        r"\* {os_name} {previous}\.\d+",
    ),
    Check(
        "marks-left",
        "/etc and /var are changed before the upgrade",
        "echo before > /etc/atomic-mark && echo before > /var/atomic-mark && useradd -m keeper && echo left",
        r"^left$",
    ),
)
UPGRADE = (
    Check(
        "upgrade",
        "the host upgrades in place over HTTP",
        'ostree config set "remote \\"$REMOTE\\".url" "$SERVER" && ostree admin upgrade 2>&1 && ostree admin status',
        r"(?s){commit}\.\d+ \(pending\)",
        timeout=600,
    ),
)
AFTER_UPGRADE = (
    Check(
        "marks-kept",
        "changes of /etc and /var survive the upgrade",
        "cat /etc/atomic-mark /var/atomic-mark && getent passwd keeper && ls -d /home/keeper",
        r"before\nbefore\nkeeper:.*\n/home/keeper",
    ),
    Check(
        "marks-after",
        "/etc and /var are changed after the upgrade",
        "echo after > /etc/atomic-mark && echo after > /var/atomic-mark && echo left",
        r"^left$",
    ),
)
AFTER_ROLLBACK = (
    Check(
        "rolled-back",
        "the machine runs the previous commit again",
        "ostree admin status",
        r"\* {os_name} {previous}\.\d+",
    ),
    Check(
        "etc-of-then",
        "/etc is that of the previous deployment, /var is shared",
        "cat /etc/atomic-mark /var/atomic-mark",
        r"^before\nafter$",
    ),
    Check("system-running", "systemd reached a running state", "systemctl is-system-running --wait", r"^running$"),
    Check(
        "rollback-made-default",
        "the rollback is made the default",
        # The new deployment is the first; without it the old one is what boots.
        "ostree admin undeploy 0 2>&1 && ostree admin status",
        r"\* {os_name} {previous}\.\d+",
    ),
)
