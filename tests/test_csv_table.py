"""CSV of answers: read back by libraries of others, and nothing in it acts."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import pickle
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pecverify import Acceptance, Recipient
from pecverify.archive import Answer, Origin
from pecverify.archive.flat import COLUMNS, ColumnType, Row, flat_rows
from pecverify.cli._text import Style, escape
from pecverify.cli.formats import is_binary, load_format
from tests import reports
from tests import verified_answers as answers

STYLE = Style(language="it", coloured=True)
NAMES = [column.name for column in COLUMNS]
ACTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def written(*many: Answer) -> str:
    table = load_format("csv", STYLE)
    assert not is_binary("csv")
    stream = io.StringIO(newline="")
    writer = table.Writer(stream, STYLE)
    for answer in many:
        writer.write(pickle.loads(pickle.dumps(table.render(answer, STYLE))))  # noqa: S301 (our own)
    writer.close()
    assert not stream.closed
    return stream.getvalue()


def lines_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def answer_about(text: str) -> Answer:
    recipients = (Recipient(address=text, type=None),)
    receipt = Acceptance(**reports.certified(subject=text, recipients=recipients))
    return Answer(origin=Origin(path=text, member=text), result=reports.report(receipt))


def cell_of(text: str) -> str:
    header, cells = lines_of(written(answer_about(text)))
    return cells[header.index("subject")]


def without_apostrophes(cell: str) -> str:
    """What was put before that which would act, taken away again."""
    return re.sub(r"""(^|;)("*)'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""", r"\1\2", cell)


def read_cell(kind: ColumnType, cell: str) -> object:
    match kind:
        case ColumnType.TEXT | ColumnType.TOKEN:
            return without_apostrophes(cell)
        case ColumnType.INTEGER:
            return int(cell)
        case ColumnType.FLAG:
            return {"true": True, "false": False}[cell]
        case ColumnType.INSTANT:
            assert cell.endswith("Z")
            return datetime.fromisoformat(cell)
        case _:
            return json.loads(cell)


def test_a_header_alone() -> None:
    assert written() == ",".join(NAMES) + "\r\n"


def test_the_rows_are_read_back() -> None:
    everything = answers.everything()
    header, *lines = lines_of(written(*everything))
    assert header == NAMES
    rows: list[Row] = [row for answer in everything for row in flat_rows(answer)]
    assert len(lines) == len(rows)
    for row, line in zip(rows, lines, strict=True):
        for column, cell in zip(COLUMNS, line, strict=True):
            value = row[column.name]
            if value is None or cell == "":
                assert (value or "", cell) == ("", ""), column.name
            else:
                expected = escape(value) if isinstance(value, str) else value
                assert read_cell(column.type, cell) == expected, column.name


def test_another_library_reads_it(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / "a.csv").write_bytes(written(*answers.everything()).encode())
    relation = duckdb.read_csv(str(tmp_path / "a.csv"))
    assert relation.columns == NAMES
    read = relation.project("verdict, kind, len(reasons::JSON::VARCHAR[])").fetchall()
    rows = [row for answer in answers.everything() for row in flat_rows(answer)]
    assert read == [
        (row["verdict"], row["kind"], len(row["reasons"]) if isinstance(row["reasons"], list) else None) for row in rows
    ]


def test_a_line_for_each_row() -> None:
    text = written(answer_about("a\r\nb\nc\x85d\u2028e\x0bf"))
    assert text.count("\r\n") == len(text.splitlines()) == 2


@pytest.mark.parametrize(
    ("subject", "cell"),
    [
        ("Diffida", "Diffida"),
        ("=1+1", "'=1+1"),
        ("+39 06", "'+39 06"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "\\x09=1"),
        ("\r=1", "\\x0d=1"),
        ("\n=1", "\\x0a=1"),
        ("\uff1d1", "'\uff1d1"),
        ('"=1"', '"\'=1"'),
        ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
        ('x;"=1"', 'x;"\'=1"'),
        ("x;;+1", "x;;'+1"),
        ("a=1", "a=1"),
        ("Re: a; b - c", "Re: a; b - c"),
        ("'ndrangheta", "'ndrangheta"),
        ('a, "b"', 'a, "b"'),
        ("città \u202egnp.exe", "città \\u202egnp.exe"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\udcff", "\\udcff"),
    ],
)
def test_nothing_acts(subject: str, cell: str) -> None:
    assert cell_of(subject) == cell


@given(st.text(st.sampled_from("=+-@;\"', \t\r\n\uff1daè\x1b\u202e\udcff{}[]\\")))
@example(';"";=1')
def test_no_cell_acts_whatever_parts_the_cells(text: str) -> None:
    whole = written(answer_about(text))
    assert whole.replace("\r\n", "").isprintable()
    (_, cells), split = lines_of(whole), csv.reader(io.StringIO(whole, newline=""), delimiter=";")
    for cell in [*cells, *(cell for line in split for cell in line)]:
        assert not cell.lstrip('"').startswith(ACTS) or re.fullmatch(r"-\d+", cell), cell
    assert without_apostrophes(cell_of(text)) == escape(text.encode("utf-8", "backslashreplace").decode())


def test_numbers_stay_numbers() -> None:
    west = datetime.fromisoformat("2021-11-14T12:26:32-05:00")
    report = reports.report(dataclasses.replace(reports.delivery(), issued_at=west))
    header, cells = lines_of(written(Answer(origin=Origin(path="a.eml"), result=report)))
    assert cells[header.index("issued_at_offset_minutes")] == "-300"
    assert cells[header.index("issued_at")] == "2021-11-14T17:26:32Z"
