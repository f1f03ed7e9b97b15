"""The JSON Schemas that ship, for validating what the package writes."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
from referencing import Registry, Resource


def schema(name: str) -> dict[str, Any]:
    """One of the package's schemas, e.g. `report`."""
    read: dict[str, Any] = json.loads(resources.files("pecverify.data").joinpath(f"{name}.schema.json").read_bytes())
    return read


def validator(name: str) -> jsonschema.Draft202012Validator:
    """Of one of the package's schemas; what they refer to is found."""
    known = {name: schema(name) for name in ("report", "answer", "exchange", "bundle")}
    registry = Registry().with_resources((read["$id"], Resource.from_contents(read)) for read in known.values())
    return jsonschema.Draft202012Validator(known[name], registry=registry)
