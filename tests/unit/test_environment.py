"""pyproject.toml, requirements.lock and environment.yml name the same environment."""

from __future__ import annotations

import ast
import re
import runpy
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]
PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ \\]+)(?: ; (?P<marker>[^\\]+))? \\$")
REGENERATE = "CONTRIBUTING.md, Dependencies, has the command that makes it anew"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lock() -> dict[str, list[str]]:
    """The locked versions of each package; there are several where Python versions differ."""
    versions: dict[str, list[str]] = {}
    for line in (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            versions.setdefault(match["name"], []).append(match["version"])
    return versions


def requirements(project: dict[str, Any], *, setup: bool) -> list[Requirement]:
    texts = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["test"]
    return [Requirement(text) for text in texts + (project["dependency-groups"]["setup"] if setup else [])]


def test_lock_holds_a_fitting_version_of_everything_required(
    project: dict[str, Any], lock: dict[str, list[str]]
) -> None:
    wrong = {
        str(wanted): lock.get(canonicalize_name(wanted.name), [])
        for wanted in requirements(project, setup=True)
        if not any(wanted.specifier.contains(version) for version in lock.get(canonicalize_name(wanted.name), []))
    }
    assert not wrong, REGENERATE


def test_lock_pins_everything_by_hash_and_names_no_place() -> None:
    text = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z])", text)[1:]
    assert len(blocks) > 100
    for name, *hashes in (block.splitlines() for block in blocks):
        assert PIN.match(name) and hashes[0].startswith("    --hash=sha256:"), name
    assert not re.search(r"https?:|file:|index-url|find-links|(^|\s)/", text)


def test_every_library_that_is_imported_is_required_by_name(project: dict[str, Any]) -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in project["project"]["dependencies"]}
    bringers = packages_distributions()
    undeclared = {
        f"{path.relative_to(PROJECT)} imports {module}"
        for path in sorted((PROJECT / "atomic_kit").rglob("*.py"))
        for module in imported(path) - set(sys.stdlib_module_names) - {"atomic_kit"}
        if not declared & {canonicalize_name(name) for name in bringers.get(module, [])}
    }
    assert not undeclared, "a library that only another library brings can go away: add it to pyproject.toml"


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_environment_yml_is_what_pyproject_says(project: dict[str, Any]) -> None:
    maker = runpy.run_path(str(PROJECT / "tools" / "conda_environment.py"))
    assert (PROJECT / "environment.yml").read_text(encoding="utf-8") == maker["conda_environment"](project), (
        "run tools/conda_environment.py"
    )


def test_conda_users_get_every_package_that_pip_users_get(project: dict[str, Any]) -> None:
    document = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = document["dependencies"]
    names = {canonicalize_name(Requirement(text).name) for text in conda + pip["pip"]} - {"python", "pip"}
    other_name = {"python-duckdb": "duckdb"}
    wanted = {canonicalize_name(requirement.name) for requirement in requirements(project, setup=False)}
    assert {other_name.get(name, name) for name in names} == wanted, REGENERATE
    assert document["channels"] == ["conda-forge"]
