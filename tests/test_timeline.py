"""Which names AgID's authorities could certify, and when: as figures and on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pecverify import TrustStore
from pecverify.cli import main
from pecverify.trust import (
    AuthorityEdition,
    Period,
    authority_editions,
    mail_domain_timeline,
    organization_timeline,
)
from tests.pki import authority

DEFAULT = TrustStore.default()
EDITIONS = authority_editions(DEFAULT.anchors)
DOMAINS = {row.name: row for row in mail_domain_timeline(EDITIONS)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def edition(start: int, stop: int, *domains: str) -> AuthorityEdition:
    return AuthorityEdition(
        authority="Test",
        sha256="ab" * 32,
        not_before=datetime(start, 1, 1, tzinfo=UTC),
        not_after=datetime(stop, 1, 1, tzinfo=UTC),
        mail_domains=domains,
        organizations=None,
    )


# --- an instant


@pytest.mark.parametrize(
    ("instant", "names"),
    [
        ("2011-01-14T16:29:55Z", []),
        ("2011-01-14T16:29:56Z", ["2011-01-14"]),
        ("2017-12-01T00:00:00Z", ["2017-10-12", "2011-01-14"]),
        ("2018-01-14T16:28:50Z", ["2017-10-12", "2011-01-14"]),
        ("2018-01-14T16:28:51Z", ["2017-10-12"]),
        ("2018-06-01T02:00:00+02:00", ["2018-04-04", "2017-10-12"]),
        ("2030-09-22T11:22:02Z", ["2025-02-20", "2021-09-21", "2021-06-22", "2020-10-13"]),
        ("2030-09-22T11:22:03Z", []),
    ],
)
def test_editions_in_force(instant: str, names: list[str]) -> None:
    assert [each.name for each in DEFAULT.editions_at(at(instant))] == names


def test_what_an_edition_permits() -> None:
    newest, *_ = DEFAULT.editions_at(at("2026-01-01T00:00:00Z"))
    assert (newest.authority, newest.name) == ("AgID CA1", "2025-02-20")
    assert newest.sha256.startswith("790ec428")
    assert newest.mail_domains is not None
    assert newest.organizations is not None
    assert (len(newest.mail_domains), len(newest.organizations)) == (37, 29)
    assert "pec.reevo.eu" in newest.mail_domains
    assert "Aruba PEC S.p.A." in newest.organizations
    (digitpa,) = DEFAULT.editions_at(at("2014-01-01T00:00:00Z"))
    assert (digitpa.authority, digitpa.mail_domains, digitpa.organizations) == ("DigitPA CA1", None, None)


def test_other_anchors_have_no_editions() -> None:
    assert TrustStore.from_certificates(authority()).editions_at(at("2024-01-01T00:00:00Z")) == ()


def test_an_instant_has_a_zone() -> None:
    with pytest.raises(ValueError, match="an aware datetime"):
        DEFAULT.editions_at(datetime(2024, 1, 1))  # noqa: DTZ001 (that is what is tested)


# --- a timeline


@pytest.mark.parametrize(
    ("domain", "start", "stop", "count", "provider"),
    [
        ("pec.aruba.it", "2017-10-12T13:29:53Z", "2030-09-22T11:22:02Z", 9, "Aruba"),
        ("pec.reevo.eu", "2025-02-20T14:57:40Z", "2030-09-22T11:22:02Z", 1, "ReeVo"),
        ("pec.numera.it", "2017-10-12T13:29:53Z", "2028-04-03T12:21:02Z", 2, "Numera"),
        ("kmailer.it", "2017-10-12T13:29:53Z", "2030-09-22T11:22:02Z", 9, None),
    ],
)
def test_mail_domains(domain: str, start: str, stop: str, count: int, provider: str | None) -> None:
    row = DOMAINS[domain]
    (period,) = row.periods
    assert (period.start, period.stop, len(period.editions)) == (at(start), at(stop), count)
    assert row.provider == provider


def test_all_mail_domains_in_order() -> None:
    assert len(DOMAINS) == 38
    assert list(DOMAINS) == sorted(DOMAINS)


def test_organizations_as_they_are_written() -> None:
    rows = {row.name: row for row in organization_timeline(EDITIONS)}
    assert {"Aruba PEC S.p.A.", "Regione Marche"} <= rows.keys()
    assert rows["Aruba PEC S.p.A."].provider is None
    assert list(rows) == sorted(rows, key=str.casefold)


def test_gaps_and_overlaps() -> None:
    editions = [
        edition(2005, 2007, "a"),
        edition(2001, 2003, "a"),
        edition(2002, 2004, "a", "b"),
        edition(2004, 2005, "b"),
    ]
    one, two = mail_domain_timeline(editions)
    year = {number: datetime(number, 1, 1, tzinfo=UTC) for number in range(2001, 2008)}
    assert one.periods == (
        Period(start=year[2001], stop=year[2004], editions=("2001-01-01", "2002-01-01")),
        Period(start=year[2005], stop=year[2007], editions=("2005-01-01",)),
    )
    assert two.periods == (Period(start=year[2002], stop=year[2005], editions=("2002-01-01", "2004-01-01")),)
    within = mail_domain_timeline([edition(2001, 2007, "a"), edition(2002, 2003, "a")])
    assert within[0].periods[0].stop == year[2007]


# --- the command


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "timeline", "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 38
    assert "pec.numera.it                  2017-10-12 - 2028-04-03  Numera" in lines
    assert "kmailer.it                     2017-10-12 - 2030-09-22" in lines
    assert main(["trust", "timeline", "--organizations", "--lang", "en"]) == 0
    assert "Aruba PEC S.p.A. " in capsys.readouterr().out


def test_at_an_instant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "timeline", "--at", "2017-12-01T00:00:00Z", "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    assert "AgID CA1, edition of 2017-10-12\n  2017-10-12 - 2027-10-12  SHA-256 d070bf01" in printed
    assert "  pec.aruba.it\n" in printed
    assert "DigitPA CA1, edition of 2011-01-14" in printed
    assert printed.endswith("  any name: it has no constraints\n")
    assert main(["trust", "timeline", "--at", "2017-12-01T00:00:00Z", "--organizations"]) == 0
    assert "  Aruba PEC S.p.A.\n" in capsys.readouterr().out
    assert main(["trust", "timeline", "--at", "2001-01-01T00:00:00Z", "--lang", "it"]) == 0
    assert capsys.readouterr().out == "nessuna edizione era in vigore\n"


def test_the_picture_of_the_docs_is_that_of_the_data(tmp_path: Path) -> None:
    made = tmp_path / "timeline.svg"
    assert main(["trust", "timeline", "--svg", str(made), "--lang", "en"]) == 0
    assert made.read_bytes() == (Path(__file__).resolve().parent.parent / "docs" / "timeline.svg").read_bytes()


def test_a_picture_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "timeline", "--svg", str(tmp_path / "absent" / "x.svg"), "--lang", "en"]) == 4
    assert "cannot be written" in capsys.readouterr().err
