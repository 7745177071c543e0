"""What `./workbench` does before there is a Python environment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from atomic_kit import command
from atomic_kit.command import Result

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that needs one more tool than any machine has; apt-get, dpkg and sudo are stand-ins."""
    folder = tmp_path / "project"
    (folder / "atomic_kit").mkdir(parents=True)
    shutil.copy(PROJECT / "workbench", folder)
    row = "nonesuch\tnonesuch-bin\tnonesuch-bin\tcompose: proves a point\n"
    (folder / "atomic_kit" / "tools.tsv").write_text(row)
    tools = {"apt-get": "exit 0", "dpkg": "exit 0", "sudo": 'exec "$@"'}
    for name, script in tools.items():
        put_tool(folder, name, script)
    return folder


def put_tool(project: Path, name: str, script: str) -> None:
    path = project / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{name} $*" >>{project}/calls\n{script}\n')
    path.chmod(0o755)


def workbench(project: Path, *arguments: str, path: str = "") -> Result:
    path = path or f"{project}/bin:/usr/bin:/bin"
    return command.run([project / "workbench", *arguments], env={"PATH": path, "TMPDIR": str(project)}, check=False)


def test_it_says_what_it_installs_and_why_and_what_failed(project: Path) -> None:
    put_tool(
        project, "apt-get", 'case "$*" in *install*) echo "E: Unable to locate package nonesuch-bin"; exit 100;; esac'
    )
    result = workbench(project, "setup")
    assert result.returncode == 1
    said, _, failed = result.stderr.partition("E: Unable to locate package nonesuch-bin")
    assert "nonesuch-bin           compose: proves a point" in said
    assert "system packages failed" in failed
    calls = (project / "calls").read_text()
    assert "install --no-install-recommends nonesuch-bin" in calls
    assert not (project / ".venv").exists()


def test_what_only_the_tests_need_is_installed_for_them_alone(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "tools.tsv").write_text("noexam\tnoexam-bin\tnoexam-bin\ttests: an examiner\n")
    assert "noexam-bin" not in workbench(project, "setup").stderr
    assert "noexam-bin             tests: an examiner" in workbench(project, "test").stderr


def test_a_tool_that_the_package_did_not_bring_is_named(project: Path) -> None:
    result = workbench(project, "setup")
    assert result.returncode == 1
    assert "still missing after the installation: nonesuch-bin" in result.stderr


def test_an_interrupted_installation_is_completed_first(project: Path) -> None:
    refusal = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem."
    put_tool(project, "apt-get", f'case "$*" in *check) echo "{refusal}"; exit 100;; esac')
    workbench(project, "setup")
    calls = (project / "calls").read_text().splitlines()
    configure, install = (
        calls.index("dpkg --configure -a"),
        next(i for i, call in enumerate(calls) if "install" in call),
    )
    assert configure < install


def test_a_machine_with_dnf_is_asked_for_its_own_packages(project: Path) -> None:
    rows = "nonesuch\tnonesuch-bin\tnonesuch-rpm\tproves a point\napt-nonesuch\tapt\t-\tdoes not apply here\n"
    (project / "atomic_kit" / "tools.tsv").write_text(rows)
    (project / "bin" / "apt-get").unlink()
    put_tool(project, "rpm", f"[ -e {project}/installed ]")
    put_tool(project, "dnf", f": >{project}/installed")
    for tool in ("bash", "cat", "dirname", "env", "grep", "mktemp", "readlink", "setpriv", "tail", "tee"):
        (project / "bin" / tool).symlink_to(f"/usr/bin/{tool}")
    result = workbench(project, "setup", path=f"{project}/bin")
    assert "dnf --assumeyes --setopt=install_weak_deps=False install nonesuch-rpm" in (project / "calls").read_text()
    assert "nonesuch-rpm           proves a point" in result.stderr
    assert "system packages: done" in result.stderr


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run"]])
def test_bad_usage_exits_with_2_and_installs_nothing(project: Path, arguments: list[str]) -> None:
    assert workbench(project, *arguments).returncode == 2
    assert not (project / "calls").exists()
