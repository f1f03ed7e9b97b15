"""The audit hook itself sees what it has to see."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pecverify.trust.folder import TrustFolder
from tests import no_side_effects


def run_as(place: Path, source: str) -> list[str]:
    """What the hook notes while this runs as if it stood in that file of the package."""
    exec(compile(source, str(place), "exec"), {"socket": socket, "subprocess": subprocess, "Path": Path})  # noqa: S102
    noted = list(no_side_effects.violations)
    no_side_effects.violations.clear()
    return noted


PACKAGE = no_side_effects.PACKAGE


@pytest.mark.parametrize(
    ("place", "source", "noted"),
    [
        ("verify.py", "socket.getaddrinfo('127.0.0.1', 1)", True),
        ("cli/_trust.py", "socket.getaddrinfo('127.0.0.1', 1)", True),
        ("trust/download.py", "socket.getaddrinfo('127.0.0.1', 1)", False),
        ("verify.py", "subprocess.run(['true'], check=True)", True),
        ("_xml.py", "open('/dev/null').close()", True),
        ("trust/_store.py", "Path('/dev/null').read_bytes()", True),
        ("cli/_verify.py", "open('/dev/null').close()", False),
        ("trust/folder.py", "open('/dev/null').close()", False),
        ("_xml.py", "1 + 1", False),
    ],
)
def test_what_is_noted(place: str, source: str, noted: bool) -> None:  # noqa: FBT001
    assert bool(run_as(PACKAGE / place, source)) == noted


def test_data_of_the_package_may_be_read() -> None:
    data = PACKAGE / "data" / "agid.json"
    assert run_as(PACKAGE / "trust" / "_anchors.py", f"open({str(data)!r}).close()") == []


def test_an_iterator_of_the_caller_is_the_callers_affair() -> None:
    def opening() -> Iterator[None]:
        Path("/dev/null").read_bytes()
        yield

    place = PACKAGE / "arrow.py"
    exec(compile("list(answers)", str(place), "exec"), {"answers": opening()})  # noqa: S102
    assert no_side_effects.violations == []
    asked = (run_as(place, "open('/dev/null').close()") for _ in range(1))
    names: dict[str, Any] = {"answers": asked}
    exec(compile("noted = list(answers)", str(place), "exec"), names)  # noqa: S102
    assert names["noted"] != [[]]


def test_what_a_test_does_itself_is_its_own_affair(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    assert TrustFolder.load(tmp_path) == TrustFolder()
    assert no_side_effects.violations == []
