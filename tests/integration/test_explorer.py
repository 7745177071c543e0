"""The explorer in a real browser: Voilà serves the notebook, Chromium is driven by keys and clicks."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import createrepo_c
import pytest
import rpm_rs
from chromium import Tab, chromium

from atomic_kit.explorer.serving import serving
from atomic_kit.treefile import load_treefile

pytestmark = pytest.mark.integration

# name: (requires, recommends, conflicts, kilobytes)
PACKAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int]] = {
    "base": ((), (), (), 300),
    "shell": (("base",), (), (), 100),
    "web-server": (("libweb", "base"), ("web-docs",), (), 400),
    "web-docs": ((), (), (), 50),
    "libweb": ((), (), (), 200),
    "editor": (("base",), (), (), 150),
    "editor-tiny": (("base",), (), ("editor",), 20),
    "forbidden-tool": ((), (), (), 10),
}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an rpm_repo and parameters that use it; return the parameters."""
    folder = tmp_path_factory.mktemp("line")
    rpms = folder / "rpms"
    (rpms / "repodata").mkdir(parents=True)
    for name, about in PACKAGES.items():
        _write_rpm(rpms, name, *about)
    primary = createrepo_c.PrimaryXmlFile(str(rpms / "repodata" / "primary.xml.gz"))
    files = sorted(rpms.glob("*.rpm"))
    primary.set_num_of_pkgs(len(files))
    for path in files:
        primary.add_pkg(createrepo_c.package_from_rpm(str(path), location_href=path.name))
    primary.close()
    record = createrepo_c.RepomdRecord("primary", str(rpms / "repodata" / "primary.xml.gz"))
    record.fill(createrepo_c.SHA256)
    record.location_href = "repodata/primary.xml.gz"
    repomd = createrepo_c.Repomd()
    repomd.set_record(record)
    (rpms / "repodata" / "repomd.xml").write_text(repomd.xml_dump())
    (folder / "host.yaml").write_text("ref: test/x86_64/devel\npackages: [shell, editor]\n")
    unsigned = "gpgcheck: false, repo_gpgcheck: false"
    (folder / "line.yaml").write_text(
        "line: test\ntitle: A host to test\nstream: test-devel\ntreefile: host.yaml\n"
        f"source: {{kind: rpm-md, rpm_repos: [{{id: fabricated, baseurl: 'file://{rpms}', {unsigned}}}]}}\n"
        "policy: {forbidden: [forbidden-tool], required: [base], budget: {installed: 1, packages: 5}}\n"
        "build: build\nreports: reports\n"
    )
    return folder / "line.yaml"


def _write_rpm(folder: Path, name: str, requires: tuple[str, ...], recommends: tuple[str, ...],
               conflicts: tuple[str, ...], kilobytes: int) -> None:  # fmt: skip
    builder = rpm_rs.PackageBuilder(name, "1", "MIT", "noarch", f"the package {name}")
    builder.using_config(rpm_rs.BuildConfig(format=rpm_rs.RpmFormat.V4, source_date=1))
    builder.release("1")
    builder.vendor("Test")
    for add, texts in ((builder.requires, requires), (builder.recommends, recommends), (builder.conflicts, conflicts)):
        for text in texts:
            add(text)
    options = rpm_rs.FileOptions.new(f"/usr/share/{name}", permissions=0o644)
    builder.with_file_contents(b"x" * kilobytes * 1024, options)
    builder.build().write_file(str(folder / f"{name}-1-1.noarch.rpm"))


@pytest.fixture(scope="module")
def address(line: Path) -> Iterator[str]:
    with serving(line) as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tab, Path]]:
    folder = tmp_path_factory.mktemp("browser")
    with chromium(folder) as tab:
        tab.resize(1400, 1000)
        yield tab, folder / "downloads"


@pytest.fixture
def tab(browser: tuple[Tab, Path], address: str) -> Iterator[Tab]:
    """A freshly opened page that has drawn its first picture; in the end nothing was said or asked elsewhere."""
    tab, _ = browser
    tab.said.clear()
    open_page(tab, address)
    yield tab
    # A page that is left asks Voilà in vain to end its kernel; idle kernels are ended anyhow.
    assert [one for one in tab.said if "/voila/api/shutdown/" not in one] == []
    assert tab.hosts <= {"", urlsplit(address).netloc}, "the page asked another host for something"


