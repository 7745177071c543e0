"""From parameters to an explorer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from atomic_kit.explorer.document import load_state
from atomic_kit.explorer.export import Origin
from atomic_kit.explorer.state import Candidate
from atomic_kit.explorer.study import Study
from atomic_kit.explorer.widget import Explorer
from atomic_kit.packages.question import ask_line
from atomic_kit.parameters import PolicyParameters, load_parameters
from atomic_kit.progress import step
from atomic_kit.solver import Pool
from atomic_kit.sources import RpmRepoMetadata, Snapshot

_START = "treefile"


def explore(parameters: str | Path = "demo", state: str | Path | None = None) -> Explorer:
    """Open the explorer on a release line: its newest snapshot, its treefile's request, its policy and budget.

    Metadata that is here is used as it is. `state` is a file that the explorer saved, or the text of a link.
    Raises InputError for parameters, a treefile or a state that cannot be read.
    """
    line = load_parameters(parameters)
    with step("Reading the packages"):
        question = ask_line(line, refresh=False)
        study = Study(question.pool, policy=line.policy, frame=question.request)
    asked = question.request
    start = Candidate(_START, asked.texts, asked.exclude, asked.recommends)
    treefile = question.treefile
    origin = Origin(line.title, treefile.ref if treefile else "", question.snapshot, treefile)
    return Explorer(study, start, origin, state=load_state(state))


def explore_rpm_repos(
    rpm_repos: Sequence[RpmRepoMetadata],
    packages: Sequence[str] = (),
    *,
    policy: PolicyParameters | None = None,
    title: str = "Packages",
    state: str | Path | None = None,
) -> Explorer:
    """Open the explorer on metadata that is here, starting from a request for some packages."""
    study = Study(Pool(rpm_repos), policy=policy)
    generated = max((one.generated for one in rpm_repos), default=datetime.fromtimestamp(0, UTC))
    origin = Origin(title, "explorer/x86_64/candidate", Snapshot("current", generated, tuple(rpm_repos)))
    return Explorer(study, Candidate("start", tuple(packages)), origin, state=load_state(state))
