"""What every test can rely on: the same examples on every run, and no trust folder but its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A failure is found again, and coverage does not vary.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def no_trust_folder_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty one in place of the user's."""
    folder = tmp_path_factory.getbasetemp() / "no-trust-folder"
    monkeypatch.setenv("PECVERIFY_TRUST_FOLDER", str(folder))
    return folder