def open_page(tab: Tab, address: str) -> None:
    tab.open("about:blank")  # between two addresses that differ behind the # only
    tab.wait("location.href === 'about:blank' && document.readyState === 'complete'")
    tab.open(address)
    tab.wait("!!document.querySelector('.ex-details .ex-badge')", seconds=90)


def text(tab: Tab, selector: str) -> str:
    return str(tab.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))


def until(tab: Tab, packages: int) -> None:
    """Wait until the live count says so many packages."""
    tab.wait(f"document.querySelector('[data-fact=packages]')?.textContent === '{packages}'")


def rows(tab: Tab, column: int = 2) -> list[str]:
    found = f"[...document.querySelectorAll('.ex-body .ex-row span:nth-child({column})')].map(e => e.innerText)"
    return [str(one) for one in tab.value(found)]


def add(tab: Tab, typed: str) -> None:
    tab.value("document.activeElement.blur()")
    tab.press("/")
    tab.type(typed)
    tab.press("Enter")


def test_a_package_is_found_by_completion_and_the_totals_follow(tab: Tab) -> None:
    until(tab, 3)
    tab.press("/")
    tab.type("web")
    found = tab.value("[...document.querySelectorAll('.ex-found li b')].map(e => e.textContent)")
    assert found == ["web-docs", "web-server", "libweb"]
    tab.press("ArrowDown")
    assert tab.value("document.activeElement.getAttribute('aria-activedescendant')") == "ex-found-1"
    tab.press("Enter")
    until(tab, 6)
    assert "over budget" in text(tab, ".ex-totals")
    assert tab.value("document.querySelector('.ex-budget').classList.contains('ex-over')")
    tab.wait("document.querySelector('.ex-details h2').textContent.startsWith('web-server')")
    assert "web-docs" in text(tab, ".ex-details")
    assert tab.value("document.querySelectorAll('.ex-cell.ex-isnew').length") == 3


def test_a_request_is_unticked_undone_and_done_again(tab: Tab) -> None:
    tab.click('[data-key="request editor"]')
    until(tab, 2)
    assert "150 KiB" in text(tab, ".ex-totals")
    assert "editor" in text(tab, ".ex-waterfall")
    tab.press("z", control=True)
    until(tab, 3)
    tab.press("z", control=True, shift=True)
    until(tab, 2)
    tab.click('[data-key="undo"]')
    until(tab, 3)


def chosen(tab: Tab) -> str:
    return text(tab, ".ex-found [aria-selected=true]").split("\n")[0]


def test_what_is_typed_can_be_asked_for_as_it_is(tab: Tab) -> None:
    tab.press("/")
    tab.press("/")  # once too often
    tab.type("ibwe")
    assert chosen(tab) == "ask for \u2018ibwe\u2019 as typed", "no name begins like that"
    tab.press("ArrowUp")
    assert chosen(tab) == "libweb"
    tab.press("Enter")
    until(tab, 4)
    tab.press("/")
    assert tab.value("document.activeElement.value") == ""
    tab.type("web-docs")
    assert chosen(tab) == "web-docs"
    assert "as typed" not in text(tab, ".ex-found"), "that is its name"
    tab.press("Enter")
    until(tab, 5)
    tab.type("/usr/bin/x")
    assert chosen(tab) == "ask for \u2018/usr/bin/x\u2019 as typed", "a path is a path"


def test_the_keys_are_told(tab: Tab) -> None:
    tab.press("?")
    tab.wait("document.querySelector('.ex-help').open")
    assert "Ctrl+Z" in text(tab, ".ex-help")
    tab.press("Escape")
    tab.wait("!document.querySelector('.ex-help').open")


def test_a_link_that_cannot_be_read_is_not_lost(tab: Tab, address: str) -> None:
    open_page(tab, f"{address}#state=nonsense")
    until(tab, 3)
    assert "cannot be read" in text(tab, ".ex-notice")
    assert tab.value("location.hash") == "#state=nonsense"
    add(tab, "web-docs")
    until(tab, 4)
    assert tab.value("location.hash") != "#state=nonsense"


