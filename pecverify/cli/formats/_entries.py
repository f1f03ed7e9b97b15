"""An answer as the reports for CI services have it: one entry for each message that was verified, or could not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pecverify import Verdict
from pecverify.archive import Unverified
from pecverify.cli import _messages as m
from pecverify.cli._facts import describe_findings, format_span
from pecverify.cli._text import escape, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify import Report
    from pecverify.archive import Answer, Origin
    from pecverify.cli._text import Style

MEMBER_SHOWN = 1_000
"""Characters of the name of a member: who made the archive chose it."""
_DETAIL_SHOWN = 400
_FINDINGS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message: of its own file, or taken out of another."""

    origin: Origin
    """Where it lay, or what it was taken out of."""
    result: Report | Unverified
    """Its report, or why there is none."""
    is_carrier: bool = False
    """Whether it is mail that carries receipts: then those count, and it does not."""

    @property
    def name(self) -> str:
        """Where it lay, on one line, every character visible; the same in every language and whatever the verdict."""
        origin = self.origin
        name = escape(origin.path)
        if origin.member is not None:
            name += f"!/{shown(origin.member, MEMBER_SHOWN)}"
        if origin.offset is not None:  # after what is cut: it tells apart what is called the same
            name += f" (byte {origin.offset})"
        span = None if isinstance(self.result, Unverified) else self.result.taken_from
        return name if span is None else f"{name} (bytes {format_span(span)})"

    @property
    def is_pass(self) -> bool:
        """Whether it is VALID: nothing else is a pass."""
        return not isinstance(self.result, Unverified) and self.result.verdict is Verdict.VALID

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is no pass: the decisive reasons, each once, or the cause."""
        if isinstance(self.result, Unverified):
            return (self.result.cause.value,)
        return tuple(dict.fromkeys(finding.reason.value for finding in self.result.decisive_findings[:_FINDINGS_SHOWN]))

    def title(self, style: Style) -> str:
        """The verdict, or that there is none."""
        return style.say(m.UNVERIFIED if isinstance(self.result, Unverified) else m.VERDICTS[self.result.verdict])

    def headline(self, style: Style) -> str:
        """Verdict and reasons."""
        return f"{self.title(style)}: {', '.join(self.reasons)}"

    def explain(self, style: Style) -> Iterator[str]:
        """The sentences behind the reasons, each a line."""
        if isinstance(self.result, Unverified):
            yield explain_unverified(self.result, style)
            return
        yield from describe_findings(self.result.decisive_findings, style.plain, indent="", most=_FINDINGS_SHOWN)


def explain_unverified(unverified: Unverified, style: Style) -> str:
    """Why something was not verified, and what the system said."""
    cause = style.say(m.CAUSES[unverified.cause])
    return f"{cause}: {shown(unverified.detail, _DETAIL_SHOWN)}" if unverified.detail else cause


def entries_of(answer: Answer) -> Iterator[Entry]:
    """The message, then the receipts inside it."""
    yield Entry(origin=answer.origin, result=answer.result, is_carrier=answer.is_carrier)
    for report in answer.nested:
        yield Entry(origin=answer.origin, result=report)
