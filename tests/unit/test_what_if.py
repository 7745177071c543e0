"""Why a package is in, and what a set would be if something else were asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from atomic_kit.errors import InputError, UnsolvableError
from atomic_kit.packages.compare import Comparison, newest
from atomic_kit.packages.graph import RequirementGraph
from atomic_kit.packages.lock import Lock, LockedPackage
from atomic_kit.packages.package_set import Reason
from atomic_kit.packages.what_if import alternatives, changed, fewest_requests, request_sizes, what_if
from atomic_kit.packages.why import explain_package
from atomic_kit.solver import Pool, Request

MakePool = Callable[..., Pool]
HOST = {
    "app": {"requires": ["lib", "tool"], "recommends": ["extra"], "size": 100},
    "other": {"requires": ["lib", "mailer"], "size": 20},
    "lib": {"requires": ["base"], "size": 300},
    "tool": {"requires": ["deep"], "size": 7},
    "deep": {"size": 50},
    "extra": {"requires": ["base"], "size": 5},
    "base": {"size": 1000},
    "postman": {"provides": ["mailer"], "size": 60},
    "courier": {"provides": ["mailer"], "requires": ["deep"], "size": 30, "conflicts": ["postman"]},
    "addon": {"supplements": ["app"], "size": 3},
}
REQUEST = Request(("app", "other", "postman"))


@pytest.fixture
def pool(make_pool: MakePool) -> Pool:
    return make_pool(HOST)


@pytest.fixture
def graph(pool: Pool) -> RequirementGraph:
    return RequirementGraph(pool, pool.answer(REQUEST))


def named(pool: Pool, ids: frozenset[int]) -> set[str]:
    return {pool.package(number).name for number in ids}


def test_the_shortest_chain_comes_first_and_every_link_is_told(graph: RequirementGraph) -> None:
    (found,) = explain_package(graph, "base")
    assert found.reason is Reason.REQUIRED
    assert [[link.target for link in chain] for chain in found.chains] == [
        ["app", "extra", "base"],
        ["app", "lib", "base"],
        ["other", "lib", "base"],
    ]
    assert {(link.source, link.text) for link in found.direct} == {("lib", "base"), ("extra", "base")}
    assert set(found.requests) == {"app", "other"}
    assert len(found.links) == 7


@pytest.mark.parametrize(
    ("name", "reason", "leaving"),
    [
        ("extra", Reason.RECOMMENDED, set()),
        ("addon", Reason.RECOMMENDED, set()),
        ("postman", Reason.REQUESTED, {"other"}),
        ("deep", Reason.REQUIRED, {"app", "tool", "extra", "addon"}),
    ],
)
def test_what_leaves_with_a_package(graph: RequirementGraph, name: str, reason: Reason, leaving: set[str]) -> None:
    (found,) = explain_package(graph, name)
    assert (found.reason, set(found.leaving)) == (reason, leaving)


def test_a_requirement_that_something_else_meets_holds_its_package(make_pool: MakePool) -> None:
    pool = make_pool({"app": {"requires": ["(x or y)"]}, "x": {}, "y": {}, "fan": {"requires": ["x"]}})
    graph = RequirementGraph(pool, pool.answer(Request(("app", "fan", "y"))))
    assert named(pool, graph.leaving(pool.named("x"))) == {"x", "fan"}


def test_retained_is_what_hangs_on_one_package_alone(graph: RequirementGraph, pool: Pool) -> None:
    retained = {pool.package(number).name: graph.retained(number) for number in graph.answer.chosen}
    assert retained["tool"] == 57
    assert retained["app"] == 100 + 57 + 5 + 3
    assert retained["lib"] == 300
    below: dict[int, int] = {}
    for number in graph.dominators:
        above = number
        while above:
            below[above] = below.get(above, 0) + pool.package(number).install_size
            above = graph.dominators[above]
    assert {pool.package(number).name: size for number, size in below.items()} == retained


def test_asking_why_of_what_is_not_there_is_one_sentence(graph: RequirementGraph) -> None:
    with pytest.raises(InputError, match="'courier' is not in the package set; what-if --add"):
        explain_package(graph, "courier")
    with pytest.raises(InputError, match="'courrier' is not in the package set nor in any rpm_repo"):
        explain_package(graph, "courrier")


def test_each_request_has_its_size_alone_shared_and_in_addition(pool: Pool) -> None:
    frame = request_sizes(pool, REQUEST).set_index("request")
    assert frame.loc["app", ["alone", "shared", "additional"]].tolist() == [1465, 1300, 165]
    assert frame.loc["other", "additional"] == 20
    assert frame.loc["postman", "additional"] == 60
    assert not frame["is_redundant"].any()


def test_requests_that_others_bring_are_redundant(pool: Pool) -> None:
    request = Request(("lib", "app", "base", "tool"))
    frame = request_sizes(pool, request).set_index("request")
    assert frame["is_redundant"].to_dict() == {"app": False, "lib": True, "base": True, "tool": True}
    assert fewest_requests(pool, request) == ("app",)


def test_a_change_says_what_comes_and_goes(pool: Pool) -> None:
    after = changed(REQUEST, add=["courier"], remove=["postman", "app"], recommends=False)
    outcome = what_if(pool, REQUEST, after)
    assert named(pool, outcome.comes) == {"courier"}
    assert named(pool, outcome.goes) == {"postman", "app", "tool", "extra", "addon"}
    with pytest.raises(InputError, match="'lib' was not requested; requested are app"):
        changed(REQUEST, remove=["lib"])


def test_alternatives_for_a_capability_with_the_size_each_leads_to(pool: Pool) -> None:
    frame = alternatives(pool, Request(("app", "other")), "mailer").set_index("package")
    sizes = {name: (size, chosen) for name, size, chosen in frame[["install_size", "is_chosen"]].itertuples()}
    assert sizes == {"courier-1-1.noarch": (1515, False), "postman-1-1.noarch": (1545, True)} or sizes == {
        "courier-1-1.noarch": (1515, True),
        "postman-1-1.noarch": (1545, False),
    }
    assert frame["change"].min() <= 0
    with pytest.raises(InputError, match="nothing provides 'mail'"):
        alternatives(pool, REQUEST, "mail")


@pytest.mark.parametrize(
    ("request_", "cause", "cures"),
    [
        (
            Request(("app", "courier", "postman")),
            ("courier", "postman"),
            ("not asking for courier", "not asking for postman"),
        ),
        (
            Request(("app", "other"), exclude=("deep",)),
            ("app", "deep excluded"),
            ("not asking for app", "not excluding deep"),
        ),
        (Request(("app",), exclude=("deep",)), ("app", "deep excluded"), ("not excluding deep",)),
    ],
)
def test_the_smallest_cause_and_every_cure(
    pool: Pool, request_: Request, cause: tuple[str, ...], cures: tuple[str, ...]
) -> None:
    with pytest.raises(UnsolvableError) as caught:
        pool.answer(request_)
    assert caught.value.cause == cause
    assert caught.value.cures == cures
    assert caught.value.problems


def lock_of(*names: str, strict: bool = True) -> Lock:
    locked = [LockedPackage(name, evr) for name, evr in (one.split("-", 1) for one in names)]
    return Lock({one.name: one for one in locked}, strict)


def test_a_strict_lock_leaves_exactly_its_packages(make_pool: MakePool) -> None:
    pool = make_pool({"app": {"requires": ["lib"]}, "lib-1": {}, "lib-2": {}, "more": {}})
    request = Request(("app",), lock=lock_of("app-1-1", "lib-1-1", "more-1-1"))
    names = [str(package.nevra) for package in pool.solve(request)]
    assert names == ["app-1-1.noarch", "lib-1-1.noarch", "more-1-1.noarch"]
    with pytest.raises(UnsolvableError, match=r"lib-3-1 is locked .*, and no rpm_repo has it"):
        pool.solve(Request(("app",), lock=lock_of("app-1-1", "lib-3-1")))
    with pytest.raises(UnsolvableError, match="requires lib"):
        pool.solve(Request(("app",), lock=lock_of("app-1-1")))


def test_another_lock_only_says_which_one_of_a_name(make_pool: MakePool) -> None:
    pool = make_pool({"app": {"requires": ["lib"]}, "lib-1": {}, "lib-2": {}, "more": {}})
    request = Request(("app",), lock=lock_of("lib-1-1", "more-1-1", strict=False))
    assert [str(package.nevra) for package in pool.solve(request)] == ["app-1-1.noarch", "lib-1-1.noarch"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("lib-*", {"lib-1-1.noarch", "lib-2-1.noarch"}),
        ("lib-2*", {"lib-2-1.noarch"}),
        ("li*", {"lib-1-1.noarch", "lib-2-1.noarch", "libc-1-1.x86_64", "libc-1-1.i686"}),
        ("libc.*", {"libc-1-1.x86_64", "libc-1-1.i686"}),
        ("*.i686", {"libc-1-1.i686"}),
        ("lib-0:2-1.noarch", {"lib-2-1.noarch"}),
        ("lib-2-1", {"lib-2-1.noarch"}),
        ("lib = 1", {"lib-1-1.noarch"}),
        ("lib?", {"libc-1-1.x86_64", "libc-1-1.i686"}),
        ("[m]ore", {"more-1-1.noarch"}),
        ("cap", set()),
    ],
)
def test_a_text_names_what_it_names_to_dnf(make_pool: MakePool, text: str, names: set[str]) -> None:
    pool = make_pool({"lib-1": {}, "lib-2": {}, "libc-1.x86_64": {}, "libc-1.i686": {}, "more": {"provides": ["cap"]}})
    assert {str(pool.package(number).nevra) for number in pool.named(text)} == names


def test_what_obsoletes_a_name_is_taken_for_it(make_pool: MakePool) -> None:
    pool = make_pool({"old": {}, "new-2": {"obsoletes": ["old"]}, "old-x": {}})
    assert [package.name for package in pool.solve(Request(("old",)))] == ["new"]
    assert [package.name for package in pool.solve(Request(("old-1-1",)))] == ["old"]


def test_an_exclusion_may_be_a_full_name(make_pool: MakePool, capsys: pytest.CaptureFixture[str]) -> None:
    pool = make_pool({"lib-1": {}, "lib-2": {}})
    assert [package.version for package in pool.solve(Request(("lib",), exclude=("lib-2-1",)))] == ["1"]
    with pytest.raises(UnsolvableError, match="lib is asked for and excluded"):
        pool.solve(Request(("lib",), exclude=("lib",)))
    pool.solve(Request(("lib",), exclude=("libb",)))
    assert "excluding 'libb' changes nothing" in capsys.readouterr().err


def test_an_excluded_member_of_a_pattern_is_passed_over(make_pool: MakePool) -> None:
    pool = make_pool({"lib-a": {}, "liba": {}, "libb": {}, "libc": {}})
    chosen = pool.solve(Request(("lib?",), exclude=("libb",)))
    assert [package.name for package in chosen] == ["liba", "libc"]


def test_what_no_relation_leads_to_is_explained_all_the_same(make_pool: MakePool) -> None:
    pool = make_pool(
        {
            "app": {"requires": ["so.1"]},
            "lib.i686": {"provides": ["so.1"], "requires": ["more"]},
            "lib.x86_64": {"requires": ["more"]},
            "more": {},
        }
    )
    answer = pool.answer(Request(("app", "lib.x86_64")))
    graph = RequirementGraph(pool, answer)
    assert all(graph.chains(number) for number in answer.chosen)
    conditional = make_pool({"a": {"requires": ["(b if c else d)"]}, "b": {}, "c": {}}, "conditional")
    answer = conditional.answer(Request(("a",)))
    graph = RequirementGraph(conditional, answer)
    assert {conditional.package(number).name for number in answer.chosen} == {"a", "b", "c"}
    kinds = {conditional.package(number).name: graph.links_to(number)[0].kind for number in answer.chosen}
    assert kinds == {"a": "requests", "b": "requires", "c": "solver"}
    assert {one.name: one.reason for one in conditional.package_set(answer)}["c"] is Reason.CHOSEN


def test_priority_and_filters_of_an_rpm_repo_count(make_pool: MakePool) -> None:
    pool = make_pool({"app": {"requires": ["lib"]}, "lib-1": {}, "lib-2": {}}, excludepkgs=("lib-2*",))
    assert [package.version for package in pool.solve(Request(("lib",)))] == ["1"]
    only = make_pool({"app": {"requires": ["lib"]}, "lib": {}}, "only", includepkgs=("app",))
    with pytest.raises(UnsolvableError, match="nothing provides lib needed by app"):
        only.solve(Request(("app",)))


def test_both_word_sizes_of_a_package_can_be_in(make_pool: MakePool) -> None:
    pool = make_pool({"lib-1.x86_64": {}, "lib-1.i686": {}, "app.x86_64": {"requires": ["lib"]}})
    assert [package.arch for package in pool.solve(Request(("lib",)))] == ["x86_64"]
    assert len(pool.solve(Request(("lib.x86_64", "lib.i686")))) == 2


def test_two_lists_side_by_side(pool: Pool, make_pool: MakePool) -> None:
    later = make_pool({**HOST, "app-2": {"license": "GPL-2.0-only", "size": 110}}, "later")
    comparison = Comparison(newest(pool), newest(later))
    assert comparison.by_kind().set_index("change")["packages"].to_dict() == {
        "added": 0,
        "removed": 0,
        "upgraded": 1,
        "downgraded": 0,
    }
    assert comparison.totals().set_index("measure")["change"].to_dict() == {
        "packages": 0,
        "sources": 0,
        "install_size": 10,
        "download_size": 5,
    }
    facts = comparison.facts()
    assert ("app", "license", "MIT", "GPL-2.0-only") in set(
        facts[["name", "fact", "old", "new"]].itertuples(index=False, name=None)
    )
