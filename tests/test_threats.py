"""Every row of the threat table has something that shows what happens to it, and the published table says so."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from fixtures.threats import ATTACKS, BROADER, PLACE, cases_of, numbered_tests, table

TESTS = Path(__file__).resolve().parent


def functions(name: str) -> set[str]:
    tree = ast.parse((TESTS / name).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_rows_are_numbered() -> None:
    assert [row for row, _ in ATTACKS] == list(range(1, 103))


@pytest.mark.parametrize(("row", "attack"), ATTACKS, ids=[f"t{row:03}" for row, _ in ATTACKS])
def test_every_row_is_shown(row: int, attack: str) -> None:
    assert cases_of(row) or numbered_tests(row) or row in BROADER, attack


@pytest.mark.parametrize("row", BROADER)
def test_the_tests_named_are_there(row: int) -> None:
    file, _, name = BROADER[row][1].partition(": ")
    assert name in functions(file)


def test_no_hostile_message_is_valid() -> None:
    for path in (TESTS.parent / "fixtures" / "hostile").glob("*.json"):
        assert json.loads(path.read_text("utf-8"))["expected"]["verdict"] != "valid", path.stem


def test_the_published_table_is_that_of_the_cases() -> None:
    assert PLACE.holds(table())
