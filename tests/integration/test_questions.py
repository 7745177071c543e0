"""resolve, why, what-if and compare as one types them, over a folder of packages and without parameters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import duckdb
import pytest
from rpm_repository import Repository, serving

from atomic_kit import command
from atomic_kit.packages.lock_file import read_lock

pytestmark = pytest.mark.integration


UNSIGNED = {"gpgcheck": False, "repo_gpgcheck": False}


class Kit:
    """The command line over one folder of packages."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.cache = folder, cache
        self.repo = ("--repofrompath", f"test,{folder}", "--no-gpgcheck")
        self._env = {"XDG_CACHE_HOME": str(cache)}

    def run(self, *arguments: str | Path) -> command.Result:
        return command.run([sys.executable, "-m", "atomic_kit.cli", *arguments], check=False, env=self._env)

    def ask(self, *arguments: str | Path) -> Any:
        answer = self.run(*arguments, *self.repo, "--json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)


@pytest.fixture
def kit(tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]) -> Kit:
    make_rpm("app", requires=("lib",), recommends=("extra",))
    make_rpm("lib", "1")
    make_rpm("lib", "2")
    make_rpm("extra", content=b"x" * 5000)
    make_rpm("other", requires=("lib",))
    make_rpm("rival", conflicts=("app",))
    make_repo(tmp_path / "packages")
    return Kit(tmp_path / "packages", tmp_path / "cache")


@pytest.fixture
def treefile(tmp_path: Path) -> Path:
    path = tmp_path / "host.yaml"
    path.write_text("packages: [app]\nrecommends: false\nexclude-packages: [extra]\n")
    return path


def names(answer: Any) -> list[str]:
    return [package["name"] for package in answer["packages"]]


def test_resolve_takes_names_or_a_treefile(kit: Kit, treefile: Path) -> None:
    assert names(kit.ask("resolve", "app")) == ["app", "extra", "lib"]
    assert names(kit.ask("resolve", "app", "--no-weak-deps")) == ["app", "lib"]
    assert names(kit.ask("resolve", "--treefile", treefile)) == ["app", "lib"]
    assert names(kit.ask("resolve", "other", "--treefile", treefile)) == ["app", "lib", "other"]
    assert names(kit.ask("resolve", "app", "-x", "extra")) == ["app", "lib"]
    shown = kit.run("resolve", "app", *kit.repo)
    assert "3 packages" in shown.stdout


def test_a_treefile_names_its_rpm_repos(
    kit: Kit, tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Any
) -> None:
    make_rpm("app", "9", folder=tmp_path / "later")
    make_repo(tmp_path / "later")
    both = ("--repofrompath", f"later,{tmp_path / 'later'}")
    for repos, version in (("[test]", "1"), ("[test, later]", "9"), ("[]", "9"), ("[elsewhere]", "9")):
        (tmp_path / "t.yaml").write_text(f"packages: [app]\nrepos: {repos}\n")
        answer = kit.ask("resolve", "--treefile", tmp_path / "t.yaml", *both)
        assert {one["name"]: one["version"] for one in answer["packages"]}["app"] == version
    assert "repos names elsewhere" in kit.run("resolve", "--treefile", tmp_path / "t.yaml", *both, *kit.repo).stderr
    (tmp_path / "t.yaml").write_text("packages: [lib]\nrepo-packages: [{repo: test, packages: [app]}]\n")
    answer = kit.ask("resolve", "--treefile", tmp_path / "t.yaml", *both)
    assert {one["name"]: one["version"] for one in answer["packages"]}["app"] == "1"


def test_a_lock_file_is_kept_to(kit: Kit, tmp_path: Path) -> None:
    lock = tmp_path / "manifest-lock.x86_64.json"
    lock.write_text(json.dumps({"packages": {"app": {"evra": "1-1.noarch"}, "lib": {"evr": "1-1"}}}))
    assert read_lock([lock]).packages["lib"].evr == "1-1"
    answer = kit.ask("resolve", "app", "--lockfile", lock)
    assert [(one["name"], one["version"]) for one in answer["packages"]] == [("app", "1"), ("lib", "1")]
    lock.write_text(json.dumps({"packages": {"app": {"evra": "1-1.noarch"}, "lib": {"evr": "7-1"}}}))
    refused = kit.run("resolve", "app", "--lockfile", lock, *kit.repo)
    assert refused.returncode == 2
    assert "lib-7-1 is locked" in refused.stderr


