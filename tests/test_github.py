"""`--format github`: commands read as the runner reads them, the summary by markdown-it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pecverify.archive import Cause
from pecverify.cli._exit import CommandError
from pecverify.cli.formats import _step_summary, github
from tests import reports
from tests.answers import (
    ENGLISH,
    HOSTILE,
    HOSTILE_ANSWERS,
    INVALID,
    ITALIAN,
    UNSURE,
    VALID,
    answer,
    carrier,
    hostile_report,
    unverified,
    written,
)
from tests.reports import report


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def unescape(text: str, *more: tuple[str, str]) -> str:
    for escaped, character in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(escaped, character)
    return text


def command_of(line: str) -> Command | None:
    """As the runner reads a line (ActionCommand.cs): `::name key=value,...::data`, spaces before it allowed."""
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, rest = line[2:end].partition(" ")
    properties = dict(pair.split("=", 1) for pair in rest.strip().split(",") if pair)
    return Command(
        name,
        {key: unescape(value, ("%3A", ":"), ("%2C", ",")) for key, value in properties.items()},
        unescape(line[end + 2 :]),
    )


def is_old_command(line: str) -> bool:
    """`##[name]` anywhere in a line, in the runner's older syntax."""
    start = line.find("##[")
    return start >= 0 and line.find("]", start) >= 0


def commands(text: str) -> list[Command]:
    found = [command_of(line) for line in text.splitlines()]
    assert None not in found
    return [command for command in found if command is not None]


@pytest.fixture(autouse=True)
def summary_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


# --- annotations


def test_invalid_is_an_error_on_its_file() -> None:
    (command,) = commands(written(github, [answer(INVALID)]))
    assert command.name == "error"
    assert command.properties == {"file": "mail/a.eml", "title": "INVALID: digest-mismatch, header-repeated"}
    assert command.data.splitlines() == [
        "mail/a.eml",
        "error digest-mismatch: The signed part was changed after signing (bytes 10-20): expected aa, found bb",
        "error header-repeated: A header field that may occur once is repeated (Subject): expected 1, found 2",
    ]


def test_the_line_as_it_stands() -> None:
    assert written(github, [unverified(path="a, b: 100%.eml", detail="50%")]) == (
        "::error file=a%2C b%3A 100%25.eml,title=NOT VERIFIED%3A unreadable::a, b: 100%25.eml%0Acannot be read: 50%25\n"
    )


def test_indeterminate_is_a_warning() -> None:
    (command,) = commands(written(github, [answer(UNSURE)], ITALIAN))
    assert (command.name, command.properties["title"]) == ("warning", "INDETERMINATO: provider-not-recognised")


@pytest.mark.parametrize("cause", Cause)
def test_what_was_not_verified_is_an_error(cause: Cause) -> None:
    (command,) = commands(written(github, [unverified(cause)]))
    assert (command.name, command.properties["title"]) == ("error", f"NOT VERIFIED: {cause.value}")


def test_what_is_valid_and_what_carries_it_is_not_annotated() -> None:
    assert written(github, [answer(), answer(VALID, VALID), carrier(VALID)]) == ""


def test_what_is_carried_is_annotated() -> None:
    (command,) = commands(written(github, [carrier(report(None, reports.CHANGED, taken_from=(30, 40)))]))
    assert command.data.startswith("mail/c.eml (bytes 30-40)\n")


def test_standard_input_is_no_file() -> None:
    (command,) = commands(written(github, [answer(INVALID, path="-")]))
    assert "file" not in command.properties


def test_a_path_is_relative_to_the_repository() -> None:
    (command,) = commands(written(github, [answer(INVALID, path="./mail/a.eml")]))
    assert command.properties["file"] == "mail/a.eml"


def test_ten_of_each_level_are_annotations_and_the_rest_a_count() -> None:
    given_ = [answer(INVALID, path=f"{n}.eml") for n in range(13)] + [unverified()] * 2
    lines = written(github, [*given_, *[answer(UNSURE)] * 11]).splitlines()
    found = [command_of(line) for line in lines]
    names = [None if command is None else command.name for command in found]
    assert names == [*["error"] * 10, *[None] * 5, *["warning"] * 10, None, "notice"]
    assert lines[10] == "INVALID: digest-mismatch, header-repeated: 10.eml"
    assert lines[14] == "NOT VERIFIED: unreadable: mail/b.eml"
    assert found[-1] is not None
    assert found[-1].data.startswith("5 more errors and 1 more warnings are in the log")


