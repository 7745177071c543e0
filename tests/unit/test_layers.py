"""Imports point down, and one room starts programs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from atomic_kit import command

PACKAGE = Path(__file__).parents[2] / "atomic_kit"

# Bottom first. A room stands for all modules in it, unless a module has its own line.
LAYERS = {
    "ground": ["errors", "files", "nevra", "words"],
    "values": ["compose.commit", "packages.diff", "packages.package_set", "release.records", "workspace"],
    "door": ["command", "download", "http_session", "progress", "web"],
    "inputs": ["packages.lock", "packages.lock_file", "parameters", "rpm_repos", "sources", "treefile", "yaml"],
    "engines": ["disk", "ostree", "qemu", "rpm", "sandbox", "solver"],
    "release steps": ["checks", "compose", "history", "images", "packages", "policy", "release"],
    "faces": ["cli", "doctor", "explorer", "pipeline", "report", "steps"],
}
HEIGHT = {room: height for height, rooms in enumerate(LAYERS.values()) for room in rooms}


def height_of(module: str) -> int:
    """Return the layer of a module's longest name that the table knows; the package itself is the ground."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        if (height := HEIGHT.get(".".join(parts[:end]))) is not None:
            return height
    pytest.fail(f"{module} has no layer: give its room a place in LAYERS of {Path(__file__).name}")


def modules() -> dict[str, Path]:
    """Return every module of the package by its name below it: `command`, `compose.commit`, `sources`."""
    paths = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, anywhere in it."""
    known = modules()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its direction"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            inside = name.removeprefix("atomic_kit.")
            if inside == name:
                continue
            yield inside if inside in known else inside.rpartition(".")[0]


def test_imports_point_down() -> None:
    upward = [
        f"{module} imports {other}"
        for module, path in modules().items()
        for other in imports(path)
        if other and height_of(other) > height_of(module)
    ]
    assert not upward


def test_no_two_modules_need_each_other() -> None:
    TopologicalSorter({module: set(imports(path)) - {module, ""} for module, path in modules().items()}).prepare()


def test_only_the_door_starts_programs() -> None:
    starters = {"subprocess", "pty"}
    calls = {"system", "popen", "fork", "forkpty", "posix_spawn", "execv", "execvp", "execve", "execvpe"}
    guilty = []
    for module, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                names = [node.attr] if node.attr in calls else []
            guilty += [f"{module}:{node.lineno} {name}" for name in names if name in starters | calls]
    assert [entry for entry in guilty if not entry.startswith("command:")] == []
    assert guilty, "the door itself was not seen: this test looks in the wrong place"


def test_every_started_program_has_a_row_in_the_table_of_tools() -> None:
    unknown = [
        f"{module}:{node.lineno} starts {program}"
        for module, path in modules().items()
        for node, program in started(path)
        if program not in command.tools()
    ]
    assert not unknown, "workbench installs what tools.tsv names, and doctor reports on it"


def started(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of `command.run` and `command.start` whose program is written out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.List)):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0].elts[:1]
        if name in ("run", "start") and first and isinstance(first[0], ast.Constant):
            yield node, str(first[0].value)
