"""The structure that the modules promise: who imports what, and that everything public is explained."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pecverify

PACKAGE = Path(__file__).resolve().parent.parent / "pecverify"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
THIRD_PARTY = {
    "asn1crypto": {"pecverify._cms"},
    "cryptography": {
        *("pecverify._certificate", "pecverify._crl", "pecverify._ocsp", "pecverify._signature"),
        "pecverify.bundle.timestamp",
    },
    "lxml": {"pecverify._xml"},
    "signxml": {"pecverify.trust._xades"},
    "urllib3": {"pecverify.trust.download"},
    "rfc3161_client": {"pecverify.bundle.timestamp"},
    "olefile": {"pecverify.archive.outlook"},
    "jinja2": {"pecverify.exchange.page"},
    "markupsafe": {"pecverify.exchange.page"},
    "platformdirs": {"pecverify.trust.folder"},
    "rich": {"pecverify.cli._progress"},
    "pyarrow": {"pecverify.arrow"},
    "pyspark": {"pecverify.spark"},
    "dateutil": {"pecverify._consistency", "pecverify.cli._values"},
    "junitparser": {"pecverify.cli.formats.junit"},
}
DOWNLOAD = "pecverify.trust.download"
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "imaplib", "asyncio", "requests", "subprocess"}


def imported(path: Path) -> set[str]:
    """Full names of what a module imports, type-checking blocks left out."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path}"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


@pytest.mark.parametrize("library", THIRD_PARTY)
def test_each_library_has_its_modules(library: str) -> None:
    users = {name for name, path in MODULES.items() if library in {i.split(".")[0] for i in imported(path)}}
    assert users == THIRD_PARTY[library]


def test_nothing_else_is_imported() -> None:
    allowed = set(sys.stdlib_module_names) - NETWORK | THIRD_PARTY.keys() | {"pecverify"}
    for name, path in MODULES.items():
        more = NETWORK if name == DOWNLOAD else set()
        assert {i.split(".")[0] for i in imported(path)} <= allowed | more, name


def test_one_module_knows_the_network_and_one_command_asks_for_it() -> None:
    users = {name for name, path in MODULES.items() if any(i.startswith(DOWNLOAD) for i in imported(path))}
    assert users == {"pecverify.cli._trust"}


def test_the_core_does_not_know_the_command_line() -> None:
    for name, path in MODULES.items():
        if not name.startswith(("pecverify.cli", "pecverify.__main__")):
            assert not any(i.startswith("pecverify.cli") for i in imported(path)), name


def test_the_command_line_uses_public_names_only() -> None:
    for name, path in MODULES.items():
        if name.startswith("pecverify.cli"):
            outside = {i for i in imported(path) if i.startswith("pecverify.") and not i.startswith("pecverify.cli")}
            assert not any(part.startswith("_") and part != "__version__" for i in outside for part in i.split(".")), (
                name
            )


def test_data_flows_one_way() -> None:
    graph = {
        name: {i for i in imported(path) if i in MODULES and i not in (name, "pecverify")}
        for name, path in MODULES.items()
    }
    done: set[str] = set()
    while remaining := [name for name in graph if name not in done]:
        ready = [name for name in remaining if graph[name] <= done]
        assert ready, f"a cycle among {remaining}"
        done |= set(ready)


def test_importing_opens_no_way_to_the_network() -> None:
    program = "import sys, pecverify; print(*sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert not {"ssl", "http.client", "urllib.request", "asyncio", "smtplib", "email.message"} & set(
        result.stdout.split()
    )


def test_names_are_imported_when_they_are_asked_for() -> None:
    assert set(pecverify.__all__) <= set(dir(pecverify))
    assert set(pecverify._HOMES) | {"__version__"} == set(pecverify.__all__)
    assert all(getattr(pecverify, name) is not None for name in pecverify.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'verify_recipe'"):
        pecverify.verify_recipe  # noqa: B018


def test_importing_needs_no_extra() -> None:
    program = (
        "import sys; sys.modules.update(olefile=None, urllib3=None, jinja2=None, rfc3161_client=None);"
        "import pecverify.archive, pecverify.bundle, pecverify.cli, pecverify.cli._bundle"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_does_not_load_what_only_tables_need() -> None:
    program = "import sys, pecverify, pecverify.archive; print(*sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    tables = {"pyarrow", "pyspark", "numpy", "pandas", "pecverify.arrow", "pecverify.spark", "pecverify.archive.flat"}
    assert not tables & set(result.stdout.split())


@pytest.mark.parametrize(
    "name",
    [
        "pecverify.archive.answer",
        "pecverify.archive.outlook",
        "pecverify.report",
        "pecverify.receipt",
        "pecverify.policy",
        "pecverify.nested",
        "pecverify.brief",
        "pecverify.comparison",
        "pecverify.damage",
        "pecverify._field_comparison",
        "pecverify._hash_forms",
        "pecverify._part_comparison",
        "pecverify.bundle.manifest",
        "pecverify.bundle.outcome",
        "pecverify.bundle.timestamp",
        "pecverify.exchange.evidence",
        "pecverify.exchange.model",
        "pecverify.exchange.sent",
        "pecverify.arrow",
        "pecverify.archive.flat",
        "pecverify.trust._directory",
        "pecverify.trust._timeline",
        "pecverify.trust._trusted_list",
        "pecverify.trust.folder",
        "pecverify.trust.refresh",
    ],
)
def test_every_public_field_is_explained(name: str) -> None:
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if not isinstance(node, ast.ClassDef) or "TypedDict" in map(ast.unparse, node.bases):
            continue  # a TypedDict repeats fields that are explained elsewhere
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign):
                target: ast.expr = field.target
            elif isinstance(field, ast.Assign):
                target = field.targets[0]
            else:
                continue
            if isinstance(target, ast.Name) and not target.id.startswith("_") and target.id != "kind":
                explained = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                assert explained, f"{name}.{node.name}.{target.id}"


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_knows(name: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8")))


def test_the_floor_of_the_xml_library() -> None:
    """Older versions of lxml open local files that an external DTD names (CVE-2026-41066)."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    (lxml,) = (requirement for requirement in project["dependencies"] if requirement.startswith("lxml"))
    assert lxml == "lxml>=6.1.3"
    for path in PACKAGE.rglob("*.py"):
        assert "XMLSchema" not in path.read_text("utf-8"), path
