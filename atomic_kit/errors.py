"""The kinds of error, each with the exit code that a program sees.

A message says what went wrong and which thing it concerns; the hint says what to do next.
"""

import re

_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/?#]*@")


def without_passwords(text: str) -> str:
    """Return a text in which the password of every URL is three asterisks."""
    return _PASSWORD.sub(r"\1:***@", text)


class AtomicKitError(Exception):
    """Base of every error that this package raises on purpose; what it says has no passwords of URLs in it."""

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        self.what = without_passwords(what)
        self.hint = without_passwords(hint)
        super().__init__(self.what)

    def __str__(self) -> str:
        return f"{self.what}; {self.hint}" if self.hint else self.what


class InputError(AtomicKitError):
    """What the user gave (parameters, treefile, a name) cannot be used; nothing was started."""

    exit_code = 2


class StepError(AtomicKitError):
    """A release step or a check failed although its input was fine."""


class ToolError(StepError):
    """A program that a step needs ended with an error, timed out or is not installed."""


class FetchError(StepError):
    """A file cannot be had from one place; another place may have it.

    `stale`: the place has not, or not any more, what its metadata say; reading them again may help.
    """

    def __init__(self, what: str, *, hint: str = "", stale: bool = False) -> None:
        super().__init__(what, hint=hint)
        self.stale = stale


class NoRoomError(StepError):
    """A disk is full, or its user's share of it."""

    def __init__(self, said: str) -> None:
        super().__init__(f"the disk is full ({said.strip()})", hint="make room there and run again")


class UnsolvableError(InputError):
    """There is no package set that meets the requests.

    `problems` are the reasons, one sentence each; `cause` the fewest requests that cannot be met together;
    `cures` the changes of the request after which there is a set, each of which was tried.
    """

    def __init__(
        self, problems: list[str], *, cause: tuple[str, ...] = (), cures: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        self.problems, self.cause, self.cures = problems, cause, cures
        said = [f"  {one}" for one in problems]
        if cause:
            said.append(f"the smallest cause: {', '.join(cause)}")
        cure = f"what cures it: {', or '.join(cures)}" if cures else hint
        super().__init__("the package set cannot be solved:\n" + "\n".join(said), hint=cure)
