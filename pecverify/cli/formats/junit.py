"""JUnit XML, as CI services show it: a test case for each message.

Only VALID passes. INVALID and INDETERMINATE are failures, told apart by their type, whatever `--fail-on` says: that
option decides whether a job fails, and no report may show as passed what was not established. What could not be
verified is an error. Mail that merely carries receipts is skipped.

A case is named by where the message lay and classed by the folder or archive, and by nothing that a verdict changes:
services recognise a case by these two from run to run, and keep one where two have the same.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TextIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from pecverify.archive import Unverified
from pecverify.cli import _messages as m
from pecverify.cli._text import escape
from pecverify.cli.formats._entries import entries_of

if TYPE_CHECKING:
    from junitparser import Element

    from pecverify.archive import Answer
    from pecverify.cli._text import Style
    from pecverify.cli.formats._entries import Entry

_KEPT_IN_MEMORY = 1_000_000
_CHUNK = 65_536
_SUITE = "pecverify"


class Outcome(StrEnum):
    """What a test case came to, by the names of the elements."""

    PASSED = "passed"
    """VALID."""
    FAILURE = "failure"
    """Not VALID."""
    ERROR = "error"
    """Not verified."""
    SKIPPED = "skipped"
    """Does not count."""


class Case(NamedTuple):
    """One test case."""

    outcome: Outcome
    """For the counts, which stand before the cases."""
    xml: bytes
    """The element, in ASCII: what else is in it is written as character references."""


def render(answer: Answer, style: Style) -> tuple[Case, ...]:
    """The test cases of a message and of the receipts inside it."""
    return tuple(_render(entry, style) for entry in entries_of(answer))


class Writer:
    """Collects the cases in memory, or in a temporary file where they are many: the counts come first."""

    def __init__(self, stream: TextIO, style: Style) -> None:  # noqa: ARG002 (the cases are in the language)
        self._stream = stream
        self._counts: Counter[Outcome] = Counter()
        self._cases = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY)  # noqa: SIM115 (lives until `close`)

    def write(self, rendered: tuple[Case, ...]) -> None:
        """Take the cases of one message."""
        for case in rendered:
            self._counts[case.outcome] += 1
            self._cases.write(case.xml + b"\n")

    def close(self) -> None:
        """Write the document."""
        place = TestCase(_SUITE)
        before, _, after = _to_ascii(self._document(place)).partition(_to_ascii(place))
        self._stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{before.decode("ascii")}\n')
        self._cases.seek(0)
        while chunk := self._cases.read(_CHUNK):
            self._stream.write(chunk.decode("ascii"))
        self._cases.close()
        self._stream.write(f"{after.decode('ascii')}\n")

    def _document(self, place: TestCase) -> JUnitXml:
        """The whole but for the cases, which belong where `place` is."""
        suite, document = TestSuite(_SUITE), JUnitXml(_SUITE)
        suite.append(place)
        document.append(suite)
        for element in (suite, document):
            element.tests = self._counts.total()
            element.failures = self._counts[Outcome.FAILURE]
            element.errors = self._counts[Outcome.ERROR]
            element.skipped = self._counts[Outcome.SKIPPED]
        return document


def _render(entry: Entry, style: Style) -> Case:
    case = TestCase(entry.name, _class_of(entry))
    outcome = Outcome.PASSED
    if entry.is_carrier:
        outcome = Outcome.SKIPPED
        case.append(Skipped(style.say(m.CARRIER)))
    elif not entry.is_pass:
        result: Failure | Error
        if isinstance(entry.result, Unverified):
            outcome, result = Outcome.ERROR, Error(entry.headline(style), entry.result.cause.value)
        else:
            outcome, result = Outcome.FAILURE, Failure(entry.headline(style), entry.result.verdict.value)
        sha256 = [] if entry.origin.sha256 is None else [f"SHA-256 {entry.origin.sha256}"]
        result.text = "\n".join([*entry.explain(style), *sha256])
        case.append(result)
    return Case(outcome, _to_ascii(case))


def _class_of(entry: Entry) -> str:
    """The archive or file of many messages in which a message lay, or its folder."""
    origin = entry.origin
    is_inside = origin.member is not None or origin.offset is not None
    return escape(origin.path if is_inside else os.path.dirname(origin.path) or ".")  # noqa: PTH120 (hostile)


def _to_ascii(element: Element) -> bytes:
    """An element, whatever the output's encoding. Its texts were escaped and so hold nothing but XML's Char (§2.2)."""
    text: bytes = element.tostring()
    return text.decode("utf-8").encode("ascii", "xmlcharrefreplace")
