"""The key with which a release line signs its commits and summaries."""

from __future__ import annotations

from pathlib import Path

from atomic_kit import command
from atomic_kit.files import write_text
from atomic_kit.ostree import Signer
from atomic_kit.progress import step

PUBLIC_KEY = "commit.asc"


def signing_key(home: Path) -> Signer:
    """Return the key in a GnuPG home, making one that never expires when there is none.

    Its public half lies beside it as `commit.asc`. The key has no passphrase: whoever reads the folder can sign.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    fingerprint = _fingerprint(home)
    if fingerprint is None:
        with step("Making the signing key"):
            name = "Atomic Workbench commits"
            _gpg(home, "--quick-generate-key", "--passphrase", "", name, "ed25519", "sign", "never")
        fingerprint = _fingerprint(home)
        assert fingerprint is not None
    if not (home / PUBLIC_KEY).is_file():
        write_text(home / PUBLIC_KEY, _gpg(home, "--armor", "--export", fingerprint))
    return Signer(fingerprint, home)


def stop_agent(home: Path) -> None:
    """End the agent that GnuPG leaves running for a home."""
    command.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)


def _fingerprint(home: Path) -> str | None:
    listed = _gpg(home, "--with-colons", "--list-secret-keys")
    lines = [line.split(":") for line in listed.splitlines()]
    return next((fields[9] for fields in lines if fields[0] == "fpr"), None)


def _gpg(home: Path, *arguments: str) -> str:
    options = ["--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback"]
    return command.run(["gpg", "--homedir", home, *options, *arguments]).stdout