def test_a_way_to_a_package_is_walked_by_keys(tab: Tab) -> None:
    tab.click('.ex-cell[aria-label^="base"]')
    tab.wait("document.querySelectorAll('.ex-paths .ex-node').length === 3")
    tab.value("document.querySelector('.ex-paths .ex-node[aria-label=shell]').focus()")
    tab.press("Enter")
    tab.wait("document.querySelector('.ex-details h2').textContent.startsWith('shell')")


def test_weak_dependencies_come_and_go(tab: Tab) -> None:
    add(tab, "web-server")
    until(tab, 6)
    tab.click('[data-key="weak"]')
    until(tab, 5)


def test_candidates_stand_side_by_side(tab: Tab) -> None:
    assert not text(tab, ".ex-compare")
    tab.click('[data-key="copy"]')
    tab.wait("document.querySelectorAll('.ex-tab').length === 2")
    add(tab, "web-server")
    until(tab, 6)
    compared = text(tab, ".ex-compare").split("\n")
    assert any(line.startswith("web-server") and line.endswith("\t●") for line in compared)
    tab.click('[data-key="tab 0"]')
    until(tab, 3)
    tab.press("F2")
    tab.type("plain")
    tab.press("Enter")
    tab.wait("document.querySelector('.ex-tab').textContent.startsWith('plain')")


def test_the_treemap_is_grouped_and_shows_a_package(tab: Tab) -> None:
    assert tab.value("document.querySelectorAll('.ex-cell').length") == 3
    tab.choose('[aria-label="treemap by"]', "request")
    tab.wait("document.querySelectorAll('.ex-frame').length === 3")
    labels = "[...document.querySelectorAll('.ex-group')].map(e => e.textContent.split(' ')[0])"
    assert tab.value(labels) == ["shared", "editor", "shell"]
    tab.click('.ex-cell[aria-label^="base"]')
    tab.wait("document.querySelector('.ex-details h2').textContent.startsWith('base')")
    assert tab.value("[...document.querySelectorAll('.ex-paths .ex-node text')].map(e => e.textContent)") == [
        *("editor", "shell", "base")
    ]


def test_the_table_sorts_and_filters(tab: Tab) -> None:
    assert rows(tab) == ["base", "editor", "shell"]
    tab.choose('[aria-label="packages"]', "all")
    assert rows(tab)[:2] == ["web-server", "base"]
    tab.click('[data-key="sort name"]')
    assert rows(tab) == sorted(PACKAGES)
    tab.click('[aria-label="filter the table"]')
    tab.type("package web")
    tab.wait("document.querySelectorAll('.ex-body .ex-row').length === 3")
    assert rows(tab) == ["libweb", "web-docs", "web-server"]
    tab.choose('[aria-label="search in"]', "license")
    tab.wait("document.querySelectorAll('.ex-body .ex-row').length === 0")
    assert "0 of 8" in text(tab, ".ex-table h2")


def test_the_policy_marks_what_it_forbids(tab: Tab) -> None:
    add(tab, "forbidden-tool")
    until(tab, 4)
    assert "forbidden-tool" in text(tab, ".ex-policy")
    assert tab.value("document.querySelectorAll('.ex-cell.ex-bad').length") == 1
    tab.choose('[aria-label="packages"]', "marked")
    assert rows(tab) == ["forbidden-tool"]


def test_requests_that_cannot_be_met_are_explained_and_cured(tab: Tab) -> None:
    add(tab, "editor-tiny")
    tab.wait("document.querySelectorAll('[data-key^=cure]').length === 2")
    assert "editor-tiny" in text(tab, ".ex-problem")
    assert tab.value("document.querySelector('.ex').classList.contains('ex-stale')")
    assert tab.value("document.querySelectorAll('.ex-cell').length") == 3, "the last picture stays"
    tab.click('[data-key="cure not asking for editor"]')
    tab.wait("document.querySelector('.ex-problem').hidden")
    assert "editor-tiny" in rows(tab)


def test_a_link_brings_the_same_state_back(tab: Tab) -> None:
    add(tab, "web-server")
    until(tab, 6)
    link = tab.value("location.href")
    assert "#state=" in link
    open_page(tab, link)
    until(tab, 6)
    assert "web-server" in text(tab, ".ex-requests")


