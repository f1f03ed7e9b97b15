"""Everything that docs/ci.md shows is run: commands, workflows, jobs and hooks."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from pecverify.cli._exit import ExitStatus
from tests.services import GITLAB, HOOKS, ROOT, Place, read
from tests.test_readme import blocks

PAGE = ROOT / "docs" / "ci.md"
COMMANDS = blocks(PAGE, "sh")
WORKFLOWS = blocks(PAGE, "yaml workflow")
(JOB,) = blocks(PAGE, "yaml gitlab")
(CONFIG,) = blocks(PAGE, "yaml pre-commit")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place.make(tmp_path)
    made.add("acceptance")
    (made.checkout / "archive").mkdir()
    return made


def validate(schema: str, text: str, folder: Path) -> None:
    path = folder / "shown.yml"
    path.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout


def test_the_page_has_what_is_run_here() -> None:
    assert len(COMMANDS) == 4
    assert len(WORKFLOWS) == 2
    fenced = re.findall(r"^```(.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(fenced) == sorted(["text", *["sh"] * 4, *["yaml workflow"] * 2, "yaml gitlab", "yaml pre-commit"])


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(place: Place, command: str) -> None:
    done = place.run(["bash", "-e", "-c", command], PECVERIFY_TRUST="ca.pem")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("vector", "status"), [("acceptance", 0), ("signature-invalid", 1), ("not-recognised", 3)])
def test_the_outcomes_are_told_apart(place: Place, vector: str, status: int) -> None:
    place.add(vector, "acceptance.eml")
    trust = {} if vector == "not-recognised" else {"PECVERIFY_TRUST": "ca.pem"}
    done = place.run(["sh", "-e", "-c", COMMANDS[-1]], **trust)
    assert done.returncode == status
    said = {0: "every message is valid", 1: "something is invalid", 3: "nothing is invalid, something is indeterminate"}
    assert done.stdout.splitlines()[-1] == said[status]
    (place.checkout / "receipts" / "acceptance.eml").unlink()
    done = place.run(["sh", "-e", "-c", COMMANDS[-1]])
    assert (done.returncode, done.stdout) == (4, "not everything could be verified\n")


def test_the_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [int(row) for row in rows] == list(ExitStatus)


@pytest.mark.parametrize("text", WORKFLOWS)
def test_workflows(place: Place, text: str, tmp_path: Path) -> None:
    validate("github-workflows", text, tmp_path)
    (job,) = yaml.safe_load(text)["jobs"].values()
    (step,) = (step for step in job["steps"] if step["uses"].startswith("OWNER/"))
    path, _ = step["uses"].removeprefix("OWNER/pecverify/").split("@")
    assert (ROOT / path / "action.yml").is_file()
    with zipfile.ZipFile(place.checkout / "archive" / "2024.zip", "w") as archive:
        archive.write(place.checkout / "receipts" / "acceptance.eml", "a.eml")
    status, log = place.run_action(**{name.replace("-", "_"): value for name, value in step["with"].items()})
    assert status == 0, log


def test_what_is_uploaded_is_what_was_written() -> None:
    steps = yaml.safe_load(WORKFLOWS[1])["jobs"]["verify"]["steps"]
    assert steps[1]["with"]["sarif"] == steps[2]["with"]["sarif_file"]


def gitlab_job() -> dict[str, Any]:
    shown = yaml.safe_load(JOB)
    (included,) = shown["include"]
    assert ROOT / included["file"] == GITLAB
    job: dict[str, Any] = shown["receipts"]
    template = read(GITLAB)[job["extends"]]
    return {**template, **job, "variables": {**template["variables"], **job["variables"]}}


def test_the_job_for_gitlab(place: Place, tmp_path: Path) -> None:
    validate("gitlab-ci", JOB, tmp_path)
    job = gitlab_job()
    assert place.run_job(["sh", "-e"], job)[0] == 0
    assert JUnitXml.fromfile(str(place.checkout / "pecverify.xml")).tests == 1
    place.add("not-recognised")
    assert place.run_job(["sh", "-e"], job, PECVERIFY_TRUST="")[0] in job["allow_failure"]["exit_codes"]
    place.add("signature-invalid")
    assert place.run_job(["sh", "-e"], job)[0] not in job["allow_failure"]["exit_codes"]


def test_the_config_for_pre_commit(place: Place) -> None:
    config = place.checkout / ".pre-commit-config.yaml"
    config.write_text(CONFIG)
    environment = {"PRE_COMMIT_HOME": str(place.programs / "pre-commit")}
    done = place.run([sys.executable, "-m", "pre_commit", "validate-config", str(config)], **environment)
    assert done.returncode == 0, done.stdout
    ours, others = yaml.safe_load(CONFIG)["repos"]
    (hook,) = ours["hooks"]
    (offered,) = read(HOOKS)
    assert hook["id"] == offered["id"]
    assert all(re.search(other["exclude"], "receipts/a.eml") for other in others["hooks"])
    done = place.run([*offered["entry"].split(), *hook["args"], "receipts/acceptance.eml"])
    assert done.returncode == 0, done.stdout
