"""The command line: exit codes and one sentence for bad input, never a traceback."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from atomic_kit import command

pytestmark = pytest.mark.integration
PROJECT = Path(__file__).parents[2]
DEMO = (PROJECT / "parameters" / "demo.yaml").read_text()


def kit(*arguments: str | Path) -> command.Result:
    return command.run([sys.executable, "-m", "atomic_kit.cli", *arguments], check=False, cwd=PROJECT)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("resolve", "nothing"), "there are no parameters named 'nothing'"),
        (("resolve", "/nowhere/x.yaml"), "/nowhere/x.yaml does not exist"),
        (("resolve", "demo", "-p", "disk_size"), "is not KEY=VALUE"),
        (("resolve", "demo", "-p", "disk_size=big"), "disk_size: got 'big'"),
        (("image", "demo", "--platform", "toaster"), "unknown platform 'toaster'; known: qemu"),
        (("release",), "Missing argument"),
        (("fly",), "No such command"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(arguments: tuple[str, ...], sentence: str) -> None:
    answer = kit(*arguments)
    assert answer.returncode == 2
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_set_that_cannot_be_solved_is_exit_2_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "parameters").mkdir()
    path = tmp_path / "parameters" / "line.yaml"
    path.write_text(DEMO.replace("demo/host.yaml", "host.yaml"))
    (path.parent / "host.yaml").write_text("ref: x\npackages: [no-such-package]\n")
    answer = kit("resolve", path, "--json")
    assert answer.returncode == 2
    (problem,) = json.loads(answer.stdout)["error"]["problems"]
    assert problem.startswith("nothing provides 'no-such-package'")


def test_doctor_knows_every_tool() -> None:
    answer = kit("doctor", "--json")
    for name in command.tools():
        assert name.partition("|")[0] in answer.stdout
