"""The action for GitHub, the template for GitLab and the hook for pre-commit: valid by their services, and run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.services import ACTION, GITLAB, HOOKS, ROOT, Place, read
from tests.test_github import command_of, is_old_command
from tests.test_sarif import VALIDATOR

VECTORS = ["acceptance", "not-recognised", "signature-invalid"]
INJECTIONS = [
    "$(touch pwned)",
    "`touch pwned`",
    '"; touch pwned; "',
    "'; touch pwned; '",
    "a\n; touch pwned",
    "${{ x }}",
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


@pytest.mark.parametrize(
    ("schema", "path"), [("github-actions", ACTION), ("gitlab-ci", GITLAB)], ids=["github", "gitlab"]
)
def test_valid_by_the_schema_of_the_service(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout


# --- GitHub


def test_no_input_is_pasted_into_a_script() -> None:
    action = read(ACTION)
    used: set[str] = set()
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        used |= {re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)[1] for text in step["env"].values()}  # type: ignore[index]
    assert used == action["inputs"].keys()
    assert used >= {"paths", "format", "trust", "fail-on", "policy", "jobs", "version"}


def test_the_action_takes_no_action_of_others() -> None:
    assert "uses" not in {key for step in read(ACTION)["runs"]["steps"] for key in step}


@pytest.mark.parametrize(("vector", "status"), [("acceptance", 0), ("signature-invalid", 1), ("not-recognised", 3)])
def test_the_action_fails_on_what_is_not_valid(place: Place, vector: str, status: int) -> None:
    place.add(vector)
    trust = "" if vector == "not-recognised" else "ca.pem"
    done, log = place.run_action(paths="receipts", trust=trust)
    assert done == status, log
    commands = [command.name for line in log.splitlines() if (command := command_of(line))]
    assert commands == {0: [], 1: ["error"], 3: ["warning"]}[status]
    assert "## pecverify" in place.summary.read_text("utf-8")


def test_the_action_installs_itself(place: Place) -> None:
    place.add("acceptance")
    assert place.run_action(trust="ca.pem")[0] == 0
    assert place.installed == ["install", "--quiet", "--disable-pip-version-check", f"{ROOT}[cli]"]


def test_the_action_installs_a_version(place: Place) -> None:
    place.add("acceptance")
    assert place.run_action(trust="ca.pem", version="1.2.3")[0] == 0
    assert place.installed[-1] == "pecverify[cli]==1.2.3"


def test_paths_and_certificates_are_lines(place: Place) -> None:
    place.add("acceptance", "a b.eml")
    shutil.copy(place.checkout / "receipts" / "a b.eml", place.checkout / "--jobs=0.eml")
    place.add("signature-invalid", "not looked at.eml")
    (place.checkout / "c a.pem").write_bytes((place.checkout / "ca.pem").read_bytes())
    done, log = place.run_action(
        paths="receipts/a b.eml\n\n--jobs=0.eml\n", trust="c a.pem\nca.pem", jobs="1", policy="archival"
    )
    assert done == 0, log
    assert "| VALID | 2 |" in place.summary.read_text("utf-8")


def test_the_action_can_let_pass_what_is_indeterminate(place: Place) -> None:
    place.add("not-recognised")
    done, log = place.run_action(paths="receipts", fail_on="invalid")
    assert done == 0
    assert "::warning " in log


def test_no_message_is_no_pass(place: Place) -> None:
    assert place.run_action(paths="receipts")[0] == 4
    done, log = place.run_action(paths="\n")
    assert (done, log) == (2, "::error title=pecverify::no paths given\n")


def test_sarif_besides(place: Place) -> None:
    for vector in VECTORS:
        place.add(vector)
    (place.checkout / "report.sarif").write_text("left over")
    done, log = place.run_action(paths="receipts", trust="ca.pem", sarif="report.sarif")
    assert done == 1
    assert "::error file=receipts/signature-invalid.eml,title=INVALID%3A signature-invalid::" in log
    document = json.loads((place.checkout / "report.sarif").read_text())
    VALIDATOR.validate(document)
    (result,) = document["runs"][0]["results"]
    assert result["ruleId"] == "signature-invalid"


def test_sarif_that_cannot_be_written_fails(place: Place) -> None:
    place.add("acceptance")
    done, log = place.run_action(paths="receipts", trust="ca.pem", sarif="absent/report.sarif")
    assert done == 4
    assert "absent/report.sarif: cannot be written" in log


def test_no_sarif_is_left_over_from_a_former_run(place: Place) -> None:
    (place.checkout / "report.sarif").write_text("left over")
    assert place.run_action(policy="none such", sarif="report.sarif")[0] == 2
    assert not (place.checkout / "report.sarif").exists()


def test_other_forms_start_no_command(place: Place) -> None:
    """Their texts are made for terminals: the runner is told to stop looking."""
    place.add("signature-invalid", "##[error]x.eml")
    done, log = place.run_action(paths="receipts", trust="ca.pem", format="text")
    assert done == 1
    lines = log.splitlines()
    stop = command_of(lines[0])
    assert stop is not None
    assert stop.name == "stop-commands"
    assert re.fullmatch("[0-9a-f]{32}", stop.data)
    assert any(is_old_command(line) for line in lines[1:-1])
    assert lines[-1] == f"::{stop.data}::"
    assert stop.data not in place.run_action(paths="receipts", format="text")[1]


def test_the_output_can_be_a_file(place: Place) -> None:
    place.add("acceptance")
    assert place.run_action(paths="receipts", trust="ca.pem", format="junit", output="report.xml")[0] == 0
    assert JUnitXml.fromfile(str(place.checkout / "report.xml")).tests == 1


@pytest.mark.parametrize(
    "name", ["paths", "format", "output", "sarif", "trust", "fail_on", "policy", "jobs", "version", "python"]
)
@pytest.mark.parametrize("text", INJECTIONS)
def test_no_input_is_run(place: Place, name: str, text: str) -> None:
    place.add("acceptance")
    place.run_action(**{"paths": "receipts", "trust": "ca.pem", name: text})
    assert not list(place.checkout.rglob("pwned"))
    assert not list(place.programs.rglob("pwned"))


# --- GitLab


@pytest.fixture
def job() -> dict[str, Any]:
    loaded: dict[str, Any] = read(GITLAB)[".pecverify"]
    return loaded


@pytest.mark.parametrize("shell", [["sh", "-e"], ["bash", "-e", "-o", "pipefail"]], ids=["sh", "bash"])
def test_the_job_leaves_a_report(place: Place, job: dict[str, Any], shell: list[str]) -> None:
    for vector in VECTORS:
        place.add(vector)
    place.add("acceptance", "a b.eml")
    done, log = place.run_job(shell, job, PECVERIFY_TRUST="ca.pem", PECVERIFY_PATHS="receipts/a b.eml\nreceipts/[!a]*")
    assert done == 1, log
    assert "3 messages: 2 VALID" in log
    assert place.installed[-1] == "pecverify[cli]"
    report = JUnitXml.fromfile(str(place.checkout / job["artifacts"]["reports"]["junit"]))
    assert (report.tests, report.failures) == (3, 1)
    assert job["artifacts"]["when"] == "always"


def test_the_shell_looks_for_no_patterns_and_no_options(place: Place, job: dict[str, Any]) -> None:
    for folder in ("one", "one/two"):
        (place.checkout / "receipts" / folder).mkdir()
        place.add("acceptance", f"{folder}/a.eml")
    shutil.copy(place.checkout / "receipts" / "one" / "a.eml", place.checkout / "--jobs=0.eml")
    done, log = place.run_job(
        ["sh", "-e"], job, PECVERIFY_TRUST="ca.pem", PECVERIFY_PATHS="--jobs=0.eml\nreceipts/**/a.eml"
    )
    assert done == 0, log
    assert "3 messages: 3 VALID" in log


def test_the_job_takes_everything_by_default(place: Place, job: dict[str, Any]) -> None:
    place.add("acceptance")
    assert place.run_job(["sh", "-e"], job, PECVERIFY_TRUST="ca.pem")[0] == 0


def test_the_job_takes_options_as_variables(place: Place, job: dict[str, Any]) -> None:
    place.add("not-recognised")
    assert place.run_job(["sh", "-e"], job)[0] == 3
    assert place.run_job(["sh", "-e"], job, PECVERIFY_FAIL_ON="invalid")[0] == 0


@pytest.mark.parametrize("name", ["PECVERIFY_PATHS", "PECVERIFY_REQUIREMENT", "PECVERIFY_OUTPUT", "PECVERIFY_TRUST"])
@pytest.mark.parametrize("text", INJECTIONS)
def test_no_variable_is_run(place: Place, job: dict[str, Any], name: str, text: str) -> None:
    place.add("acceptance")
    place.run_job(["sh", "-e"], job, **{"PECVERIFY_TRUST": "ca.pem", name: text})
    assert not list(place.checkout.rglob("pwned"))


# --- pre-commit


def pre_commit(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return place.run(command, PRE_COMMIT_HOME=str(place.programs / "pre-commit"))


def test_the_manifest_is_valid(place: Place) -> None:
    done = pre_commit(place, "validate-manifest", str(HOOKS))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("arguments", "status"), [(["--trust=ca.pem", "--"], 0), (None, 1)])
def test_the_hook_runs(place: Place, arguments: list[str] | None, status: int) -> None:
    """By pre-commit itself, but for the installation."""
    (hook,) = read(HOOKS)
    assert hook["language"] == "python"
    hook = {**hook, "language": "system"} | ({} if arguments is None else {"args": arguments})
    place.add("acceptance")
    shutil.copy(place.checkout / "receipts" / "acceptance.eml", place.checkout / "--jobs=0 x.eml")
    place.add("signature-invalid", "no message.txt")
    (place.checkout / "receipts" / "link.eml").symlink_to("no message.txt")
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (place.checkout / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    for command in (["git", "init", "-q"], ["git", "add", "."]):
        assert place.run(command).returncode == 0
    done = pre_commit(place, "run", "--all-files", "--verbose")
    assert done.returncode == status, done.stdout
    assert done.stdout.count(".eml: VALID" if status == 0 else ".eml: INDETERMINATE") == 2
    assert "no message" not in done.stdout
