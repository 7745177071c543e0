"""comps: groups mean what they mean to dnf, and bad documents are one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from atomic_kit.errors import InputError, StepError
from atomic_kit.sources.comps import Comps, group_packages, merge_comps, read_comps

# A folder `repodata` of CentOS Stream 9 BaseOS, where there is one at hand.
HEAD = "<?xml version='1.0'?>\n<!DOCTYPE comps PUBLIC '-//Red Hat, Inc.//DTD Comps info//EN' 'comps.dtd'>\n<comps>"
CORE = """
<group><id>core</id><name>Core</name><name xml:lang="de">Kern</name>
  <packagelist>
    <packagereq type="mandatory">bash</packagereq><packagereq>coreutils</packagereq>
    <packagereq type="default">chrony</packagereq><packagereq type="optional">tmux</packagereq>
    <packagereq type="conditional" requires="chrony">chrony-tools</packagereq>
    <packagereq type="conditional" requires="chrony-tools">chrony-more</packagereq>
    <packagereq type="conditional" requires="gnome">gnome-bash</packagereq>
  </packagelist></group>
<group><id>web</id><name>Web Server</name>
  <packagelist><packagereq type="default">httpd</packagereq></packagelist></group>
<group><id>debug</id><name>Debugging</name><packagelist><packagereq>gdb</packagereq></packagelist></group>
<environment><id>minimal</id><name>Minimal</name><grouplist><groupid>core</groupid></grouplist>
  <optionlist><groupid default="true">web</groupid><groupid>debug</groupid><groupid>gone</groupid></optionlist>
</environment>
"""


def comps(folder: Path, text: str) -> Comps:
    path = folder / "comps.xml"
    path.write_text(text)
    return read_comps(path, of="the comps")


@pytest.mark.parametrize(
    ("names", "options", "packages"),
    [
        (("@core",), {}, "bash chrony chrony-more chrony-tools coreutils"),
        (("Core",), {"optional": True}, "bash chrony chrony-more chrony-tools coreutils tmux"),
        (("core",), {"present": ("gnome",)}, "bash chrony chrony-more chrony-tools coreutils gnome-bash"),
        (("@minimal",), {}, "bash chrony chrony-more chrony-tools coreutils httpd"),
        (("web", "debug"), {}, "gdb httpd"),
    ],
)
def test_what_a_group_asks_for(tmp_path: Path, names: tuple[str, ...], options: dict[str, bool], packages: str) -> None:
    assert group_packages(comps(tmp_path, HEAD + CORE + "</comps>"), names, **options) == tuple(packages.split())


def test_an_unknown_group_is_named_with_the_like(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no rpm_repo has a group 'cora'; did you mean core"):
        group_packages(comps(tmp_path, HEAD + CORE + "</comps>"), ["@cora"])


def test_groups_of_several_repositories_are_one(tmp_path: Path) -> None:
    first = comps(tmp_path, HEAD + CORE + "</comps>")
    more = "<group><id>core</id><packagelist><packagereq>extra</packagereq></packagelist></group>"
    both = merge_comps([first, comps(tmp_path, HEAD + more + "</comps>")])
    assert "extra" in group_packages(both, ["Core"])
    assert "bash" in group_packages(both, ["core"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<comps><group>", "is not whole XML"),
        ("<html/>", "is not a comps.xml"),
        ('<!DOCTYPE comps [<!ENTITY a "x">]><comps>&a;</comps>', "uses entities"),
        ('<!DOCTYPE comps [<!ENTITY a SYSTEM "file:///etc/passwd">]><comps>&a;</comps>', "uses entities"),
        ('<!DOCTYPE comps SYSTEM "http://127.0.0.1:9/x.dtd" []><comps/>', "uses entities"),
        (HEAD + "<group>" * 100 + "</group>" * 100 + "</comps>", "elements inside each other"),
        (HEAD + "<group><id>&undeclared;</id></group></comps>", "uses entities"),
    ],
)
def test_bad_comps_are_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(StepError, match=sentence):
        comps(tmp_path, text)
