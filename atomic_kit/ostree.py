"""Verbs of ostree, one function each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atomic_kit import command


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs: its fingerprint and the GnuPG home that holds it."""

    fingerprint: str
    home: Path

    @property
    def options(self) -> list[str]:
        """The options by which ostree's verbs sign."""
        return [f"--gpg-sign={self.fingerprint}", f"--gpg-homedir={self.home}"]


def run(ostree_repo: Path, verb: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run `ostree VERB --repo=…` and return what it printed."""
    return command.run(["ostree", verb, f"--repo={ostree_repo}", *arguments], env=env).stdout


def ensure_repo(ostree_repo: Path, *, mode: str, settings: Mapping[str, str] | None = None) -> None:
    """Make an ostree_repo of a mode (bare or archive) when it is not there; `settings` are of its config."""
    if not (ostree_repo / "config").is_file():
        ostree_repo.mkdir(parents=True, exist_ok=True)
        run(ostree_repo, "init", f"--mode={mode}")
    config = (ostree_repo / "config").read_text(encoding="utf-8")
    for key, value in (settings or {}).items():
        if f"{key.split('.')[1]}={value}" not in config:
            run(ostree_repo, "config", "set", key, value)


def find_ref(ostree_repo: Path, ref: str) -> str | None:
    """Return the checksum of the commit that a ref names, None when the ostree_repo has no such ref."""
    path = ostree_repo / "refs" / "heads" / ref
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def set_ref(ostree_repo: Path, ref: str, checksum: str) -> None:
    """Let a ref name a commit."""
    run(ostree_repo, "refs", "--create", ref, "--force", checksum)


def has_commit(ostree_repo: Path, checksum: str) -> bool:
    """Say whether an ostree_repo holds a commit (its objects may still be partial)."""
    name = ostree_repo / "objects" / checksum[:2] / f"{checksum[2:]}.commit"
    partial = ostree_repo / "state" / f"{checksum}.commitpartial"
    return name.is_file() and not partial.exists()


def timestamp(ostree_repo: Path, checksum: str) -> int:
    """Return a commit's time in seconds since 1970."""
    from datetime import datetime

    shown = run(ostree_repo, "show", checksum)
    line = next(line for line in shown.splitlines() if line.startswith("Date:"))
    return int(datetime.strptime(line.removeprefix("Date:").strip(), "%Y-%m-%d %H:%M:%S %z").timestamp())


def pull_local(source: Path, target: Path, *refs: str) -> None:
    """Copy refs or commits from one ostree_repo to another, with the signatures they carry."""
    run(target, "pull-local", str(source), *refs)


def update_summary(ostree_repo: Path, signer: Signer) -> None:
    """Write the signed summary, from which clients see refs and deltas."""
    run(ostree_repo, "summary", "--update", *signer.options)


def make_delta(ostree_repo: Path, old: str, new: str) -> int:
    """Make the static delta between two commits and return its size in bytes."""
    # Binary differences of large files take minutes and save little: most are compressed already.
    run(ostree_repo, "static-delta", f"--from={old}", f"--to={new}", "--max-bsdiff-size=1", "generate")
    return delta_size(ostree_repo, old, new) or 0


def delta_size(ostree_repo: Path, old: str, new: str) -> int | None:
    """Return the bytes of the static delta between two commits, None when there is none."""
    folder = delta_folder(ostree_repo, old, new)
    if not (folder / "superblock").is_file():
        return None
    return sum(path.stat().st_size for path in folder.iterdir())


def delta_folder(ostree_repo: Path, old: str, new: str) -> Path:
    """Return where an archive keeps the static delta between two commits. Source: ostree's repository format."""
    name = f"{_short(old)}-{_short(new)}"
    return ostree_repo / "deltas" / name[:2] / name[2:]


def stored_size(ostree_repo: Path, checksum: str) -> int:
    """Return the bytes of all objects of a commit as an archive ostree_repo stores them."""
    listed = run(ostree_repo, "ls", "--recursive", "--checksum", checksum)
    objects = {f"{checksum}.commit"}
    for line in listed.splitlines():
        kind, sums = line[0], [word for word in line.split() if len(word) == 64]
        endings = ("dirtree", "dirmeta") if kind == "d" else ("filez",)
        objects.update(f"{digest}.{ending}" for digest, ending in zip(sums, endings, strict=False))
    return sum((ostree_repo / "objects" / name[:2] / name[2:]).stat().st_size for name in objects)


def checkout(ostree_repo: Path, checksum: str, *, subpath: str, to: Path) -> None:
    """Write a folder of a commit to a new folder, owned by the caller."""
    run(ostree_repo, "checkout", "--user-mode", f"--subpath={subpath}", checksum, to)


def fsck(ostree_repo: Path) -> None:
    """Read every object back and hold it against its checksum; raise ToolError when one differs."""
    run(ostree_repo, "fsck", "--quiet")


def _short(checksum: str) -> str:
    """Return a checksum as the names of delta folders spell it: base64 with _ for /, without padding."""
    import base64

    return base64.b64encode(bytes.fromhex(checksum)).decode().rstrip("=").replace("/", "_")


def commit(ostree_repo: Path, trees: Sequence[str], *options: str, before: Sequence[str] = ()) -> str:
    """Commit trees (`dir=PATH` or `ref=COMMIT`, later ones over earlier) and return the commit's checksum.

    `before` are the words of a sandbox that ostree runs in.
    """
    argv = [*before, "ostree", "commit", f"--repo={ostree_repo}", *(f"--tree={tree}" for tree in trees), *options]
    return command.run(argv).stdout.strip()
