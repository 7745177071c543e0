"""Why a package is in a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atomic_kit.errors import InputError
from atomic_kit.packages.graph import Link, RequirementGraph
from atomic_kit.packages.package_set import Package, Reason

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one package is in.

    `chains` lead from what was requested to the package, shortest first; `links` are all relations that lie on
    any such chain, each once; `direct` those that end at the package. `requests` are the requested texts that
    lead to it. `leaving` names what would leave with it and `retained` (bytes) what is there through it alone.
    """

    package: Package
    reason: Reason
    chains: tuple[tuple[Link, ...], ...]
    direct: tuple[Link, ...]
    links: tuple[Link, ...]
    requests: tuple[str, ...]
    leaving: tuple[str, ...]
    retained: int

    def frame(self) -> pd.DataFrame:
        """Return a row a chain: `steps` (their number) and `way`, the names from the request to the package."""
        import pandas as pd

        rows = [{"steps": len(chain), "way": " → ".join(link.target for link in chain)} for chain in self.chains]
        return pd.DataFrame(rows, columns=["steps", "way"])


def explain_package(graph: RequirementGraph, name: str, *, chains: int = 10) -> tuple[Explanation, ...]:
    """Explain the packages of a set that `name` stands for: a name, a full name, or a capability or path.

    Several are explained when several architectures or providers are in. Raises InputError when none is.
    """
    pool, answer = graph.pool, graph.answer
    ids = pool.matching(name) & answer.chosen
    if not ids:
        known = bool(pool.matching(name))
        hint = "what-if --add shows what would bring it" if known else "check the name"
        if name.startswith("/") and not known:
            hint = "name its package: the rpm_repos' metadata lists no such file"
        raise InputError(f"{name!r} is not in the package set" + ("" if known else " nor in any rpm_repo"), hint=hint)
    return tuple(_explain(graph, number, chains) for number in sorted(ids, key=lambda one: pool.package(one).name))


def _explain(graph: RequirementGraph, number: int, chains: int) -> Explanation:
    pool, direct = graph.pool, graph.links_to(number)
    around = graph.around(number)
    links = {link for other in around if other for link in graph.links_to(other)}
    return Explanation(
        package=pool.package(number),
        reason=_reason({link.kind for link in direct}),
        chains=graph.chains(number, at_most=chains),
        direct=direct,
        links=tuple(sorted(links, key=lambda link: (link.target, link.source))),
        requests=tuple(text for text, ids in graph.answer.requested.items() if ids & set(around)),
        leaving=tuple(sorted(pool.package(other).name for other in graph.leaving({number}) if other != number)),
        retained=graph.retained(number),
    )


def _reason(kinds: set[str]) -> Reason:
    if "requests" in kinds:
        return Reason.REQUESTED
    if "requires" in kinds:
        return Reason.REQUIRED
    return Reason.RECOMMENDED if kinds & {"recommends", "supplements"} else Reason.CHOSEN
