"""What a package set would be if something else were asked for. Every answer is the solver's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atomic_kit.errors import InputError, UnsolvableError
from atomic_kit.solver import Answer, Pool, Request
from atomic_kit.solver.formula import Ids
from atomic_kit.words import few

if TYPE_CHECKING:
    import pandas as pd

_TOLD = 12


@dataclass(frozen=True, slots=True)
class Size:
    """How much some packages are: their number, bytes on disk and bytes to fetch."""

    packages: int
    install_size: int
    download_size: int

    def __sub__(self, other: Size) -> Size:
        return Size(
            self.packages - other.packages,
            self.install_size - other.install_size,
            self.download_size - other.download_size,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a changed request leads to: the answers before and after, and the ids that come and go."""

    before: Answer
    after: Answer
    comes: frozenset[int]
    goes: frozenset[int]


def size_of(pool: Pool, ids: Iterable[int]) -> Size:
    """Return the size of some packages."""
    packages = [pool.package(number) for number in ids]
    return Size(
        len(packages),
        sum(package.install_size for package in packages),
        sum(package.download_size for package in packages),
    )


def changed(
    request: Request,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    exclude: Sequence[str] = (),
    recommends: bool | None = None,
) -> Request:
    """Return a request with changes; raise InputError when it never asked for something in `remove`."""
    if unknown := [text for text in remove if text not in request.texts]:
        raise InputError(
            f"{', '.join(map(repr, unknown))} was not requested", hint=f"requested are {few(request.texts, _TOLD)}"
        )
    rpm_repos = ((name, tuple(text for text in asked if text not in remove)) for name, asked in request.from_rpm_repo)
    return replace(
        request,
        packages=(*(text for text in request.packages if text not in remove), *add),
        from_rpm_repo=tuple((name, asked) for name, asked in rpm_repos if asked),
        exclude=(*request.exclude, *exclude),
        recommends=request.recommends if recommends is None else recommends,
    )


def what_if(pool: Pool, before: Request, after: Request) -> Outcome:
    """Return what changes when one request becomes another; raises UnsolvableError when either has no set."""
    old, new = pool.answer(before), pool.answer(after)
    return Outcome(old, new, comes=new.chosen - old.chosen, goes=old.chosen - new.chosen)


def alone_and_without(
    request: Request, answer: Callable[[Request], Answer | None]
) -> Iterator[tuple[str, Answer | None, Answer | None]]:
    """Yield each text of a request with the answer to it alone and to all the others; None when there is no set."""
    for text in request.texts:
        others = [other for other in request.texts if other != text]
        yield text, answer(changed(request, remove=others)), answer(changed(request, remove=[text]))


def request_sizes(pool: Pool, request: Request) -> pd.DataFrame:
    """Return a row a request, the largest addition first.

    `alone` is the size of what it needs when nothing else is asked for, `additional` what leaves when it alone
    is not asked for, `shared` what of `alone` the others have too, all in bytes; `packages_alone` and
    `packages_additional` count packages. `is_redundant` says that its packages stay without it. A request that
    cannot be solved alone, or without which the others cannot, has no size there (NaN).
    """
    import pandas as pd

    whole = pool.answer(request)
    rows = []
    for text, alone, others in alone_and_without(request, lambda asked: _try(pool, asked)):
        own = size_of(pool, alone.chosen) if alone else None
        added = size_of(pool, whole.chosen - others.chosen) if others else None
        rows.append(
            {
                "request": text,
                "alone": own.install_size if own else None,
                "shared": size_of(pool, alone.chosen & others.chosen).install_size if alone and others else None,
                "additional": added.install_size if added else None,
                "packages_alone": own.packages if own else None,
                "packages_additional": added.packages if added else None,
                "is_redundant": others is not None and whole.requested[text] <= others.chosen,
            }
        )
    numbers = ("alone", "shared", "additional", "packages_alone", "packages_additional")
    frame = pd.DataFrame(rows, columns=["request", *numbers, "is_redundant"])
    return frame.astype(dict.fromkeys(numbers, "Int64")).sort_values("additional", ascending=False, ignore_index=True)


def fewest_requests(pool: Pool, request: Request) -> tuple[str, ...]:
    """Return requests that lead to the same packages and of which none can be left out.

    They are left out in the order in which they stand, so of two that bring each other the later one stays.
    """
    whole, kept = pool.answer(request).chosen, request
    for text in request.texts:
        fewer = changed(kept, remove=[text])
        if fewer.texts and (answer := _try(pool, fewer)) and answer.chosen == whole:
            kept = fewer
    return kept.texts


def alternatives(pool: Pool, request: Request, capability: str) -> pd.DataFrame:
    """Return a row for each package that provides a capability, the smallest whole first.

    `package` is its full name, of several versions the one that the solver would take; `is_chosen` says whether the
    request's set has it now. `install_size`, `packages` and `change` (bytes against the set as it is) are those of
    the set that has it, if that can be without the others of them; `beside` names those that are in all the same.
    They are NaN, with a `problem`, when there is no such set. Raises InputError when nothing provides the capability.
    """
    import pandas as pd

    if capability.startswith("@"):
        raise InputError(f"{capability} is a group, which nothing provides", hint="name a capability")
    named: dict[str, set[int]] = {}
    for number in pool.provided(capability):
        named.setdefault(pool.package(number).name, set()).add(number)
    if not named:
        raise InputError(f"nothing provides {capability!r}", hint="check the name and the rpm_repos")
    now = pool.answer(request)
    providers = frozenset(number for ids in named.values() for number in ids)
    rows = [_alternative(pool, request, now, ids=frozenset(ids), providers=providers) for ids in named.values()]
    frame = pd.DataFrame(rows).astype({"packages": "Int64", "install_size": "Int64", "change": "Int64"})
    return frame.sort_values(["install_size", "package"], ignore_index=True)


def _alternative(pool: Pool, request: Request, now: Answer, *, ids: Ids, providers: Ids) -> dict[str, object]:
    """Ask for one provider: in the version that is in now, else the best, and without the others if that goes."""
    name = pool.package(min(ids)).name
    rivals = sorted({pool.package(number).name for number in providers} - {name})
    others = [text for text in request.texts if pool.matching(text) <= providers - ids]
    problem = ""
    for number in sorted(ids, key=lambda one: (one not in now.chosen, one != pool.best(ids), one)):
        wanted = str(pool.package(number).nevra)
        alone = changed(request, add=[wanted], remove=others, exclude=rivals)
        for tried in (alone, changed(request, add=[wanted])):
            try:
                answer = pool.answer(tried, in_words=False)
            except UnsolvableError:
                problem = problem or "; ".join(pool.reasons_against(tried)[:1])
                continue
            size = size_of(pool, answer.chosen)
            beside = ", ".join(sorted(pool.package(one).name for one in answer.chosen & (providers - ids)))
            change = size.install_size - size_of(pool, now.chosen).install_size
            row = {"package": wanted, "is_chosen": bool(ids & now.chosen), "packages": size.packages}
            return row | {"install_size": size.install_size, "change": change, "beside": beside, "problem": ""}
    row = {"package": str(pool.package(pool.best(ids)).nevra), "is_chosen": bool(ids & now.chosen), "packages": None}
    return row | {"install_size": None, "change": None, "beside": "", "problem": problem}


def _try(pool: Pool, request: Request) -> Answer | None:
    try:
        return pool.answer(request, in_words=False)
    except UnsolvableError:
        return None
