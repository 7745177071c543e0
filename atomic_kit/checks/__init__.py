"""Checks: what is proved about a release in a running machine."""

from atomic_kit.checks.catalog import SUITES
from atomic_kit.checks.results import CheckOutcome, CheckResult, junit_xml, results_frame
from atomic_kit.checks.run import CheckPlan, run_checks

__all__ = ["SUITES", "CheckOutcome", "CheckPlan", "CheckResult", "junit_xml", "results_frame", "run_checks"]