def test_ten_are_not_counted() -> None:
    assert len(commands(written(github, [answer(INVALID)] * 10))) == 10


# --- hostile text


def test_hostile_text_starts_no_command() -> None:
    lines = written(github, HOSTILE_ANSWERS * 4).splitlines()
    assert len(lines) == 21
    for line in lines[:10]:
        command = command_of(line)
        assert command is not None
        assert command.name == "error"
        assert command.properties.keys() == {"file", "title"}
        assert "::stop-commands::t" in command.data  # as data
    assert all(command_of(line) is None for line in lines[10:20])
    assert not any(is_old_command(line) for line in lines)


@given(
    st.text(st.characters(), max_size=30)
    | st.sampled_from(["::error::x", " ::error::x", "##[error]x", "\n::x::", "%0A::x::"])
)
def test_no_text_starts_a_command(text: str) -> None:
    given_ = [answer(hostile_report(text), path=text, member=text), unverified(path=text, detail=text)]
    lines = [line for one in given_ for entry in github.render(one, ENGLISH) for line in (entry.command, entry.line)]
    for line in lines:
        assert len(line.splitlines()) == 1
        assert not is_old_command(line)
    for line in lines[::2]:
        command = command_of(line)
        assert command is not None
        assert command.name == "error"
        assert command.properties.keys() <= {"file", "title"}
    assert [command_of(line) for line in lines[1::2]] == [None, None]


def test_what_is_written_is_bounded() -> None:
    (entry,) = github.render(answer(hostile_report(HOSTILE * 1000), member="m" * 60_000), ENGLISH)
    assert len(entry.command) < 4_000
    assert len(entry.line) < 2_000
    assert len(entry.row) < 12_000


# --- the summary


