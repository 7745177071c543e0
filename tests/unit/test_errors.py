"""An error's text is a sentence for the user, and its kind an exit code for programs."""

from __future__ import annotations

import pytest

from atomic_kit.errors import AtomicKitError, InputError, StepError, ToolError


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        (InputError("unknown platform 'aws2'", hint="known: aws"), "unknown platform 'aws2'; known: aws", 2),
        (StepError("no machine booted"), "no machine booted", 1),
        (ToolError("rpm failed", hint="disk full"), "rpm failed; disk full", 1),
    ],
)
def test_text_and_exit_code(error: AtomicKitError, text: str, code: int) -> None:
    assert str(error) == text
    assert error.exit_code == code


def test_a_failed_tool_can_be_caught_as_a_failed_step() -> None:
    with pytest.raises(StepError):
        raise ToolError("rpm failed")