def test_why_tells_the_ways_from_a_request(kit: Kit, treefile: Path) -> None:
    (found,) = kit.ask("why", "lib", "app", "other")["explanations"]
    assert found["reason"] == "required"
    assert [[link["target"] for link in chain] for chain in found["chains"]] == [["app", "lib"], ["other", "lib"]]
    assert set(found["leaving"]) == {"app", "other", "extra"}
    assert kit.ask("why", "lib", "--treefile", treefile)["explanations"][0]["requests"] == ["app"]
    assert "app → lib" in kit.run("why", "lib", "app", *kit.repo).stdout


def test_what_was_chosen_can_be_locked_and_is_kept_to(kit: Kit, tmp_path: Path) -> None:
    lock = tmp_path / "lock.json"
    first = kit.ask("resolve", "app", "other", "--write-lock", lock)
    assert sorted(read_lock([lock]).packages) == names(first)
    assert names(kit.ask("resolve", "app", "--lockfile", lock)) == names(first)
    assert names(kit.ask("resolve", "rival", "lib", "--lockfile", lock, "--lock-loose")) == ["lib", "rival"]
    assert "the lock has nothing that would be it" in kit.run("resolve", "rival", "--lockfile", lock, *kit.repo).stderr


def test_an_error_is_a_document_for_programs(kit: Kit) -> None:
    answer = kit.run("why", "lib", "app", "rival", *kit.repo, "--json")
    error = json.loads(answer.stdout)["error"]
    assert error["cause"] == ["app", "rival"]
    assert error["cures"] == ["not asking for app", "not asking for rival"]
    assert json.loads(kit.run("compare", "app", *kit.repo, "--json").stdout)["error"]["hint"].startswith("give OLD")


def test_what_if_answers_each_question(kit: Kit, tmp_path: Path) -> None:
    added = kit.ask("what-if", "app", "--no-weak-deps", "--weak-deps", "on", "--add", "other")
    assert {one["package"] for one in added["comes"]} == {"extra-1-1.noarch", "other-1-1.noarch"}
    costs = kit.ask("what-if", "app", "lib")["requests"]
    assert {row["request"]: row["is_redundant"] for row in costs} == {"app": False, "lib": True}
    assert kit.ask("what-if", "app", "lib", "--redundant") == {"redundant": ["lib"], "enough": ["app"]}
    assert kit.ask("what-if", "app", "--without", "lib")["without"][0]["leaving"] == ["app", "extra"]
    smallest = kit.ask("what-if", "--smallest", "app", "--measure", "packages")
    assert (len(smallest["packages"]), smallest["is_exact"]) == (2, True)
    assert kit.ask("what-if", "app", "--alternatives", "lib")["alternatives"][0]["is_chosen"]
    docs = kit.ask("what-if", "app", "--no-docs", "--langs", "en")
    assert docs["total"] == 0
    table, picture = tmp_path / "sweep.parquet", tmp_path / "sweep.png"
    swept = kit.ask("what-if", "app", "other", "lib", "--sweep", "pairs", "--output", table, "--picture", picture)
    assert len(swept["candidates"]) == 3
    assert duckdb.connect().execute(f"SELECT count(*) FROM '{table}'").fetchone() == (3,)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_compare_takes_names_treefiles_locks_and_repositories(
    kit: Kit, treefile: Path, tmp_path: Path, make_rpm: Callable[..., Path], make_repo: Callable[[Path], object]
) -> None:
    changed = kit.ask("compare", "app", "app,other")
    assert [(one["change"], one["name"]) for one in changed["changes"]] == [("added", "other")]
    assert kit.ask("compare", treefile, "app")["changes"][0]["name"] == "extra"
    later = tmp_path / "later"
    for name, version in (("app", "2"), ("lib", "2"), ("new", "1")):
        make_rpm(name, version, folder=later)
    make_repo(later)
    whole = kit.ask("compare", kit.repo[1], f"later,{later}")
    kinds = {row["change"]: row["packages"] for row in whole["by_kind"]}
    assert kinds == {"added": 1, "removed": 3, "upgraded": 1, "downgraded": 0}
    same = kit.ask("compare", "--treefile", treefile, "--to-repofrompath", f"later,{later}")
    assert [(one["change"], one["name"]) for one in same["changes"]] == [("removed", "lib"), ("upgraded", "app")]
    lock = tmp_path / "manifest-lock.x86_64.json"
    lock.write_text(json.dumps({"packages": {"lib": {"evra": "1-1.noarch"}}}))
    assert [one["change"] for one in kit.ask("compare", lock, "lib")["changes"]] == ["upgraded"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("resolve", "ap", "libb"),
            "nothing provides 'ap'; did you mean app?\n  nothing provides 'libb'; did you mean lib",
        ),
        (("resolve", "app", "rival"), "the smallest cause: app, rival; what cures it: not asking for app, or"),
        (("resolve", "@core"), "no rpm_repo has a group 'core'"),
        (("resolve",), "nothing is asked for; name packages, or give --treefile FILE"),
        (("resolve", "app", "-p", "disk_size=4"), "-p sets keys of parameters, and none are named"),
        (("resolve", "app", "--lockfile", "/nowhere"), "/nowhere does not exist"),
        (("resolve", "--treefile", "/nowhere/host.yaml"), "/nowhere/host.yaml does not exist"),
        (("resolve", "app", "--repofrompath", "x"), "'x' is not ID,URL"),
        (("why", "rival", "app"), "'rival' is not in the package set; what-if --add"),
        (("what-if", "app", "--remove", "lib"), "'lib' was not requested; requested are app"),
        (("what-if", "app", "--redundant", "--without", "lib"), "answer different questions"),
        (("what-if", "app", "--sweep", "all"), "all does not exist"),
        (("what-if", "app", "--sweep", "each", "--output", "/"), "--output / is no .parquet file"),
        (("what-if", "app", "--keep", "lib"), "--keep goes with --sweep"),
        (("what-if", "app", "--alternatives", ""), "--alternatives is empty"),
        (("what-if", "app", "--smallest", "lib"), "--smallest names all that is asked for"),
        (("what-if", "--smallest", "lib", "--seconds", "0"), "'--seconds'"),
        (("why", "lib", "app", "--chains", "0"), "'--chains'"),
        (("compare", "app"), "two sides are needed"),
        (("explore",), "nothing is asked for; name packages"),
        (("explore", "app", "-C"), "--cacheonly does not go with the explorer"),
        (("resolve", "app", "--repofrompath", "x,http://[::bad/"), "expected a URL of http, https or file"),
        (("resolve", "app", "--repofrompath", "test,/elsewhere"), "two rpm_repos have the id test"),
        (("resolve", "app", "--arch", "foo"), "unknown architecture 'foo'; known: aarch64, "),
        (("resolve", "app", "--module", "nodejs"), "--module 'nodejs' is not NAME:STREAM"),
        (("resolve", "@nodejs:20/common"), "profiles of @nodejs:20/common are not read; name the stream by --module"),
        (("resolve", "app", "--module", "nodejs:20"), "there is no module stream nodejs:20; no rpm_repo has a module"),
    ],
)
def test_bad_questions_are_one_sentence(kit: Kit, arguments: tuple[str, ...], sentence: str) -> None:
    answer = kit.run(*arguments, *kit.repo)
    assert answer.returncode == 2, answer.stdout
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_a_key_signatures_cannot_be_checked(kit: Kit) -> None:
    answer = kit.run("resolve", "app", *kit.repo[:2])
    assert answer.returncode == 2
    assert "--no-gpgcheck" in answer.stderr


