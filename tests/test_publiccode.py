"""publiccode.yml has what the standard (version 0.4) asks for, and says what the project says elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import pecverify

ROOT = Path(__file__).resolve().parent.parent
FILE: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
STATUSES = {
    "Development Status :: 3 - Alpha": "development",
    "Development Status :: 4 - Beta": "beta",
    "Development Status :: 5 - Production/Stable": "stable",
}


def test_the_mandatory_keys() -> None:
    assert FILE["publiccodeYmlVersion"] == "0.4"
    assert FILE["softwareType"] == "library"
    assert set(FILE["platforms"]) == {"linux", "mac", "windows"}
    assert FILE["categories"]
    assert FILE["maintenance"]["type"] == "community"
    assert all(contact["name"] for contact in FILE["maintenance"]["contacts"])
    assert FILE["localisation"]["localisationReady"] is True
    assert set(FILE["localisation"]["availableLanguages"]) == {"it", "en"}


def test_it_agrees_with_the_project() -> None:
    assert FILE["name"] == PROJECT["name"]
    assert FILE["softwareVersion"] == PROJECT["version"] == pecverify.__version__
    assert FILE["legal"]["license"] == PROJECT["license"]
    (status,) = STATUSES.keys() & set(PROJECT["classifiers"])
    assert FILE["developmentStatus"] == STATUSES[status]
    assert FILE["description"]["en"]["shortDescription"].startswith(PROJECT["description"].rstrip("."))


def test_the_repository_is_an_address() -> None:
    url = urlsplit(FILE["url"])
    assert url.scheme == "https"
    assert url.path.endswith("/pecverify.git")


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_descriptions(language: str) -> None:
    description = FILE["description"][language]
    assert len(description["shortDescription"]) <= 150
    assert "\n" not in description["shortDescription"]
    assert 150 <= len(description["longDescription"]) <= 10_000
    assert 5 <= len(description["features"]) <= 20


def test_both_languages_list_the_same_features() -> None:
    assert FILE["description"].keys() == {"it", "en"}
    assert len(FILE["description"]["it"]["features"]) == len(FILE["description"]["en"]["features"])
