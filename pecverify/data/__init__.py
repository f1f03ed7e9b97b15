"""Package data: the AgID and DigitPA anchors, the providers' names, the JSON Schema of a report."""

from __future__ import annotations

import json
import pkgutil
from typing import Any


def read_data(name: str) -> Any:  # noqa: ANN401 (JSON values)
    """The JSON value in one of the package's own files: the only thing that the core reads from disk."""
    return json.loads(pkgutil.get_data(__name__, name) or b"null")
