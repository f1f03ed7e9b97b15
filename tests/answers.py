"""Answers made by hand, of every sort that a run can have: what the formats are tested on."""

from __future__ import annotations

import io
from collections.abc import Iterable
from types import ModuleType

from pecverify import Reason, Recognition, Report
from pecverify.archive import Answer, Cause, Origin, Unverified
from pecverify.cli._text import Style
from tests import reports
from tests.reports import delivery, finding, report, signer

ENGLISH = Style(language="en", coloured=False)
ITALIAN = Style(language="it", coloured=False)
SHA256 = "ab" * 32

VALID = report(delivery(), reports.WEAK, by=signer())
INVALID = report(None, reports.CHANGED, finding(Reason.HEADER_REPEATED, "1", "2", "Subject"), by=signer())
UNSURE = report(delivery(), reports.UNRECOGNISED, by=signer(recognition=Recognition.NONE))
CARRYING = report(None, reports.NESTED)

# What each service takes for structure, and what no service should show as it is.
HOSTILE = (
    "\x1b[2J\x00\u202e\ud800\ufffe]]></failure><script>alert(1)</script>&amp;<!--|\n::error::x\r\n::stop-commands::t"
    "##[error]y %0A%25 [a](https://evil.example) ![b](x) {0} `|` $x$ @user #1 \u2028\\|"
)


def answer(
    result: Report | Unverified = VALID,
    *nested: Report,
    path: str = "mail/a.eml",
    member: str | None = None,
    offset: int | None = None,
    sha256: str | None = SHA256,
    is_carrier: bool = False,
) -> Answer:
    origin = Origin(path=path, member=member, offset=offset, sha256=sha256)
    return Answer(origin=origin, result=result, nested=nested, is_carrier=is_carrier)


def unverified(cause: Cause = Cause.UNREADABLE, detail: str = "Permission denied", path: str = "mail/b.eml") -> Answer:
    return answer(Unverified(cause=cause, detail=detail), path=path, sha256=None)


def carrier(*nested: Report) -> Answer:
    return answer(CARRYING, *nested, path="mail/c.eml", is_carrier=True)


def hostile_report(text: str = HOSTILE) -> Report:
    return report(None, finding(Reason.HEADER_CONTRADICTS_SIGNED, text, text, text))


HOSTILE_ANSWERS = (
    answer(hostile_report(), hostile_report(), path=f"mail/{HOSTILE}.eml", member=HOSTILE),
    answer(hostile_report(), path=HOSTILE),
    unverified(detail=HOSTILE, path=HOSTILE),
    answer(CARRYING, hostile_report(), path=HOSTILE, is_carrier=True),
)


def written(form: ModuleType, answers: Iterable[Answer], style: Style = ENGLISH) -> str:
    """The whole output."""
    stream = io.StringIO()
    writer = form.Writer(stream, style)
    for one in answers:
        writer.write(form.render(one, style))
    writer.close()
    return stream.getvalue()