def test_a_link_to_what_cannot_be_has_no_picture_and_no_undo(tab: Tab, address: str) -> None:
    add(tab, "editor-tiny")
    tab.wait("document.querySelectorAll('[data-key^=cure]').length === 2")
    link = tab.value("location.href")
    tab.open("about:blank")
    tab.wait("location.href === 'about:blank'")
    tab.open(link)
    tab.wait("document.querySelectorAll('[data-key^=cure]').length === 2", seconds=90)
    assert "no picture yet" in text(tab, ".ex-problem")
    assert tab.value("document.querySelector('.ex-problem p:last-child button:last-child').disabled")
    tab.click('[data-key="cure not asking for editor-tiny"]')
    until(tab, 3)


def test_what_is_saved_is_read_back(tab: Tab, browser: tuple[Tab, Path]) -> None:
    add(tab, "web-server")
    until(tab, 6)
    files = {}
    for place, name in enumerate(("host.yaml", "manifest-lock.x86_64.json", "packages.csv", "explorer.json"), 1):
        tab.click(".ex-menu summary")
        tab.click(f".ex-menu button:nth-child({place})")
        files[name] = downloaded(browser[1] / name)
    assert load_treefile(files["host.yaml"]).packages == ("editor", "shell", "web-server")
    assert "web-docs" in json.loads(files["manifest-lock.x86_64.json"].read_text())["packages"]
    with files["packages.csv"].open(newline="") as file:
        assert {row["name"]: row["reason"] for row in csv.DictReader(file)}["web-docs"] == "recommended"
    assert json.loads(files["explorer.json"].read_text())["candidates"][0]["packages"][-1] == "web-server"


def downloaded(path: Path) -> Path:
    end = time.monotonic() + 20
    while not path.is_file() and time.monotonic() < end:
        time.sleep(0.05)
    assert path.is_file(), f"{path.name} was not downloaded"
    return path


def test_everything_is_reached_by_the_keyboard(tab: Tab) -> None:
    tab.press("/")
    tab.type("web-s")
    tab.press("Enter")
    until(tab, 6)
    tab.press("Escape")
    for _ in range(60):
        tab.press("Tab")
        if tab.value("document.activeElement.getAttribute('role')") == "grid":
            break
    else:
        pytest.fail("the table cannot be reached")
    assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.press("Home")
    tab.press("ArrowDown")
    tab.wait("document.querySelector('.ex-details h2').textContent.startsWith('base')")
    tab.press("Home")
    tab.press(" ")
    until(tab, 3)
    assert tab.value("document.activeElement.getAttribute('role')") == "grid", "the focus stays where it was"
    tab.press("z", control=True)
    until(tab, 6)
    tab.value("document.querySelector('.ex-cell[tabindex=\"0\"]').focus()")
    tab.press("ArrowRight")
    tab.press("Enter")
    tab.wait("document.querySelector('.ex-cell.ex-selected').contains(document.activeElement)")


def test_a_narrow_page_has_nothing_that_sticks_out(tab: Tab) -> None:
    tab.resize(400, 850)
    tab.wait("document.querySelector('.ex-main').getBoundingClientRect().width < 400")
    assert tab.value("document.documentElement.scrollWidth") <= 400
    tab.resize(1400, 1000)


def test_a_kernel_that_is_gone_is_told_and_boxes_go_back(browser: tuple[Tab, Path], line: Path) -> None:
    tab, _ = browser
    with serving(line) as (address, process):
        open_page(tab, address)
        kernels = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for number in kernels:
            os.kill(int(number), signal.SIGSTOP)
        tab.value("void (wait => setTimeout = (work, time) => wait(work, Math.min(time, 500)))(setTimeout)")
        try:
            tab.click('[data-key="request editor"]')
            tab.wait("!document.querySelector('.ex-lost').hidden")
            assert tab.value("document.querySelector('[data-key=\"request editor\"]').checked")
            assert not tab.value("document.querySelector('.ex').classList.contains('ex-busy')")
        finally:
            for number in kernels:
                os.kill(int(number), signal.SIGCONT)
        tab.wait("document.querySelector('.ex-lost').hidden")
        until(tab, 2)
