"""What the values of options are read as; what they cannot be is an error that says so."""

from __future__ import annotations

import argparse
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST_TIMEOUT = 3600
_MOST_JOBS = 256


def to_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        message = f"not a number of seconds up to {_LONGEST_TIMEOUT}: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return seconds


def to_jobs(text: str) -> int:
    jobs = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= jobs <= _MOST_JOBS:
        message = f"not a number of processes up to {_MOST_JOBS}: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return jobs


def to_instant(text: str) -> datetime:
    from dateutil.parser import isoparse  # noqa: PLC0415 - slow to import, and seldom needed

    try:
        instant = isoparse(text)
        naive = instant.utcoffset() is None
        instant.astimezone(UTC)  # at the ends of the calendar there may be no such instant
    except (ValueError, OverflowError):
        message = f"not an ISO 8601 date and time: {text!r}"
        raise argparse.ArgumentTypeError(message) from None
    if naive:
        message = f"no offset from UTC: {text!r}; add one, e.g. +01:00 or Z"
        raise argparse.ArgumentTypeError(message)
    return instant
