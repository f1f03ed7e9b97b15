"""CI services in small: the scripts of our templates run as a service runs them, over a folder of receipts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
ACTION = ROOT / ".github" / "actions" / "verify" / "action.yml"
GITLAB = ROOT / ".gitlab" / "pecverify.gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
_EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([a-z-]+)\s*\}\}")
_PYTHON = """#!/bin/sh
# Stands in for Python: makes an environment whose pip installs nothing.
test "$1 $2" = "-m venv" || exit 99
mkdir -p "$3/bin" && cp "{folder}/pip" "{folder}/pecverify" "$3/bin"
"""
_PIP = """#!/bin/sh
printf '%s\\n' "$@" > "{folder}/pip-was-asked"
"""
_PECVERIFY = """#!/bin/sh
exec "{python}" -m pecverify "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A checkout with receipts, and a machine on which nothing can be fetched."""

    checkout: Path
    programs: Path

    @classmethod
    def make(cls, folder: Path) -> Place:
        place = cls(checkout=folder / "checkout", programs=folder / "programs")
        (place.checkout / "receipts").mkdir(parents=True)
        place.programs.mkdir()
        shutil.copy(ROOT / "fixtures" / "trust" / "test-ca.pem", place.checkout / "ca.pem")
        for name, text in (("python3", _PYTHON), ("pip", _PIP), ("pecverify", _PECVERIFY)):
            program = place.programs / name
            program.write_text(text.replace("{folder}", str(place.programs)).replace("{python}", sys.executable))
            program.chmod(0o755)
        return place

    def add(self, vector: str, name: str | None = None) -> None:
        """Put a message of `fixtures/vectors` into the folder `receipts`."""
        shutil.copy(
            ROOT / "fixtures" / "vectors" / f"{vector}.eml", self.checkout / "receipts" / (name or f"{vector}.eml")
        )

    @property
    def installed(self) -> list[str]:
        """What pip was asked."""
        return (self.programs / "pip-was-asked").read_text().splitlines()

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """In the checkout, with this environment and little else."""
        given = {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.programs),
            "PECVERIFY_TRUST_FOLDER": os.environ["PECVERIFY_TRUST_FOLDER"],
            **environment,
        }
        return subprocess.run(command, cwd=self.checkout, env=given, capture_output=True, check=False, encoding="utf-8")

    def run_action(self, **inputs: str) -> tuple[int, str]:
        """The action's steps, with `_` for `-` in the inputs' names: the status, and what stands in the log."""
        action = read(ACTION)
        values = {name: entry.get("default", "") for name, entry in action["inputs"].items()}
        values |= {name.replace("_", "-"): value for name, value in inputs.items()}
        assert values.keys() == action["inputs"].keys()
        log = ""
        for step in action["runs"]["steps"]:
            assert step["shell"] == "bash"
            script = self.programs / "step.sh"
            script.write_text(step["run"])
            environment = {
                name: _EXPRESSION.sub(lambda match: values[match[1]], text) for name, text in step["env"].items()
            }
            done = self.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
                GITHUB_ACTION_PATH=str(ACTION.parent),
                GITHUB_STEP_SUMMARY=str(self.summary),
                RUNNER_TEMP=str(self.programs / "temporary"),
                **environment,
            )
            log += done.stdout + done.stderr
            if done.returncode:
                return done.returncode, log
        return 0, log

    @property
    def summary(self) -> Path:
        """Where the service wants a step's summary."""
        return self.programs / "summary.md"

    def run_job(self, shell: list[str], job: dict[str, Any], **variables: str) -> tuple[int, str]:
        """A job for GitLab."""
        script = self.programs / "job.sh"
        script.write_text("\n".join(job["script"]))
        done = self.run([*shell, str(script)], **{**job["variables"], **variables})
        return done.returncode, done.stdout + done.stderr


def read(path: Path) -> Any:  # noqa: ANN401 (what a YAML file holds)
    return yaml.safe_load(path.read_text("utf-8"))
