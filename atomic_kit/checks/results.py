"""Results of checks as values, as a table and as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

import pandas as pd
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

Outcome = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check showed; `suite` names the stage of the suite that it belongs to.

    `outcome` is `error` when the check could not be run; `seconds` is its duration.
    """

    suite: str
    check: str
    title: str
    platform: str
    firmware: str
    outcome: Outcome
    seconds: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot: of which release, with which firmware, and the seconds until ssh answered.

    `processor_seconds` is what the machine's processors worked meanwhile; unlike the time by the clock it does
    not depend on what else ran beside it.
    """

    release_version: str
    firmware: str
    occasion: str
    seconds: float
    processor_seconds: float


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """All results of a run; `seconds` is its wall time."""

    results: tuple[CheckResult, ...]
    boots: tuple[Boot, ...]
    accelerator: str
    seconds: float

    def boots_frame(self) -> pd.DataFrame:
        """One row a boot; the columns are the fields of Boot."""
        rows = [asdict(boot) for boot in self.boots]
        frame = pd.DataFrame(rows, columns=[field.name for field in fields(Boot)])
        return frame.astype(dict.fromkeys(frame.columns[:3], "str") | dict.fromkeys(frame.columns[3:], "float"))


def results_frame(results: Sequence[CheckResult]) -> pd.DataFrame:
    """One row a result; the columns are the fields of CheckResult."""
    rows = [asdict(result) for result in results]
    return pd.DataFrame(rows, columns=[field.name for field in fields(CheckResult)])


def junit_xml(results: Sequence[CheckResult]) -> str:
    """Return the results as JUnit XML, one test suite a suite and firmware."""
    report = JUnitXml()
    groups = dict.fromkeys((result.suite, result.firmware) for result in results)
    for suite, firmware in groups:
        made = TestSuite(f"{suite}-{firmware}")
        for result in results:
            if (result.suite, result.firmware) == (suite, firmware):
                made.add_testcase(_case(result))
        report.add_testsuite(made)
    text = report.tostring()  # type: ignore[no-untyped-call]
    return text.decode() if isinstance(text, bytes) else str(text)


def _case(result: CheckResult) -> TestCase:
    case = TestCase(result.check, classname=f"{result.suite}.{result.firmware}", time=round(result.seconds, 3))
    text = "".join(char for char in result.evidence if char.isprintable() or char in "\n\t")
    if result.outcome == "failed":
        case.result = [Failure(text)]
    elif result.outcome == "error":
        case.result = [Error(text)]
    else:
        case.system_out = text
    return case
