"""Checks: what is proved of a release in running machines."""

from atomic_kit.checks.check import Boot, Check, CheckResult, Stage, Suite
from atomic_kit.checks.plan import CheckPlan, Target
from atomic_kit.checks.results import CheckOutcome, junit_xml, results_frame
from atomic_kit.checks.run import run_checks
from atomic_kit.checks.suites import SUITES

__all__ = [
    "SUITES",
    "Boot",
    "Check",
    "CheckOutcome",
    "CheckPlan",
    "CheckResult",
    "Stage",
    "Suite",
    "Target",
    "junit_xml",
    "results_frame",
    "run_checks",
]
