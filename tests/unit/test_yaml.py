"""YAML: types of scalars, places of keys, and documents that are made to hurt."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from atomic_kit.errors import InputError
from atomic_kit.yaml import line_of, parse_value, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("010", "010"),
        ("0x1f", 31),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("yes", "yes"),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("!!str 5", "5"),
        ("2020-13-45", "2020-13-45"),
        ("<<: 1", {"<<": 1}),
        ("9" * 5000, float("inf")),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)
def test_a_plain_scalar_has_the_type_that_rpm_ostrees_reader_gives_it(text: str, value: Any) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value) or isinstance(value, list | dict)


def test_every_key_and_entry_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("# remark\na:\n  b:\n    - c\n    - d\n")
    document = read_yaml(path)
    assert [line_of(document, keys) for keys in ([], ["a"], ["a", "b"], ["a", "b", 1], ["a", "x"])] == [1, 2, 3, 5, 2]


def test_a_repeated_key_is_refused_or_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb: {c: 2}\na: 3\n")
    with pytest.raises(InputError, match=r"a\.yaml:3: duplicate key 'a', which is in line 1 already"):
        read_yaml(path)
    told: list[tuple[str, int, int]] = []
    assert read_yaml(path, on_repeat=lambda *place: told.append(place))["a"] == 3
    assert told == [("a", 1, 3)]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB.encode(), "values, counting what aliases repeat"),
        (b"a: &a [*a]\n", "a.yaml:1: *a names nothing that stands whole before it"),
        (b"[" * 100_000, "a.yaml:1: exceeded maximum nesting depth"),
        (b"[" * 100 + b"]" * 100, "nested more than 64 deep"),
        (b"a: !!python/object/apply:os.system [ls]\n", "a.yaml:1: the tag tag:yaml.org,2002:python/object"),
        (b"a: 1\nb: \x00\n", "a.yaml:2: control characters are not allowed"),
        (b'a: "b\\0"\n', "a.yaml:1: a text cannot hold the character NUL"),
        (b"a: \xff\n", "cannot be read"),
        (b"a: 1\n---\nb: 1\n", "a.yaml:2: a second document begins here"),
        (b"? [a]\n: b\n", "a key must be one word"),
        (b"a:\n\tb: 1\n", "a.yaml:2: "),
    ],
)
def test_a_document_made_to_hurt_is_one_sentence_at_once(tmp_path: Path, text: bytes, sentence: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(text)
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 500
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("name", ["/dev/zero", "/proc", "a\x00b", "x" * 5000, "/dev/null/x"])
def test_what_is_no_file_is_one_sentence(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_yaml(Path(name))
    assert len(str(caught.value)) < 500
