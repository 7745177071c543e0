"""Long metadata: what they say is held against what packages can have, whatever form it comes in."""

from __future__ import annotations

import pytest

from atomic_kit.errors import StepError
from atomic_kit.sources.checking import CHECKS

PACKAGE = """<package type="rpm"><name>bash</name><arch>x86_64</arch><version epoch="0" ver="5.1" rel="2"/>
<checksum type="sha256" pkgid="YES">00</checksum><summary>\u202eany\u200f</summary>
<size package="50" installed="9223372036854775" archive="1"/><location href="b/bash-5.1-2.x86_64.rpm"/>
<format><rpm:provides><rpm:entry name="font(\u30b4\u3000\u30b7)"/></rpm:provides>
<rpm:requires><rpm:entry name="lib" flags="GE" epoch="0" ver="1"/></rpm:requires><name/></format></package>"""
HEAD = '<metadata xmlns="http://m.test/common" xmlns:rpm="http://m.test/rpm" packages="2">'
PRIMARY = f"{HEAD}{PACKAGE}{PACKAGE.replace('bash', 'zsh')}</metadata>"


def check(kind: str, text: str) -> None:
    checking = CHECKS[kind](f"the {kind} of rpm_repo test")
    content = text.encode()
    for start in range(0, len(content), 7):
        checking.feed(content[start : start + 7])
    checking.close()


def test_what_is_right_passes() -> None:
    check("primary", PRIMARY)
    check("primary", PRIMARY.replace(' packages="2"', "").replace('epoch="0"', 'epoch=""'))
    check("primary", '<metadata packages="0"/>')
    check("filelists", '<filelists packages="1"><package pkgid="0"><file>/\u202e</file></package></filelists>')
    check("updateinfo", "<updates><update><package/></update></updates>")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('epoch="0" ver="5.1"', 'epoch="x" ver="5.1"', "package bash in the primary .* has the epoch 'x' in its"),
        ('epoch="0" ver="5.1"', 'epoch="-1" ver="5.1"', "bash .* has the epoch '-1'"),
        ('ver="5.1"', 'ver=""', "bash .* has the ver ''"),
        ('ver="5.1"', 'ver="5-1"', "bash .* has the ver '5-1'"),
        (' rel="2"', "", "bash .* has the rel ''"),
        ('installed="9223372036854775"', 'installed="-5"', "bash .* says that its installed size is '-5' bytes"),
        ('installed="9223372036854775"', 'installed="9223372036854775808"', "its installed size is '92233"),
        ("<name>bash</name>", "", "the package number 1 in the primary of rpm_repo test has no name"),
        ("<name>bash</name>", "<name></name>", "the package number 1 .* has an empty name"),
        ("<name>bash</name>", "<name>ba sh</name>", "number 1 .* has the name 'ba sh'"),
        ("<name>bash</name>", "<name>ba&#x202e;sh</name>", r"number 1 .* has the name 'ba\\u202esh'"),
        ("<name>zsh</name>", "", "the package number 2 .* has no name"),
        ("<arch>x86_64</arch>", "<arch/>", "bash .* has an empty arch"),
        ('<version epoch="0" ver="5.1" rel="2"/>', "", "bash .* has no version"),
        ('<location href="b/bash-5.1-2.x86_64.rpm"/>', "", "bash .* has no location"),
        ('href="b/bash', 'href="b/&#x202e;bash', r"bash .* has the location 'b/\\u202ebash"),
        ('name="lib"', 'name="li&#x9b;b"', r"bash .* names 'li\\x9bb'"),
        (
            'name="lib"',
            'name="(lib and"',
            r"bash .* has the dependency '\(lib and', which cannot be read: its br",
        ),
        ('flags="GE" epoch="0" ver="1"', 'a="" b=""', ""),
        (
            'name="lib" flags="GE"',
            'flags="GE" name="(a b)"',
            r"dependency '\(a b\)', which cannot be read: 'b' is no",
        ),
        ("metadata", "metadada", "the primary of rpm_repo test is a document 'metadada', expected: metadata"),
        ('packages="2"', 'packages="2000000"', "the primary of rpm_repo test has 2 packages, it says 2000000"),
    ],
)
def test_what_is_wrong_is_told_with_its_package(old: str, new: str, sentence: str) -> None:
    assert old in PRIMARY
    text = PRIMARY.replace(old, new)
    if not sentence:
        return check("primary", text)
    with pytest.raises(StepError, match=sentence):
        check("primary", text)
    return None


def test_other_documents_have_their_roots_and_numbers_too() -> None:
    with pytest.raises(StepError, match="the filelists of rpm_repo test has 0 packages, it says 1"):
        check("filelists", '<filelists packages="1"><x><package/></x></filelists>')
    with pytest.raises(StepError, match="the updateinfo of rpm_repo test is a document 'html', expected: updates"):
        check("updateinfo", "<html/>")
