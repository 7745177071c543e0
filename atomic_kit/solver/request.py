"""What can be asked of the solver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pin:
    """A package that a lock file names: `evr` as rpm-ostree writes it, `arch` and `digest` when it tells them.

    `digest` is `sha256:HEX` of the package file.
    """

    name: str
    evr: str
    arch: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.name}-{self.evr}" + (f".{self.arch}" if self.arch else "")


@dataclass(frozen=True, slots=True)
class Request:
    """What to solve for: names, NEVRAs, paths or capabilities, and whether weak dependencies count.

    `exclude` holds names, with `*` for any text. `from_rpm_repo` pairs an rpm_repo's id with what must come
    from there. With `pins` nothing but the pinned packages may be chosen, and with `whole` all of them are.
    """

    packages: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    recommends: bool = True
    from_rpm_repo: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pins: tuple[Pin, ...] = ()
    whole: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that is asked for, whichever rpm_repo it must come from."""
        return (*self.packages, *(text for _, texts in self.from_rpm_repo for text in texts))