def test_names_need_a_place_to_come_from(kit: Kit) -> None:
    answer = kit.run("resolve", "app", "lib")
    assert answer.returncode == 2
    assert "expected the name of one release line, got app, lib; to name packages, say whence" in answer.stderr


def test_no_gpgcheck_is_for_repo_files_too(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "test.repo").write_text(f"[test]\nbaseurl={kit.folder}\ngpgkey=https://k.test/k\n")
    asked = ("resolve", "app", "--repofile", tmp_path / "test.repo")
    assert "has no fingerprint" in kit.run(*asked).stderr
    assert kit.run(*asked, "--no-gpgcheck").returncode == 0
    assert "has no fingerprint" in kit.run(*asked, "--no-repo-gpgcheck").stderr


def test_cacheonly_asks_nobody(kit: Kit) -> None:
    refused = kit.run("resolve", "app", *kit.repo, "-C")
    assert refused.returncode == 1
    assert "nothing is cached for test; run once without -C" in refused.stderr
    whole = kit.ask("resolve", "app")
    (kit.folder / "repodata" / "repomd.xml").unlink()
    assert kit.ask("resolve", "app", "-C") == whole


def test_cacheonly_asks_nobody_for_a_release_line_either(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("ref: a/b\npackages: [app]\n")
    source = {"kind": "rpm-md", "rpm_repos": [{"id": "own", "baseurl": kit.folder.as_uri()} | UNSIGNED]}
    line = {"line": "a", "title": "A", "stream": "a-devel", "treefile": "host.yaml", "source": source}
    path = tmp_path / "line.yaml"
    path.write_text(json.dumps(line | {"build": str(tmp_path / "build")}))
    assert "nothing is cached for own; run once without -C" in kit.run("resolve", path, "-C").stderr
    assert kit.run("resolve", path).returncode == 0
    assert kit.run("resolve", path, "-C").returncode == 0


def test_a_treefile_says_the_releasever(kit: Kit, tmp_path: Path) -> None:
    place = tmp_path / "9"
    kit.folder.rename(place)
    treefile = tmp_path / "host.yaml"
    treefile.write_text("packages: [app]\nreleasever: 9\n")
    asked = ("--repofrompath", f"test,{tmp_path}/$releasever", "--no-gpgcheck")
    assert kit.run("resolve", "--treefile", treefile, *asked).returncode == 0
    assert f"{tmp_path}/8/" in kit.run("resolve", "--treefile", treefile, *asked, "--releasever", "8").stderr
    assert "$releasever has no value" in kit.run("resolve", "app", *asked).stderr


def test_basearch_is_what_dnf_makes_of_the_architecture(kit: Kit, tmp_path: Path) -> None:
    kit.folder.rename(tmp_path / "i386")
    asked = ("--repofrompath", f"test,{tmp_path}/$basearch", "--no-gpgcheck")
    assert kit.run("resolve", "app", *asked, "--arch", "i686").returncode == 0
    assert f"{tmp_path}/x86_64/" in kit.run("resolve", "app", *asked).stderr


MODULES = """---
document: modulemd
version: 2
data:
  name: app
  stream: "{version}"
  version: 1
  context: c
  arch: noarch
  artifacts: {{rpms: ["app-0:{version}-1.noarch"]}}
"""


def test_module_streams_are_enabled(tmp_path: Path, make_rpm: Callable[..., Path]) -> None:
    for version in ("1", "2"):
        make_rpm("app", version)
    modules = "".join(MODULES.format(version=version) for version in ("1", "2"))
    Repository(tmp_path / "packages", extra={"modules": modules.encode()}).index()
    kit = Kit(tmp_path / "packages", tmp_path / "cache")
    for version in ("1", "2"):
        (found,) = kit.ask("resolve", "app", "--module", f"app:{version}")["packages"]
        assert found["version"] == version
    told = kit.run("resolve", "app", "@app:1", *kit.repo)
    assert "warning: the profiles of @app:1 are not read, only the stream is enabled" in told.stderr
    assert "app" in told.stdout


@pytest.mark.parametrize("place", ["", "atomic-kit", "atomic-kit/rpm-md", "atomic-kit/rpm-md/metadata"])
def test_a_file_where_the_cache_should_be_is_one_sentence(kit: Kit, place: str) -> None:
    path = kit.cache / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    answer = kit.run("resolve", "app", *kit.repo)
    assert answer.returncode == 1
    assert f"atomic-kit: {path}" in answer.stderr
    assert "Not a directory; see what is in its place and run again" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_folder_where_a_file_should_be_is_one_sentence(kit: Kit) -> None:
    kit.ask("resolve", "app")
    (kept,) = kit.cache.rglob("repomd.xml")
    kept.unlink()
    kept.mkdir()
    answer = kit.run("resolve", "app", *kit.repo)
    assert f"atomic-kit: {kept}: Is a directory; see what is in its place and run again" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_ctrl_c_does_not_wait_for_a_server_that_stalls(kit: Kit) -> None:
    with serving(r=kit.folder) as server:
        server.faults["/r/repodata/primary.xml.gz"] = "stall"
        argv = ("resolve", "app", "--repofrompath", f"x,{server.url('r/')}", "--no-gpgcheck")
        run = subprocess.Popen(
            [sys.executable, "-m", "atomic_kit.cli", *argv],
            env={**os.environ, "XDG_CACHE_HOME": str(kit.cache)},
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 20
        while "/r/repodata/primary.xml.gz" not in server.paths() and time.monotonic() < until:
            time.sleep(0.05)
        started = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
        assert time.monotonic() - started < 5
    assert run.returncode == 130
    assert said.endswith("atomic-kit: interrupted; the same command goes on from the last whole step\n")


def test_the_explorer_opens_on_what_is_spelled_out(kit: Kit, treefile: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "atomic_kit.cli", "explore", "lib", "--treefile", treefile, *kit.repo, "--port", "0"]
    log = tmp_path / "log"
    with command.start(argv, log=log, env={"XDG_CACHE_HOME": str(tmp_path / "cache")}) as process:
        deadline = time.monotonic() + 60
        while "token=" not in log.read_text() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        address = log.read_text().split()[1]
        with urlopen(address, timeout=60) as page:
            assert b"explorer" in page.read()
