"""Keys that sign repositories: pinned by fingerprint, kept away from every other keyring of the machine.

gpg checks repomd.xml and librpm the packages, each in a keyring that holds the rpm_repo's own keys only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from atomic_kit import command
from atomic_kit.errors import FetchError, StepError, ToolError
from atomic_kit.files import new_folder, scratch_folder, value_digest
from atomic_kit.rpm_repos import RpmKey

LIMIT = 1 << 20  # bytes of a file of keys
_RING = "pinned.gpg"
# gpg's numbers of digests that can be forged: MD5, SHA-1, RIPEMD-160.
_WEAK = {"1", "2", "3"}
# rpm 4 names the short id of a key, rpm 6 its fingerprint.
_SIGNATURE = re.compile(r"[Ss]ignature, key (?:ID|fingerprint):? (?P<key>\w+): (?P<state>\w+)")
_ENDED = {"e": "has expired", "r": "was revoked", "i": "is not valid", "d": "is disabled"}


@dataclass(frozen=True, slots=True)
class Keyring:
    """A folder where gpg and librpm find the keys of an rpm_repo, and the fingerprints of their primary keys."""

    home: Path
    fingerprints: tuple[str, ...]


def open_keyring(folder: Path, keys: Sequence[RpmKey], *, content: Callable[[RpmKey], bytes]) -> Keyring:
    """Return a keyring of exactly the pinned keys, made below `folder` when it is not there yet.

    `content` gives the bytes of a key's file. Raises StepError for a key that is another one than pinned, has
    expired or was revoked, and for what is no key.
    """
    files = [content(key) for key in keys]
    pins = [list(key.fingerprint) for key in keys]
    home = folder / value_digest([[file.hex() for file in files], pins])[:16]
    if not home.is_dir():
        with new_folder(home) as new:
            _fill(new, keys, files)
    found = tuple(line.split()[0] for line in (home / "fingerprints").read_text(encoding="utf-8").splitlines())
    listed = _primaries(command.run([*_argv(home, ring=_RING), "--list-keys", "--with-colons"], timeout=60).stdout)
    for fingerprint in found:
        if state := _ENDED.get(listed.get(fingerprint, "i")):
            places = ", ".join(key.place for key in keys)
            raise StepError(f"the key {fingerprint} of {places} {state}", hint="ask its owner for the present key")
    return Keyring(home, found)


def check_detached(keyring: Keyring, *, content: bytes, signature: bytes, of: str) -> None:
    """Raise FetchError when `signature` is not one of the content by a key of the keyring."""
    with scratch_folder("signature") as folder:
        (folder / "content").write_bytes(content)
        (folder / "content.asc").write_bytes(signature)
        argv: list[str | Path] = ["--status-fd", "1", "--verify", folder / "content.asc", folder / "content"]
        result = command.run([*_argv(keyring.home, ring=_RING), *argv], check=False, timeout=60)
    words = [line.split()[1:] for line in result.stdout.splitlines() if line.startswith("[GNUPG:] ")]
    fault = _signature_fault(words, keyring.fingerprints) if result.returncode == 0 else _failure(words)
    if fault:
        wanted = " or ".join(keyring.fingerprints)
        raise FetchError(f"{of} {fault}", hint=f"it must be signed by {wanted}; do not use this place", stale=True)


def unsigned_packages(keyring: Keyring, files: Sequence[Path]) -> dict[Path, str]:
    """Return the RPM files that do not have a good signature by a key of the keyring, with what is wrong.

    A digest that fits is not enough: librpm would let a package without a signature pass.
    """
    faults: dict[Path, str] = {}
    for start in range(0, len(files), 400):
        batch = files[start : start + 400]
        level = ["--define", "_pkgverify_level all", "--define", "_pkgverify_flags 0x0"]
        where = ["--dbpath", str(keyring.home / "rpm")]
        # Macros in a home could switch checks off.
        env = {"HOME": str(keyring.home)}
        result = command.run(
            ["rpmkeys", *where, *level, "--checksig", "-v", *map(str, batch)], check=False, timeout=1800, env=env
        )
        told = _blocks(result.stdout, batch)
        for path in batch:
            if fault := _package_fault(told.get(path, [])):
                faults[path] = fault
        if result.returncode and not faults:
            raise ToolError("rpmkeys failed", hint=command.tail(result.stdout + result.stderr))
    return faults


def _fill(home: Path, keys: Sequence[RpmKey], files: Sequence[bytes]) -> None:
    chosen: list[str] = []
    # gpg talks to its agent over a socket beside its keys, whose path must be short.
    with scratch_folder("keys") as scratch:
        for key, content in zip(keys, files, strict=True):
            has = _imported(scratch, content)
            if not has:
                raise StepError(f"{key.place} holds no OpenPGP key", hint="check the place of the key")
            wanted = [one for one in has if one in key.fingerprint] if key.fingerprint else has
            if not wanted:
                raise StepError(
                    f"{key.place} holds the key {' and '.join(has)}, pinned is {' or '.join(key.fingerprint)}",
                    hint="somebody may have swapped it; ask its owner before you pin another one",
                )
            chosen += [one for one in wanted if one not in chosen]
        command.run([*_argv(scratch), "--output", home / _RING, "--export", *chosen], timeout=60)
        armored = command.run([*_argv(scratch), "--armor", "--export", *chosen], timeout=60).stdout
    (home / "pinned.asc").write_text(armored, encoding="ascii")
    where = ["--dbpath", str(home / "rpm")]
    command.run(["rpmkeys", *where, "--import", str(home / "pinned.asc")], env={"HOME": str(home)}, timeout=60)
    (home / "fingerprints").write_text("\n".join(chosen) + "\n", encoding="ascii")


def _imported(scratch: Path, content: bytes) -> list[str]:
    """Import a file of keys; return the fingerprints of what was in it."""
    with scratch_folder("key") as home:
        home.chmod(0o700)
        (home / "file").write_bytes(content)
        for one in (home, scratch):
            command.run([*_argv(one), "--import", home / "file"], check=False, timeout=60)
        return list(_primaries(command.run([*_argv(home), "--list-keys", "--with-colons"], timeout=60).stdout))


def _primaries(listing: str) -> dict[str, str]:
    """Return the state (gpg's letter) of each primary key by its fingerprint."""
    found: dict[str, str] = {}
    state: str | None = None
    for line in listing.splitlines():
        fields = line.split(":")
        if fields[0] == "pub":
            state = fields[1]
        elif fields[0] == "fpr" and state is not None:
            found[fields[9]], state = state, None
    return found


def _signature_fault(words: Sequence[Sequence[str]], fingerprints: Sequence[str]) -> str:
    """Return what is wrong with a signature that gpg verified; every one in the file must be good.

    Source: doc/DETAILS of GnuPG, "VALIDSIG": its last field is the primary key, the eighth the digest.
    """
    valid = [line[1:] for line in words if line[0] == "VALIDSIG"]
    good = [line for line in words if line[0] == "GOODSIG"]
    if not valid or len(valid) != len(good):
        return "has a signature by a key that expired or was revoked, or none"
    for fields in valid:
        if fields[-1] not in fingerprints:
            return f"is signed by {fields[-1]}"
        if fields[7] in _WEAK:
            return "is signed over a digest that can be forged"
    return ""


def _failure(words: Sequence[Sequence[str]]) -> str:
    by = {line[0]: line[1:] for line in words if len(line) > 1}
    if "BADSIG" in by:
        return "is not what was signed: somebody changed it, or it is being updated"
    if "ERRSIG" in by:
        return f"is signed by a key that is not pinned ({(by.get('NO_PUBKEY') or by['ERRSIG'])[0]})"
    if "EXPSIG" in by:
        return "has a signature that expired"
    if "EXPKEYSIG" in by or "REVKEYSIG" in by:
        return "has a signature by a key that expired or was revoked"
    return "has a signature that cannot be read"


def _blocks(text: str, files: Sequence[Path]) -> dict[Path, list[str]]:
    """Return rpmkeys' lines about each file; it begins with the file's name and a colon."""
    heads = {f"{path}:": path for path in files}
    found: dict[Path, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line in heads:
            lines = found.setdefault(heads[line], [])
        else:
            lines.append(line.strip())
    return found


def _package_fault(lines: Sequence[str]) -> str:
    signatures = [found for line in lines if (found := _SIGNATURE.search(line))]
    bad = [line for line in lines if ": BAD" in line]
    if bad:
        return f"is damaged ({bad[0].partition(' (')[0]})"
    if not lines:
        return "is not an RPM package"
    if not signatures:
        return "is not signed"
    other = [found for found in signatures if found["state"] != "OK"]
    if other:
        return f"is signed by a key that is not pinned ({other[0]['key']})"
    return ""


def _argv(home: Path, *, ring: str | None = None) -> list[str | Path]:
    options = ["--batch", "--no-tty", "--quiet", "--no-options", "--no-autostart", "--disable-dirmngr"]
    rings: list[str | Path] = ["--no-default-keyring", "--keyring", home / ring] if ring else []
    return ["gpg", "--homedir", home, *options, "--no-auto-check-trustdb", "--trust-model", "always", *rings]
