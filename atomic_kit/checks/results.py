"""Results of checks as tables and as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby

import pandas as pd
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from atomic_kit.checks.check import Boot, CheckResult


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What came of a run: results in the order of the plan, every boot, and the run's seconds."""

    results: tuple[CheckResult, ...]
    boots: tuple[Boot, ...]
    accelerator: str
    seconds: float

    def boots_frame(self) -> pd.DataFrame:
        """Return one row a boot: suite, stage, platform, firmware, commit, seconds."""
        return _frame(self.boots, Boot)


def results_frame(results: Sequence[CheckResult]) -> pd.DataFrame:
    """Return one row a result: suite, check, title, platform, firmware, outcome, seconds, evidence."""
    return _frame(results, CheckResult)


def junit_xml(results: Sequence[CheckResult]) -> str:
    """Return the results as a JUnit document; a suite on a platform under a firmware is a test suite."""
    document = JUnitXml("atomic-kit checks")
    for place, members in groupby(results, key=lambda one: (one.suite, one.platform, one.firmware)):
        group = TestSuite(".".join(place))
        for result in members:
            group.add_testcase(_case(result))
        document.add_testsuite(group)
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode()


def _case(result: CheckResult) -> TestCase:
    case = TestCase(result.check, f"{result.suite}.{result.platform}.{result.firmware}", result.seconds)
    evidence = "".join(sign for sign in result.evidence if sign.isprintable() or sign in "\n\t")
    if result.outcome == "passed":
        case.system_out = evidence
    else:
        fault = Failure(result.title) if result.outcome == "failed" else Error(result.title)
        fault.text = evidence
        case.result = [fault]
    return case


def _frame(rows: Sequence[Boot | CheckResult], kind: type[Boot] | type[CheckResult]) -> pd.DataFrame:
    return pd.DataFrame([asdict(row) for row in rows], columns=[field.name for field in fields(kind)])
