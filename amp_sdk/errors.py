"""Errors that a person can act on.

Every error raised for bad input says what was expected, what was found and what to do. Command
lines print it as one line and exit with status 2 (see ``amp_sdk._cli``).
"""

from __future__ import annotations

import difflib
from typing import Iterable


class AmpSdkError(Exception):
    """Base class of all errors raised on purpose by this package."""


class InputError(AmpSdkError):
    """The user's input (file, option, configuration) cannot be used. Exit status 2."""


class CheckFailedError(AmpSdkError):
    """The thing that was checked did not pass (parity, verification). Exit status 1."""


class MotionWarning(UserWarning):
    """A motion can be used, but not as its author may expect; the text says what will happen."""


class PolicyWarning(UserWarning):
    """A policy can be run, but something about it is not certain; the text says what."""


def closest(name: str, valid: Iterable[str]) -> str:
    """A hint ``did you mean 'x'? valid: a, b, c`` for an unknown name."""
    names = sorted(valid)
    match = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {match[0]!r}? " if match else ""
    return f"{hint}valid: {', '.join(names)}"
