"""Treefiles spoilt at random, and what must come of them: a treefile or short sentences, at once."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from atomic_kit.errors import InputError
from atomic_kit.treefile import Treefile, load_treefile

Files = dict[str, bytes]

# Longest a sentence may be besides the path in it.
MAX_SENTENCE = 500
# Longest a case may take, in seconds of this process alone, because others may be busy.
MAX_SECONDS = 1.0

YAML_BASE = b"""ref: os/${releasever}/${basearch}/${stream}
releasever: 40
variables: {stream: devel, devel: true, count: 3}
include: [base.yaml]
arch-include:
  x86_64: arch.yaml
conditional-include:
  - if: stream == "devel"
    include: more.yaml
  - if: [releasever >= 40, count != 4]
    include: {units: [inlined.service]}
packages:
  - bash coreutils
  - "'podman >= 4.1'"
packages-s390x: [zipl]
repo-packages:
  - {repo: base, packages: [kernel]}
exclude-packages: [python3]
documentation: false
postprocess-script: post.sh
postprocess:
  - |
    #!/usr/bin/bash
    true
check-passwd: {type: file, filename: passwd}
remove-from-packages: [[kernel, "/lib/modules/.*/drivers/gpu"]]
"""
INCLUDED: Files = {
    "base.yaml": b"units: [a.service]\ndefault_target: b.target\nmetadata:\n  name: ${stream}\n  deep: {a: [1]}\n",
    "arch.yaml": b"packages: [grub2]\ninitramfs-args: [--no-hostonly]\nadd-commit-metadata: {a.b: 1}\n",
    "more.yaml": b"ignore-removed-users: [root]\nautomatic-version-prefix: ${releasever}.<date:%Y%m%d>\n",
    "post.sh": b"true\n",
    "passwd": b"root:x:0:0:root:/root:/bin/bash\n",
}
JSON_BASE = b"""{
\t"comment": "a host",
\t"ref": "host/7/x86_64/standard",
\t"include": "base.json",
\t"install-langs": ["en_US", "de_DE"],
\t"install-langs": ["en_US"],
\t"packages": ["kernel", "systemd"],
\t"remove-from-packages": [["yum", "/usr/bin/.*"]],
\t"automatic_version_prefix": "7.2018"
}
"""
BASES: tuple[Files, ...] = (
    {"top.yaml": YAML_BASE, **INCLUDED},
    {"top.yaml": b"ref: x\npackages: [a]\n", **INCLUDED},
    {"top.json": JSON_BASE, "base.json": b'{"bootstrap_packages": ["glibc"], "units": [], "osname": "host"}'},
)

BOMB = b"&a [x,x,x,x,x,x,x,x,x]\nb0: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" + b"".join(
    b"%c0: &%c [%s]\n" % (letter + 1, letter + 1, b",".join([b"*%c" % letter] * 9)) for letter in range(98, 108)
)
VALUES = (
    *(b"", b"~", b"true", b"no", b"3", b"-1", b"1.5", b".nan", b"1e999", b"0x1f", b"9" * 6000, b"text", b"'a", b'"b'),
    *(b"[]", b"{}", b"[[]]", b"[~]", b"{a: 1}", b"[1, {b: [c]}]", b"*none", b"&a [*a]", b"&a {a: *a}", BOMB),
    *(b"[" * 3000, b"{a: " * 500, b"[" * 70 + b"]" * 70, b"!!python/object/apply:os.system [id]", b"!x y", b"!!map 3"),
    *(
        b"!!binary aGk=",
        b"!!set {a}",
        b"!!int x",
        b"2020-13-45",
        b"| \n x",
        b">-\n  a\n",
        b"${x}",
        b"${",
        b"'${basearch}'",
    ),
    *(b"a\x00b", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b[31m", "\u2028\u202e\u0085".encode(), b"'a\tb'", b"x" * 20_000),
    *(b"[%s]" % b",".join([b"3"] * 3000), b"{%s}" % b",".join(b"k%d: 1" % n for n in range(3000)), b"? [a]\n: b"),
)
INCLUDES = (
    *(b".", b"..", b"/", b"/dev/zero", b"/dev/stdin", b"/proc/self/mem", b"/etc/shadow", b"top.yaml", b"post.sh"),
    *(
        b"a\x00b",
        b'"a\\0b"',
        b'"a\\nb"',
        b"x" * 5000,
        b"base.yaml/x",
        b"[base.yaml, base.yaml]",
        b"none.ks",
        b"'*.yaml'",
    ),
    *(b"'~'", b"loop", b"link.yaml", b"fifo", b"folder", b"[[base.yaml]]", b"{a: b}", b"http://example.org/x.yaml"),
)
LINES = (
    *(
        b"<<: *a",
        b"<<: {a: 1}",
        b"---",
        b"...",
        b"%YAML 2.0",
        b"\t",
        b"- a",
        b": b",
        b"a",
        b"ref: y",
        b"include: top.yaml",
    ),
    *(
        b"3: 4",
        b"true: 1",
        b"~: 1",
        b"[a]: b",
        b"{a: b}: c",
        b"add-files: [[a, /usr/a]]",
        b"container: true",
        b"edition: 2024",
    ),
    *(b"conditional-include: [{if: a, include: b}]", b"conditional-include: [{if: [3], include: {include: x}}]"),
    *(b"conditional-include: [{if: stream<9, include: [b]}]", b"variables: {releasever: 3}", b"variables: {a: 'b$'}"),
    *(
        b"packages-x86_64: [b, [c]]",
        b"packages-: [a]",
        b"base_arch: x",
        b"basearch: s390x",
        b"\x00: 1",
        b"k" * 9000 + b": 1",
    ),
    *(
        b"check-passwd: {type: data, entries: {a: [1, 2, 3]}}",
        b"remove-from-packages: [[a, '('], []]",
        b"units: &u [*u]",
    ),
)


def flip(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + bytes([chance.randrange(256)]) + text[at + chance.randint(0, 1) :]


def cut(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.choice((1, 2, 5, 40, 10_000)) :]


def of_lines(change: Callable[[random.Random, list[bytes]], None]) -> Callable[[random.Random, bytes], bytes]:
    def mutate(chance: random.Random, text: bytes) -> bytes:
        lines = text.split(b"\n")
        change(chance, lines)
        return b"\n".join(lines)

    return mutate


def repeat_line(chance: random.Random, lines: list[bytes]) -> None:
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))


def drop_line(chance: random.Random, lines: list[bytes]) -> None:
    del lines[chance.randrange(len(lines))]


def insert_line(chance: random.Random, lines: list[bytes]) -> None:
    lines.insert(chance.randrange(len(lines) + 1), chance.choice((b"", b"  ", b"    ")) + chance.choice(LINES))


def indent_line(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((b" ", b"  ", b"\t", b"- ")) + lines[at]


def change_value(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    key, colon, _ = lines[at].partition(b":")
    lines[at] = key + colon + b" " + chance.choice(VALUES)


def change_word(chance: random.Random, text: bytes) -> bytes:
    words = list(re.finditer(rb"[\w.-]+", text)) or list(re.finditer(b"", text))
    word = chance.choice(words)
    return text[: word.start()] + chance.choice(VALUES) + text[word.end() :]


def include_oddly(chance: random.Random, text: bytes) -> bytes:
    path = chance.choice(INCLUDES)
    if b"include: " in text:
        return re.sub(rb"include: .*", lambda _: b"include: " + path, text, count=1)
    return text + b"\ninclude: " + path + b"\n"


def change_ends(chance: random.Random, text: bytes) -> bytes:
    return chance.choice(
        (text.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + text, text.decode(errors="replace").encode("utf-16"))
    )


MUTATIONS = (
    *(flip, flip, cut, change_word, change_word, include_oddly, change_ends),
    *map(of_lines, (repeat_line, drop_line, insert_line, insert_line, indent_line, change_value, change_value)),
)


def spoilt(seed: int) -> Files:
    """Return the files of a treefile with one to four faults; the same for the same seed."""
    chance = random.Random(seed)
    files = dict(chance.choice(BASES))
    texts = [name for name in files if name.endswith((".yaml", ".json"))]
    for _ in range(chance.randint(1, 4)):
        name = chance.choice((texts[0], *texts))
        files[name] = chance.choice(MUTATIONS)(chance, files[name])
    return files


def lay_out(folder: Path, files: Files) -> Path:
    """Write the files, with odd things to include beside them; return the treefile."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir(exist_ok=True)
    for name, target in (("loop", "loop"), ("link.yaml", "base.yaml"), ("gone.yaml", "nowhere")):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    return folder / next(iter(files))


def outcome(treefile: Path) -> str:
    """Load a treefile: `loaded`, `warned` or `refused`; AssertionError when it ends in any other way."""
    started = time.process_time()
    try:
        loaded = load_treefile(treefile)
    except InputError as error:
        said, found = str(error), "refused"
    else:
        assert isinstance(loaded, Treefile)
        said, found = "\n".join(loaded.warnings), "warned" if loaded.warnings else "loaded"
    took = time.process_time() - started
    assert took < MAX_SECONDS, f"took {took:.1f} s"
    for sentence in said.splitlines():
        rest = re.sub(rf"{re.escape(str(treefile.parent))}|^/(proc|etc|dev)\b", "", sentence)
        assert len(rest) < MAX_SENTENCE, f"{len(rest)} characters: {sentence[:1000]}"
        assert rest.isprintable(), f"unprintable: {sentence!r}"
        assert rest != sentence or rest.startswith("and "), f"no path in: {sentence}"
        assert "Traceback" not in sentence
    return found
