"""What can be asked of the solver."""

from __future__ import annotations

from dataclasses import dataclass

from atomic_kit.errors import InputError
from atomic_kit.packages.lock import Lock


@dataclass(frozen=True, slots=True)
class Request:
    """What to solve for: names, NEVRAs, paths or capabilities, and whether weak dependencies count.

    Names may be patterns, and `@GROUP` is a group of the rpm_repos. `exclude` holds names, full names or patterns.
    `from_rpm_repo` pairs an rpm_repo's id with what must come from there. A `lock` that is strict leaves exactly its
    packages; another one says which one of a name it is.
    """

    packages: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    recommends: bool = True
    from_rpm_repo: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lock: Lock | None = None

    def __post_init__(self) -> None:
        """Take out what is asked for twice; raise InputError for what is no text."""
        for text in (*self.texts, *self.exclude):
            if not text.isprintable():
                raise InputError(f"{text!r} is no name of a package", hint="name packages, capabilities or paths")
        for name in ("packages", "exclude"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that is asked for, whichever rpm_repo it must come from."""
        return tuple(dict.fromkeys((*self.packages, *(text for _, texts in self.from_rpm_repo for text in texts))))
