"""One hardened XML parser, from bytes to plain nodes.

No DTD is loaded, no entity resolved, no attribute defaulted, no instruction followed, nothing fetched. A DOCTYPE is
tolerated only in its bare external form (a genuine provider sent one in 2013); an internal subset is refused before the
parser sees it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from pecverify.reasons import Reason

_MOST_ATTRIBUTES = 20
"""Of one element: the effort to read them grows with the square. daticert.xml needs 2, the published lists 3."""
_ENCODINGS = (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1")
_UTF8_BOM = b"\xef\xbb\xbf"
_DECLARED_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]{0,40})["']""")
_DOCTYPE = re.compile(rb"<!DOCTYPE")
_LITERAL = rb"""\s+(?:"[^"<>\[]*"|'[^'<>\[]*')"""
_EXTERNAL_DOCTYPE = re.compile(
    rb"<!DOCTYPE\s+[^\s<>\[\"']+(?:\s+SYSTEM" + _LITERAL + rb"|\s+PUBLIC" + _LITERAL + _LITERAL + rb")?\s*>"
)


class XmlError(ValueError):
    """The document is refused."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        """DATICERT_MALFORMED, DATICERT_ENCODING, DATICERT_DTD_REFUSED, DATICERT_STRUCTURE or LIMIT_EXCEEDED."""
        self.detail = detail
        """What is wrong, in a few words of ours."""


class Node(NamedTuple):
    """One element."""

    name: str
    """Its local name; with the namespace in braces where it has one."""
    attributes: dict[str, str]
    """As written; defaults are not applied."""
    text: str
    """All character data directly inside, comments and instructions left out."""
    interrupted: bool
    """Whether a comment or processing instruction lies directly inside."""
    children: tuple[Node, ...]
    """Child elements, in order."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document."""

    root: Node
    """The root element."""
    has_doctype: bool
    """Whether there is an (external, unread) DOCTYPE."""
    has_instructions: bool
    """Whether a processing instruction stands before the root."""


def parse_xml(data: bytes) -> Document:
    """Parse a document of bounded size.

    Raises:
        XmlError: it is not well-formed, not in UTF-8, US-ASCII or ISO-8859-1, it declares something, or an element has
            more than 20 attributes.

    Source: XML 1.0 §2.8, §4.3.3.
    """
    root, has_doctype = _parse(data)
    has_instructions = any(
        isinstance(sibling, etree._ProcessingInstruction)  # noqa: SLF001 (the public name is a function)
        for sibling in root.itersiblings(preceding=True)
    )
    return Document(_to_node(root), has_doctype, has_instructions)


def _parse(data: bytes) -> tuple[etree._Element, bool]:
    """The root, and whether there is a DOCTYPE."""
    _check_encoding(data)
    # Each, for one that stands in a comment or an instruction says nothing of the one after it.
    if not all(_EXTERNAL_DOCTYPE.match(data, hit.start()) for hit in _DOCTYPE.finditer(data)):
        raise XmlError(Reason.DATICERT_DTD_REFUSED, "internal DTD subset or malformed DOCTYPE")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, attribute_defaults=False, huge_tree=False
    )
    try:
        return etree.fromstring(data, parser), _DOCTYPE.search(data) is not None
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError(Reason.DATICERT_MALFORMED, "not well-formed") from error


def check_shape(data: bytes, *, attributes: int, within: str, elements: int) -> None:
    """Establish that a document is of a shape that other libraries can take without undue effort.

    Args:
        data: the document.
        attributes: the most attributes that an element may have.
        within: the name of an element of which there may be two.
        elements: the most elements that one of those may hold.

    Raises:
        XmlError: it is not, or is refused as by `parse_xml`.
    """
    root, _ = _parse(data)
    if any(len(element.attrib) > attributes for element in root.iter(etree.Element)):
        raise XmlError(Reason.DATICERT_STRUCTURE, f"an element with more than {attributes} attributes")
    bounded = list(root.iter(within))
    if len(bounded) > 2:  # noqa: PLR2004 (as the docstring says; more could nest)
        raise XmlError(Reason.DATICERT_STRUCTURE, f"{len(bounded)} elements {within}")
    if any(sum(1 for _ in element.iter()) > elements for element in bounded):
        raise XmlError(Reason.DATICERT_STRUCTURE, f"more than {elements} elements within {within}")


def _check_encoding(data: bytes) -> None:
    """Refuse what parsers would disagree on (UTF-16 without a mark, UTF-7, a parser's own choice)."""
    if b"\0" in data[:4] or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise XmlError(Reason.DATICERT_ENCODING, "UTF-16 or UTF-32")
    declared = _DECLARED_ENCODING.match(data.removeprefix(_UTF8_BOM))
    accepted = _ENCODINGS[:1] if data.startswith(_UTF8_BOM) else _ENCODINGS
    if declared is not None and declared.group(1).lower() not in accepted:
        raise XmlError(Reason.DATICERT_ENCODING, declared.group(1).decode("ascii", "replace"))


_Finished = list[tuple[Node | None, str]]
"""What has been read and belongs to an element that has not, the first on top: a node, or None for a comment or an
instruction; and the text after it."""


def _to_node(root: etree._Element) -> Node:
    """The tree below an element, read from its end without recursion: it may be as deep as the parser allows."""
    finished: _Finished = []
    unread = list(root.iterdescendants())
    while unread:
        element = unread.pop()
        if isinstance(element.tag, str):
            node = _gather(element, element.tag, finished)
        elif element.tag is etree.Entity:
            raise XmlError(Reason.DATICERT_DTD_REFUSED, "entity reference")
        else:
            node = None
        finished.append((node, element.tail or ""))
    return _gather(root, str(root.tag), finished)


def _gather(element: etree._Element, name: str, finished: _Finished) -> Node:
    """The node of an element, with those of `finished` that lie directly inside."""
    attributes = element.attrib
    if len(attributes) > _MOST_ATTRIBUTES:
        raise XmlError(Reason.LIMIT_EXCEEDED, f"an element with more than {_MOST_ATTRIBUTES} attributes")
    text, inside = element.text or "", len(element)
    if not inside:
        return Node(name, dict(attributes), text, interrupted=False, children=())
    within = finished[: -inside - 1 : -1]
    del finished[-inside:]
    children = tuple([node for node, _ in within if node is not None])
    text += "".join([tail for _, tail in within])
    return Node(name, dict(attributes), text, interrupted=len(children) != inside, children=children)
