"""`openssl cms -verify -noverify` says the same of digest and signature on every vector, but for the named ones."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.oracle import STRICTER, VECTORS, signature_holds

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_openssl_agrees(path: Path) -> None:
    message = path.with_suffix(".eml")
    answer = subprocess.run(
        ["openssl", "cms", "-verify", "-noverify", "-in", str(message), "-out", "/dev/null"],
        capture_output=True,
        check=False,
    )
    expected = signature_holds(path)
    if path.stem in STRICTER:
        assert not expected
        expected = True
    assert (answer.returncode == 0) == expected, answer.stderr.decode()


def test_named_differences_are_vectors() -> None:
    assert STRICTER.keys() <= {path.stem for path in VECTORS}
