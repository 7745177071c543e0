"""The smallest set against trying everything, and sweeps against single answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from atomic_kit.errors import InputError, UnsolvableError
from atomic_kit.packages.smallest import smallest_set
from atomic_kit.packages.sweep import Candidate, leave_one_out, leave_two_out, on_front, read_candidates, sweep
from atomic_kit.packages.what_if import changed
from atomic_kit.solver import Pool, Request

MakePool = Callable[..., Pool]


def random_packages(seed: int) -> dict[str, dict[str, Any]]:
    """Ten packages with requirements, alternatives, conditions, conflicts, obsoletes, versions and word sizes."""
    rng = random.Random(seed)
    names = [f"p{number}" for number in range(10)]
    packages: dict[str, dict[str, Any]] = {}
    for name in names:
        a, b, c = rng.sample([other for other in names if other != name], 3)
        requires = rng.choice([[], [a], [f"({a} or {b})"], [f"({a} if {b})", c], [f"cap{rng.randrange(3)}"]])
        kind = rng.choice(("", "", "-1.x86_64", "-2.i686"))
        packages[f"{name}{kind}"] = {
            "size": rng.randrange(1, 5000),
            "requires": requires,
            "provides": [f"cap{rng.randrange(3)}"] if rng.random() < 0.5 else [],
            "conflicts": [rng.choice(names)] if rng.random() < 0.2 else [],
            "obsoletes": [rng.choice(names)] if rng.random() < 0.1 else [],
        }
        if kind and rng.random() < 0.5:  # another one of the name
            other = kind.replace("i686", "x86_64") if rng.random() < 0.5 else "-3.i686"
            packages[f"{name}{other}"] = packages[f"{name}{kind}"] | {"size": rng.randrange(1, 5000)}
    return packages


@pytest.mark.parametrize("seed", range(40))
def test_it_is_what_trying_everything_finds(make_pool: MakePool, seed: int) -> None:
    pool = make_pool(random_packages(seed))
    wanted = ["p0", "p5"]
    sizes = [
        sum(pool.package(number).install_size for number in some)
        for count in range(1, 9)
        for some in combinations(sorted(pool.ids()), count)
        if all(pool.matching(text) & set(some) for text in wanted) and pool.accepts(frozenset(some))
    ]
    try:
        found = smallest_set(pool, wanted, any_version=True)
    except UnsolvableError:
        assert not sizes
        return
    assert found.is_exact
    assert found.size == min(sizes)


def test_it_may_be_smaller_than_the_solvers(make_pool: MakePool) -> None:
    pool = make_pool(
        {
            "app": {"requires": ["cap"]},
            "big": {"provides": ["cap"], "size": 9000},
            "small": {"provides": ["cap"], "requires": ["part"], "size": 10},
            "part": {"size": 10},
        }
    )
    assert smallest_set(pool, ["app"]).size == 1020
    assert smallest_set(pool, ["app"], measure="packages").size == 2
    assert [one.name for one in smallest_set(pool, ["app"], exclude=["part"]).package_set] == ["app", "big"]
    with pytest.raises(UnsolvableError, match="nothing provides 'nowhere'"):
        smallest_set(pool, ["nowhere"])


def test_older_versions_are_taken_when_asked_for_or_when_nothing_else_will_do(make_pool: MakePool) -> None:
    pool = make_pool(
        {"app": {"requires": ["lib"]}, "lib-1": {"size": 10}, "lib-2": {"size": 99}, "old": {"requires": ["lib = 1"]}}
    )
    assert smallest_set(pool, ["app"]).size == 1099
    assert smallest_set(pool, ["app"], any_version=True).size == 1010
    assert smallest_set(pool, ["old"]).size == 1010


def test_every_candidate_of_a_sweep_is_what_the_solver_says_alone(make_pool: MakePool) -> None:
    pool = make_pool(random_packages(3))
    request = next(
        one for one in (Request(some) for some in combinations(("p1", "p2", "p4", "p6"), 3)) if pool.can_solve(one)
    )
    candidates = [*leave_one_out(request), *leave_two_out(request)] * 40
    frame = sweep(pool, candidates, keep=request.texts, processes=2)
    assert len(frame) == 240
    for candidate, row in zip(candidates, frame.itertuples(), strict=True):
        chosen = pool.answer(candidate.request).chosen
        assert row.packages == len(chosen)
        assert row.install_size == sum(pool.package(number).install_size for number in chosen)
        assert row.capabilities == sum(not pool.matching(text).isdisjoint(chosen) for text in request.texts)


def test_a_candidate_without_a_set_says_why(make_pool: MakePool) -> None:
    pool = make_pool({"a": {"requires": ["lib"]}, "b": {"conflicts": ["a"]}, "lib": {}})
    request = Request(("a",))
    candidates = [Candidate("both", changed(request, add=["b"])), Candidate("typo", changed(request, add=["bb"]))]
    frame = sweep(pool, candidates, keep=("a",))
    assert "conflicts with a" in frame["problem"][0]
    assert "nothing provides 'bb'" in frame["problem"][1]
    assert frame["install_size"].isna().all()
    assert not frame["is_on_front"].any()


def test_the_front_holds_whoever_is_not_beaten() -> None:
    sizes = [10, 20, 20, 15, None, 10, 9]
    kept = [1, 3, 2, 1, 9, 1, 0]
    assert on_front(sizes, kept) == [True, True, False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a]", "holds no candidates"),
        ("x: [a]", "x: is no change of the request; its keys can be add"),
        ("x: {plus: [a]}", "x: is no change of the request"),
        ("x: {add: a}", "x: add: got 'a', expected: a list of names"),
        ("x: {recommends: maybe}", "x: recommends: got 'maybe', expected: true or false"),
        ("x: {remove: [b]}", "'b' was not requested"),
    ],
)
def test_a_file_of_candidates_is_checked(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "candidates.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_candidates(path, Request(("a",)))


def test_a_file_of_candidates_is_read(tmp_path: Path) -> None:
    path = tmp_path / "candidates.yaml"
    path.write_text("small: {remove: [a], add: [b], recommends: false}\nsame:\n")
    small, same = read_candidates(path, Request(("a",)))
    assert small == Candidate("small", Request(("b",), recommends=False))
    assert same.request == Request(("a",))
