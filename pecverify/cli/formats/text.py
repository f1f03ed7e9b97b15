"""Text for people: a block of lines for each message."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

from pecverify import Report, Verdict
from pecverify.archive import Unverified
from pecverify.cli import _messages as m
from pecverify.cli._facts import (
    align,
    describe_findings,
    describe_receipt,
    describe_signer,
    describe_unverified,
    format_span,
    name_origin,
    paint_verdict,
)
from pecverify.cli._text import Ink, Style, escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.archive import Answer


class Rendered(NamedTuple):
    """An answer's text."""

    text: str
    """For the output."""
    trouble: str
    """For standard error: what could not be verified."""


def render(answer: Answer, style: Style) -> Rendered:
    """The blocks of a message and of the receipts inside it."""
    name = name_origin(answer.origin)
    own = answer.result
    reports = answer.nested if isinstance(own, Unverified) else (own, *answer.nested)
    text = "".join(f"{line}\n" for report in reports for line in _describe(name, report, style))
    if not isinstance(own, Unverified):
        return Rendered(text, "")
    return Rendered(text, f"{describe_unverified(answer.origin, own.cause, own.detail, style)}\n")


class Writer:
    """Writes each block as soon as it is known."""

    def __init__(self, stream: TextIO, style: Style) -> None:  # noqa: ARG002 (the blocks are in the language)
        self._stream = stream

    def write(self, rendered: Rendered) -> None:
        """Write one message's blocks."""
        self._stream.write(rendered.text)
        self._stream.flush()
        if rendered.trouble:
            print("pecverify:", rendered.trouble, end="", file=sys.stderr)

    def close(self) -> None:
        """Nothing more to write."""


def _describe(name: str, report: Report, style: Style) -> Iterator[str]:
    title = escape(name)
    if report.taken_from is not None:
        title = style.say(m.TAKEN_OUT, file=name, span=format_span(report.taken_from))
    yield f"{style.paint(title, Ink.STRONG)}: {paint_verdict(report.verdict, style)}"
    believed = report.verdict is Verdict.VALID
    facts = [] if report.receipt is None else [*describe_receipt(report.receipt, style)]
    if facts and not believed:
        yield f"  {style.say(m.STATED_NOT_VERIFIED)}"
    if report.signer is not None:
        facts += describe_signer(report.signer, style, believed=believed)
    yield from align(facts, style)
    yield from describe_findings(report.findings, style)
