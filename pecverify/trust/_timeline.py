"""The editions of AgID's authorities as a timeline: which mail domain or organisation could be certified, and when.

"Could be" is all that an edition says: it permits names, and keeps those of providers that have ceased.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pecverify.report import Recognition
from pecverify.trust._providers import name_by_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from pecverify.trust._anchors import Anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityEdition:
    """One edition of an authority's certificate: when it is in force, and whom it permits."""

    authority: str
    """`AgID CA1` or `DigitPA CA1`."""
    sha256: str
    """SHA-256 of the certificate, hexadecimal, lower case."""
    not_before: datetime
    """Start of validity, UTC, inclusive."""
    not_after: datetime
    """End of validity, UTC, inclusive."""
    mail_domains: tuple[str, ...] | None
    """The mail domains that it permits; None: any."""
    organizations: tuple[str, ...] | None
    """The organisations that it permits; None: any."""

    @property
    def name(self) -> str:
        """The date of its start, by which editions are called."""
        return self.not_before.date().isoformat()

    def in_force(self, instant: datetime) -> bool:
        """Whether `instant` lies within its validity, both ends included."""
        return self.not_before <= instant <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time without a gap."""

    start: datetime
    """Its first instant, UTC."""
    stop: datetime
    """Its last instant, UTC, inclusive."""
    editions: tuple[str, ...]
    """The editions that make it, by the dates of their starts, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """A name, and when it could be certified."""

    name: str
    """A mail domain or an organisation."""
    provider: str | None
    """The name under which people know the provider of a mail domain; None where it is not known."""
    periods: tuple[Period, ...]
    """When, oldest first."""


def authority_editions(anchors: Iterable[Anchor]) -> tuple[AuthorityEdition, ...]:
    """The editions of AgID's authorities among the anchors, oldest first."""
    editions = [
        AuthorityEdition(
            authority=anchor.name,
            sha256=edition.facts.sha256,
            not_before=edition.facts.not_before,
            not_after=edition.facts.not_after,
            mail_domains=None if edition.name_constraints is None else edition.name_constraints.permitted_emails,
            organizations=edition.organizations,
        )
        for anchor in anchors
        if anchor.recognition is Recognition.AGID_CA
        for edition in anchor.editions
    ]
    return tuple(sorted(editions, key=lambda edition: edition.not_before))


def mail_domain_timeline(editions: Iterable[AuthorityEdition]) -> tuple[TimelineRow, ...]:
    """For each mail domain that an edition names: when at least one in force named it (DigitPA CA1 permitted any)."""
    return _timeline(editions, lambda edition: edition.mail_domains or (), name_by_domain)


def organization_timeline(editions: Iterable[AuthorityEdition]) -> tuple[TimelineRow, ...]:
    """The same for each organisation."""
    return _timeline(editions, lambda edition: edition.organizations or (), lambda _: None)


def _timeline(
    editions: Iterable[AuthorityEdition],
    names: Callable[[AuthorityEdition], tuple[str, ...]],
    provider: Callable[[str], str | None],
) -> tuple[TimelineRow, ...]:
    permitting: dict[str, list[AuthorityEdition]] = {}
    for edition in editions:
        for name in names(edition):
            permitting.setdefault(name, []).append(edition)
    return tuple(
        TimelineRow(name=name, provider=provider(name), periods=_merge(permitting[name]))
        for name in sorted(permitting, key=str.casefold)
    )


def _merge(editions: list[AuthorityEdition]) -> tuple[Period, ...]:
    """Validities that overlap are one period."""
    periods: list[Period] = []
    for edition in sorted(editions, key=lambda edition: edition.not_before):
        if periods and edition.not_before <= periods[-1].stop:
            last = periods.pop()
            periods.append(
                Period(
                    start=last.start,
                    stop=max(last.stop, edition.not_after),
                    editions=(*last.editions, edition.name),
                )
            )
        else:
            periods.append(Period(start=edition.not_before, stop=edition.not_after, editions=(edition.name,)))
    return tuple(periods)
