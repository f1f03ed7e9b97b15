"""How the documentation is built: `sphinx-build -n -W -b html docs docs/_build/html`, with the group `docs`."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.ext.napoleon import GoogleDocstring

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]  # for pecverify itself, and for command_line.py beside this file

from pecverify import __version__  # noqa: E402 (needs the path above)

project = "pecverify"
author = "the pecverify maintainers"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_argparse_cli", "sphinx_copybutton"]
exclude_patterns = ["_build"]

smartquotes_action = "D"  # dashes; quotes stay as they are written
highlight_language = "none"  # of blocks that name none

html_theme = "furo"
html_title = f"pecverify {release}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False

myst_enable_extensions = ["html_image"]  # an <img> that gives its width
myst_heading_anchors = 3

default_role = "code"
python_maximum_signature_line_length = 90
autodoc_member_order = "bysource"
copybutton_selector = "div.highlight-sh pre, div.highlight-python pre"

nitpick_ignore_regex = [
    # The inventories by which they could be found would have to be fetched from the network.
    (
        r"py:.*",
        r"(collections\.abc|datetime|enum|os|pathlib|typing)\..+|(pa|pyarrow)\..+|datetime|IO|Iterable|Iterator|Mapping",
    ),
    # Aliases and type variables, which autodoc cannot describe.
    (r"py:.*", r"JsonValue|Language|Item|Message|Result|Result_co|Row|Span|Examined"),
    # Inner types of public methods that only pecverify itself calls.
    (r"py:.*", r"pecverify(\.\w+)*\._\w+\..+|Anchor|Certificate|Readable"),
    # Sphinx splits dict[str, tuple[bytes, ...]] at its last comma.
    (r"py:.*", r"tuple\[bytes"),
]

_LINK_OUTSIDE = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+\.md)\)")
_WITH_SECTIONS = ("module", "class", "exception", "function", "method")


def offer_pages_outside(_: Sphinx, __: str, source: list[str]) -> None:
    """A page that lies outside of docs is no page of this site: it is offered as a file."""
    source[0] = _LINK_OUTSIDE.sub(r"{download}`\1 <\2>`", source[0])


class _Sections(GoogleDocstring):  # type: ignore[misc] # mypy looks at no Sphinx: it need not be installed
    """Args, Returns and Raises, in Google style; a colon in a sentence parts no type from it: signatures have types."""

    def _consume_returns_section(self, preprocess_types: bool = False) -> list[tuple[str, str, list[str]]]:  # noqa: ARG002, FBT001, FBT002
        return [("", "", self._dedent(self._consume_to_next_section()))]


def read_sections(_: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Args, Returns and Raises, in Google style.

    The extension `sphinx.ext.napoleon` does the same, but takes what stands before a colon in a field's docstring for
    its type.
    """
    if what in _WITH_SECTIONS:
        lines[:] = _Sections(lines, what=what, name=name, obj=obj, options=options).lines()


def leave_out_constructors(
    _: Sphinx, what: str, __: str, obj: object, ___: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """What nobody constructs, because pecverify returns it or it is an enumeration, has no signature to show."""
    if what == "class" and isinstance(obj, type):
        is_settings = dataclasses.is_dataclass(obj) and all(
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            for field in dataclasses.fields(obj)
        )
        if not is_settings:
            return "", None
    return signature, returns


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("source-read", offer_pages_outside)
    app.connect("autodoc-process-docstring", read_sections)
    app.connect("autodoc-process-signature", leave_out_constructors)
