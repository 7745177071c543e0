"""Parameters: one YAML file is one release line, checked whole before any work starts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from atomic_kit.errors import InputError
from atomic_kit.rpm_repos import Choices, RpmKey, RpmMdSource
from atomic_kit.rpm_repos import RpmRepo as RpmRepo
from atomic_kit.workspace import Workspace
from atomic_kit.yaml import line_of, parse_value, read_yaml

# The rows of the tables of platforms and suites, so that a wrong one is refused before any work.
PlatformName = Literal["qemu", "raw"]
SuiteName = Literal["boot", "upgrade"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]


class DemoSource(Choices):
    """Packages made out of the machine's own Debian archive."""

    kind: Literal["demo"]
    snapshots: Annotated[tuple[Literal["base", "updates"], ...], Field(min_length=1)] = ("base", "updates")


class Budget(Choices):
    """Sizes that a release may not exceed, in MiB; None means that there is no limit."""

    installed: Annotated[int, Field(gt=0)] | None = None
    packages: Annotated[int, Field(gt=0)] | None = None


class PolicyParameters(Choices):
    """What the policy step holds a package set against."""

    vendors: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    budget: Budget = Budget()


class Parameters(Choices):
    """A release line.

    `file` is the YAML file itself and `overrides` what was set over it. Paths in the file are relative to it
    and absolute here. Of `lockfiles` the later win; with `lock_strict` exactly their packages are taken.
    `disk_size` is in GiB.
    """

    file: Path
    overrides: dict[str, str] = Field(default_factory=dict)
    line: Name
    title: Annotated[str, Field(min_length=1)]
    stream: Name
    treefile: Path
    lockfiles: tuple[Path, ...] = ()
    lock_strict: bool = True
    source: Annotated[DemoSource | RpmMdSource, Field(discriminator="kind")]
    arch: Literal["x86_64"] = "x86_64"
    os_name: Name = "atomic"
    remote_name: Name = "atomic"
    remote_url: Annotated[str, Field(pattern=r"^https?://")] = "http://10.0.2.2:8000/"
    platforms: Annotated[tuple[PlatformName, ...], Field(min_length=1)] = ("qemu",)
    disk_size: Annotated[int, Field(ge=1, le=1024, strict=True)] = 4
    suites: tuple[SuiteName, ...] = ("boot", "upgrade")
    policy: PolicyParameters = PolicyParameters()
    build: Path = Path("../build")
    reports: Path = Path("../reports")

    @property
    def workspace(self) -> Workspace:
        """The work and report folders of this line."""
        return Workspace(self.build, self.reports)


def find_parameters(name: str | Path) -> Path:
    """Return the parameters file that `name` means.

    A path is taken as it is; a bare name is parameters/NAME.yaml in this folder or one above it.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return path.resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        candidate = folder / "parameters" / f"{name}.yaml"
        if candidate.is_file():
            return candidate
    raise InputError(f"there are no parameters named {str(name)!r}", hint=f"known: {_known_parameters()}")


def load_parameters(name: str | Path, overrides: Mapping[str, str] | None = None) -> Parameters:
    """Read and check a parameters file whole.

    `overrides` maps dotted keys to YAML values, e.g. {"policy.budget.packages": "300"}. Raises InputError
    that lists every fault as FILE:LINE: KEY: what was got, what is expected.
    """
    path = find_parameters(name)
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise InputError(f"{path} holds no keys", hint="see parameters/demo.yaml for an example")
    if "packages" in document and "line" not in document:
        raise InputError(f"{path} is a treefile", hint="name the parameters file whose treefile it is")
    for key in {"file", "overrides"} & document.keys():
        raise InputError(f"{path}:{line_of(document, [key])}: {key}: unknown key", hint="mend the parameters")
    for key, value in (overrides or {}).items():
        _override(document, key, parse_value(value))
    try:
        values = {**document, "file": path, "overrides": dict(overrides or {})}
        checked = Parameters.model_validate(values, context={"folder": path.parent})
    except ValidationError as error:
        # A list whose entries were refused is not also too short.
        told = [fault for fault in error.errors() if not (fault["type"] == "too_short" and fault["input"])]
        faults = [_fault(path, document, fault) for fault in told]
        raise InputError("\n".join(faults), hint="mend the parameters and run again") from None
    folder = path.parent
    placed = {key: (folder / getattr(checked, key)).resolve() for key in ("treefile", "build", "reports")}
    lockfiles = tuple((folder / path).resolve() for path in checked.lockfiles)
    return checked.model_copy(update=placed | {"lockfiles": lockfiles})


def _override(document: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        below = document.setdefault(parent, {})
        if not isinstance(below, dict):
            raise InputError(f"{key} cannot be set", hint=f"{parent} is not a group of keys")
        document = below
    document[last] = value


def _fault(path: Path, document: Any, fault: Any) -> str:
    # pydantic puts the name of the chosen union member into the location; it is no key of the file.
    keys = [key for key in fault["loc"] if key not in ("demo", "rpm-md")]
    place = f"{path}:{line_of(document, keys)}: {'.'.join(map(str, keys))}"
    if fault["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(keys[-1]), _known_keys(), n=1)
        return f"{place}: unknown key" + (f", did you mean {close[0]}?" if close else "")
    if fault["type"] == "missing":
        return f"{place}: is missing"
    if fault["type"] == "value_error":
        return f"{place}: {fault['ctx']['error']}"
    return (
        f"{place}: got {fault['input']!r}, expected: {fault['msg'].removeprefix('Input should ').removeprefix('be ')}"
    )


def _known_keys() -> set[str]:
    models = (Parameters, PolicyParameters, Budget, DemoSource, RpmMdSource, RpmRepo, RpmKey)
    return {name for model in models for name in model.model_fields} - {"file", "overrides"}


def _known_parameters() -> str:
    for folder in (Path.cwd(), *Path.cwd().parents):
        names = sorted(path.stem for path in (folder / "parameters").glob("*.yaml"))
        if names:
            return ", ".join(names)
    return "none; stand in the project's folder"
