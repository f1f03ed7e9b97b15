"""`--format junit`, read back by junitparser and by the standard library's parser."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET  # our own output
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml, TestCase

from pecverify import Reason
from pecverify.archive import Answer, Cause
from pecverify.cli.formats import junit
from tests import reports
from tests.answers import (
    ENGLISH,
    HOSTILE_ANSWERS,
    INVALID,
    ITALIAN,
    SHA256,
    UNSURE,
    VALID,
    answer,
    carrier,
    hostile_report,
    unverified,
    written,
)
from tests.reports import finding, report


def parse(text: str) -> tuple[JUnitXml, list[TestCase]]:
    document = JUnitXml.fromstring(text.encode())
    (suite,) = document
    return document, list(suite)


def case_of(one: Answer, style: object = ENGLISH) -> ET.Element:
    (case,) = junit.render(one, style)  # type: ignore[arg-type]
    return ET.fromstring(case.xml)  # noqa: S314 (our own output)


def test_valid_is_a_bare_case() -> None:
    (case,) = junit.render(answer(), ENGLISH)
    assert case == (junit.Outcome.PASSED, b'<testcase name="mail/a.eml" classname="mail"/>')


def test_invalid_is_a_failure_that_says_why() -> None:
    case = case_of(answer(INVALID))
    (failure,) = case
    assert (failure.tag, failure.get("type")) == ("failure", "invalid")
    assert failure.get("message") == "INVALID: digest-mismatch, header-repeated"
    assert (failure.text or "").splitlines() == [
        "error digest-mismatch: The signed part was changed after signing (bytes 10-20): expected aa, found bb",
        "error header-repeated: A header field that may occur once is repeated (Subject): expected 1, found 2",
        f"SHA-256 {SHA256}",
    ]


def test_indeterminate_is_a_failure_of_another_type() -> None:
    (failure,) = case_of(answer(UNSURE), ITALIAN)
    assert (failure.tag, failure.get("type")) == ("failure", "indeterminate")
    assert failure.get("message") == "INDETERMINATO: provider-not-recognised"
    assert "ignoto provider-not-recognised: Nessuna autorità riconosciuta" in (failure.text or "")


@pytest.mark.parametrize("cause", Cause)
def test_unverified_is_an_error(cause: Cause) -> None:
    (error,) = case_of(unverified(cause, detail="so it is"))
    assert (error.tag, error.get("type")) == ("error", cause.value)
    assert error.get("message") == f"NOT VERIFIED: {cause.value}"
    assert (error.text or "").endswith(": so it is")


def test_unverified_without_a_detail() -> None:
    (error,) = case_of(unverified(Cause.ENCRYPTED, detail=""))
    assert error.text == "encrypted"


def test_a_carrier_is_skipped_and_what_it_carries_counts() -> None:
    inner = report(None, reports.CHANGED, taken_from=(30, 40))
    outer, taken_out = junit.render(carrier(inner), ENGLISH)
    assert (outer.outcome, taken_out.outcome) == ("skipped", "failure")
    assert ET.fromstring(outer.xml)[0].tag == "skipped"  # noqa: S314
    assert ET.fromstring(taken_out.xml).get("name") == "mail/c.eml (bytes 30-40)"  # noqa: S314


@pytest.mark.parametrize(
    ("one", "name", "classname"),
    [
        (answer(path="a.eml"), "a.eml", "."),
        (answer(path="/x/y/a.eml"), "/x/y/a.eml", "/x/y"),
        (answer(path="x/a.zip", member="in/b.eml"), "x/a.zip!/in/b.eml", "x/a.zip"),
        (answer(path="x/a.zip", member="b" * 2000, offset=7), f"x/a.zip!/{'b' * 1000}[...] (byte 7)", "x/a.zip"),
        (answer(path="x/a.mbox", offset=123), "x/a.mbox (byte 123)", "x/a.mbox"),
    ],
)
@pytest.mark.parametrize("result", [VALID, INVALID, UNSURE])
def test_a_case_is_the_same_whatever_the_verdict_and_language(
    one: Answer, name: str, classname: str, result: object
) -> None:
    changed = Answer(origin=one.origin, result=result)  # type: ignore[arg-type]
    for style in (ENGLISH, ITALIAN):
        case = case_of(changed, style)
        assert (case.get("name"), case.get("classname")) == (name, classname)


def test_counts_stand_before_the_cases() -> None:
    given_ = [answer(), answer(INVALID), answer(UNSURE), unverified(), carrier(VALID, INVALID)]
    text = written(junit, given_)
    document, cases = parse(text)
    (suite,) = document
    for element in (document, suite):
        assert (element.tests, element.failures, element.errors, element.skipped) == (7, 3, 1, 1)
    found = Counter(case.result[0]._tag if case.result else "passed" for case in cases)
    assert found == {"passed": 2, "failure": 3, "error": 1, "skipped": 1}
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pecverify" tests="7"')


def test_nothing_at_all_is_a_document_too() -> None:
    document, cases = parse(written(junit, []))
    assert (document.tests, cases) == (0, [])


def test_many_cases_go_through_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "_KEPT_IN_MEMORY", 100)
    monkeypatch.setattr(junit, "_CHUNK", 7)
    _, cases = parse(written(junit, [answer(path=f"{n}.eml") for n in range(50)]))
    assert [case.name for case in cases] == [f"{n}.eml" for n in range(50)]


def test_the_output_is_ascii_and_reads_back_as_it_was() -> None:
    text = written(junit, [answer(path="perché/日本.eml")])
    assert text.isascii()
    assert parse(text)[1][0].name == "perché/日本.eml"


def test_hostile_text_changes_no_structure() -> None:
    text = written(junit, HOSTILE_ANSWERS)
    root = ET.fromstring(text)  # noqa: S314 (our own output)
    assert Counter(element.tag for element in root.iter()) == {
        "testsuites": 1,
        "testsuite": 1,
        "testcase": 6,
        "failure": 4,
        "error": 1,
        "skipped": 1,
    }
    assert "<script" not in text
    assert not any(
        character < " " and character != "\n" for element in root.iter() for character in "".join(element.itertext())
    )


def test_every_character_can_be_written() -> None:
    """XML 1.0 has no place for most control characters, surrogates and U+FFFE."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    case = case_of(answer(path=f"x/{everything}"))
    name = case.get("name") or ""
    assert name.startswith(r"x/\x00\x01")
    assert r"\ud800" in name
    assert name.isprintable()


@given(st.text(st.characters(), max_size=40))
def test_any_text_can_be_written(text: str) -> None:
    _, cases = parse(written(junit, [answer(hostile_report(text), path=text, member=text)]))
    assert len(cases) == 1
    assert cases[0].is_failure


def test_what_is_written_is_bounded() -> None:
    many = report(None, *[finding(Reason.HEADER_REPEATED, "x" * 10_000, "y" * 200, "z")] * 1000)
    (case,) = junit.render(answer(many, member="m" * 60_000), ENGLISH)
    assert len(case.xml) < 14_000
    assert b"and 990 more" in case.xml


def test_the_stream_stays_open() -> None:
    stream = io.StringIO()
    junit.Writer(stream, ENGLISH).close()
    assert not stream.closed
