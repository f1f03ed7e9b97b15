"""What a run came to: counts, and the exit status that follows from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pecverify import Verdict
from pecverify.archive import Unverified
from pecverify.cli import _messages as m
from pecverify.cli._exit import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pecverify.archive import Answer
    from pecverify.cli._text import Style

_REASONS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What one answer adds to the counts; small, for it comes from a worker."""

    verdicts: tuple[str, ...]
    """Of the reports that count."""
    kinds: tuple[str, ...]
    """Their kinds, where they have one."""
    reasons: tuple[str, ...]
    """The first decisive reason of each that is not VALID."""
    cause: str | None
    """Why the message was not verified."""

    @classmethod
    def of(cls, answer: Answer) -> Count:
        """What an answer adds."""
        reports = answer.counted
        return cls(
            verdicts=tuple(report.verdict.value for report in reports),
            kinds=tuple(report.receipt.kind.name.lower() for report in reports if report.receipt is not None),
            reasons=tuple(
                finding.reason.value
                for report in reports
                if report.verdict is not Verdict.VALID
                for finding in report.decisive_findings[:1]
            ),
            cause=answer.result.cause.value if isinstance(answer.result, Unverified) else None,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Count:
        """What a row of a former run's JSON Lines added.

        Raises:
            KeyError, TypeError, IndexError: it is no such row.
        """
        own = [] if row["is_carrier"] or row["report"] is None else [row["report"]]
        reports = [*own, *row["nested"]]
        return cls(
            verdicts=tuple(report["verdict"] for report in reports),
            kinds=tuple(report["kind"] for report in reports if report["kind"] is not None),
            reasons=tuple(
                report["findings"][0]["reason"] for report in reports if report["verdict"] != Verdict.VALID.value
            ),
            cause=None if row["unverified"] is None else row["unverified"]["cause"],
        )


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of a run."""

    messages: int = 0
    """Of which there is an answer, those of a former run included."""
    former: int = 0
    """Those that a former run answered."""
    passed_over: int = 0
    """Files that are no mail."""
    verdicts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, count: Count) -> None:
        """Count one answer."""
        self.messages += 1
        self.verdicts.update(count.verdicts)
        self.kinds.update(count.kinds)
        self.reasons.update(count.reasons)
        if count.cause is not None:
            self.causes[count.cause] += 1

    def status(self, fail_on: str) -> ExitStatus:
        """The exit status.

        Args:
            fail_on: `indeterminate`: what is not VALID fails; `invalid`: only what is INVALID; `never`: no verdict
                fails. What could not be verified, and a run without a message, always do.
        """
        if self.causes or not self.messages:
            return ExitStatus.NOT_DONE
        failing = {"indeterminate": (Verdict.INVALID, Verdict.INDETERMINATE), "invalid": (Verdict.INVALID,)}
        worst = next((verdict for verdict in failing.get(fail_on, ()) if self.verdicts[verdict.value]), Verdict.VALID)
        return ExitStatus[worst.name]

    def describe(self, style: Style) -> str:
        """One line: how many messages, and how many of each verdict."""
        verdicts = ", ".join(
            f"{self.verdicts[verdict.value]:,} {style.say(m.VERDICTS[verdict])}" for verdict in Verdict
        )
        unverified = style.say(m.UNVERIFIED_COUNT, count=f"{self.causes.total():,}")
        return style.say(m.MESSAGES_COUNT, count=f"{self.messages:,}") + f": {verdicts}, {unverified}"

    def summarise(self, style: Style) -> Iterator[str]:
        """The counts in lines."""
        yield self.describe(style)
        for title, counts in ((m.KINDS_COUNTED, self.kinds), (m.REASONS_COUNTED, self.reasons)):
            yield from _list(style.say(title), counts.most_common(_REASONS_SHOWN))
        yield from _list(style.say(m.CAUSES_COUNTED), self.causes.most_common())
        if self.former:
            yield style.say(m.FORMER_COUNT, count=f"{self.former:,}")
        if self.passed_over:
            yield style.say(m.PASSED_OVER_COUNT, count=f"{self.passed_over:,}")


def _list(title: str, counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    rows = list(counts)
    if rows:
        yield f"{title}:"
    yield from (f"  {count:>9,}  {name}" for name, count in rows)