def tokens(markdown: str) -> list[Token]:
    """By CommonMark with GitHub's tables, HTML as it comes."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)


def tables(markdown: str) -> list[list[list[Token]]]:
    """Of each table its rows, of each row its cells."""
    found: list[list[list[Token]]] = []
    all_tokens = tokens(markdown)
    for token, after in zip(all_tokens, [*all_tokens[1:], None], strict=True):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("td_open", "th_open"):
            assert after is not None
            found[-1][-1].append(after)
    return found


def text_of(cell: Token) -> str:
    return "".join(child.content for child in cell.children or () if child.type in ("text", "text_special"))


def test_the_summary_counts_and_lists(summary_file: Path) -> None:
    given_ = [answer(), answer(), answer(INVALID), answer(UNSURE), unverified(), carrier(VALID)]
    written(github, given_)
    verdicts, failing = tables(summary_file.read_text("utf-8"))
    assert [[text_of(cell) for cell in row] for row in verdicts] == [
        ["verdict", "messages"],
        ["VALID", "3"],
        ["INDETERMINATE", "1"],
        ["INVALID", "1"],
        ["NOT VERIFIED", "1"],
        ["ordinary mail around them", "1"],
    ]
    assert [[text_of(cell) for cell in row] for row in failing] == [
        ["message", "verdict", "reasons", "why"],
        [
            "mail/a.eml",
            "INVALID",
            "digest-mismatch header-repeated",
            (
                "error digest-mismatch: The signed part was changed after signing (bytes 10-20): expected aa, found bb"
                " error header-repeated: A header field that may occur once is repeated (Subject): expected 1, found 2"
            ),
        ],
        [
            "mail/a.eml",
            "INDETERMINATE",
            "provider-not-recognised",
            (
                "unknown provider-not-recognised: No recognised authority vouches for the signer's certificate:"
                " expected AgID CA1, found CN=Other CA"
            ),
        ],
        ["mail/b.eml", "NOT VERIFIED", "unreadable", "cannot be read: Permission denied"],
    ]


def test_nothing_failing_makes_no_second_table(summary_file: Path) -> None:
    written(github, [answer()], ITALIAN)
    (verdicts,) = tables(summary_file.read_text("utf-8"))
    assert [[text_of(cell) for cell in row] for row in verdicts][1] == ["VALIDO", "1"]
    assert len(verdicts) == 4


def test_the_summary_is_appended(summary_file: Path) -> None:
    summary_file.write_text("# Before\n", "utf-8")
    written(github, [answer()])
    assert summary_file.read_text("utf-8").startswith("# Before\n## pecverify\n")


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_file_there_is_no_summary(
    monkeypatch: pytest.MonkeyPatch, summary_file: Path, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    else:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", value)
    assert len(commands(written(github, [answer(INVALID)]))) == 1
    assert not summary_file.exists()


@pytest.mark.parametrize("name", ["absent/summary.md", "x\x1b"])
def test_a_summary_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    if "/" not in name:
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / name))
    with pytest.raises(CommandError, match="cannot be written"):
        written(github, [answer()])


def assert_inert(markdown: str, cells: int) -> None:
    """Hostile text made neither structure nor HTML nor links."""
    for token in tokens(markdown):
        assert token.type not in ("html_block", "fence", "code_block", "hr", "blockquote_open", "list_item_open")
        for child in token.children or ():
            assert child.type in ("text", "text_special", "html_inline"), child
            assert child.type != "html_inline" or child.content in ("<code>", "</code>")
    assert not set("<>") & set(markdown.replace("<code>", "").replace("</code>", ""))
    assert all(len(row) == cells for row in tables(markdown)[-1])


def test_hostile_text_breaks_no_table_and_brings_no_html(summary_file: Path) -> None:
    written(github, HOSTILE_ANSWERS)
    markdown = summary_file.read_text("utf-8")
    assert_inert(markdown, 4)
    rows = tables(markdown)[-1]
    assert len(rows) == 6
    assert r"\x1b[2J\x00\u202e\ud800\ufffe]]></failure><script>alert(1)</script>&amp;<!--|\x0a::error::x" in text_of(
        rows[2][0]
    )
    assert all(character not in markdown for character in "@$[]`\\{}~!")


@given(st.text(st.characters(), max_size=40))
def test_no_text_is_markdown(text: str) -> None:
    (entry,) = github.render(answer(hostile_report(text), path=text, member=text), ENGLISH)
    assert_inert(f"| a | b | c | d |\n| --- | --- | --- | --- |\n{entry.row}\n", 4)


def test_the_summary_stays_below_what_the_service_takes(summary_file: Path) -> None:
    one = answer(hostile_report(HOSTILE * 10), path=HOSTILE * 5)
    written(github, [one] * 400 + [answer(INVALID)])
    markdown = summary_file.read_text("utf-8")
    assert 980_000 < len(markdown.encode()) < 1_000_000
    rows = tables(markdown)[-1]
    assert f"{401 - (len(rows) - 1)} more did not fit here" in markdown
    assert text_of(tables(markdown)[0][3][1]) == "401"
    assert "mail/a" not in markdown  # what would fit after all is left out too


@pytest.mark.parametrize(("spare", "left_out"), [(0, 9), (-1, 10)])
def test_what_is_in_the_file_already_counts(summary_file: Path, spare: int, left_out: int) -> None:
    (entry,) = github.render(answer(INVALID), ENGLISH)
    taken = _step_summary._LIMIT_BYTES - _step_summary._RESERVED_BYTES - len(entry.row.encode()) - len("\n") - spare
    summary_file.write_bytes(b"x" * taken)
    written(github, [answer(INVALID)] * 10)
    assert f"{left_out} more did not fit here" in summary_file.read_text("utf-8")


def test_a_full_file_is_left_alone(summary_file: Path) -> None:
    summary_file.write_bytes(b"x" * 999_999)
    written(github, [answer(INVALID)])
    assert summary_file.stat().st_size == 999_999


def test_what_is_not_a_row_fits_into_what_is_reserved(summary_file: Path) -> None:
    for style in (ENGLISH, ITALIAN):
        summary = _step_summary.StepSummary(summary_file, style)
        for outcome in _step_summary._OUTCOMES:
            summary._counts[outcome] = 10**12
        summary._rows, summary._left_out = [""], 10**12
        assert len("\n".join(summary._lines()).encode()) + os.linesep.count("\n") < _step_summary._RESERVED_BYTES


def test_rendered_answers_are_small() -> None:
    assert github.render(answer(), ENGLISH) == (("valid", "", "", "", ""),)
