"""What every test can rely on: the same examples on every run, no trust folder but its own, and no side effects."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import no_side_effects

# A failure is found again, and coverage does not vary.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=1_000_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
no_side_effects.install()


@pytest.fixture(autouse=True)
def no_trust_folder_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty one in place of the user's."""
    folder = tmp_path_factory.getbasetemp() / "no-trust-folder"
    monkeypatch.setenv("PECVERIFY_TRUST_FOLDER", str(folder))
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many bytes were flipped, and what came of it."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "byte flips":
                counts.update(value)
    for kind, count in counts.items():
        terminalreporter.write_line(f"byte flips, {kind}: {count}")


@pytest.fixture(autouse=True)
def no_side_effects_of_its_own() -> Iterator[None]:
    """pecverify did nothing that it was not asked for (threat 100)."""
    no_side_effects.violations.clear()
    yield
    assert no_side_effects.violations == []
