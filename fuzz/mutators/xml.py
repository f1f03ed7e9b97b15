"""XML as a tree: elements repeated, moved, removed, renamed; attributes, text, comments; other ways to write it."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from lxml import etree

from fuzz.mutators.plain import count_of_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

_PARSER = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, attribute_defaults=False)
_ENCODINGS = (*["UTF-8"] * 12, "US-ASCII", "US-ASCII", "ISO-8859-1", "ISO-8859-1", "UTF-16", "windows-1252")
_TEXTS = (
    *("", " ", "\t", "\n", "\r", "\u00a0", "\u200b", "\u00e9", "\U0001f4e7", "<a@b.it>", "<>", "a@b.it", "x" * 1001),
    *(
        "15/03/2024",
        "31/02/2024",
        "01/01/0001",
        "31/12/9999",
        "10:20:30",
        "00:00:00",
        "23:59:59",
        "23:59:60",
        "+0100",
        "-1459",
    ),
    *("accettazione", "avvenuta-consegna", "presa-in-carico", "errore", "nessuno", "virus", "certificato", "esterno"),
    *("completa", "breve", "sintetica", "posta-certificata", "errore-consegna", "rilevazione-virus", "IT", "EU", "FR"),
    *("2024-03-01T12:00:00Z", "2024-03-01T12:00:00+02:00", "9999-12-31T23:59:59Z", "0", "-1", "1" * 30, "6", "true"),
    *("http://uri.etsi.org/TrstSvc/Svctype/EDS/REM/Q", "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"),
)
_ATTRIBUTES = (
    "tipo",
    "errore",
    "zona",
    "Id",
    "URI",
    "Algorithm",
    "Critical",
    "{http://www.w3.org/XML/1998/namespace}lang",
)
_REFERENCES = (b"&amp;", b"&x;", b"&#0;", b"]]>")
_DOCTYPES = (b'<!DOCTYPE postacert SYSTEM "x.dtd">', b"<!DOCTYPE x>", b'<!DOCTYPE a [<!ENTITY b "c">]>')


def mutate_xml(data: bytes, random: Random, donors: Sequence[bytes] = ()) -> bytes:
    """Mutate some elements of a document.

    Args:
        data: the document.
        random: what to do.
        donors: other documents, of which elements may be put in.

    Raises:
        ValueError: it is not well-formed.
    """
    root = _parse(data)
    for _ in range(count_of_steps(random)):
        _mutate(root, random, donors)
    return _write(root, random)


def _parse(data: bytes) -> etree._Element:
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        message = "not well-formed"
        raise ValueError(message) from error


def _elements(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(etree.Element))


def _mutate(root: etree._Element, random: Random, donors: Sequence[bytes]) -> None:
    elements = _elements(root)
    element, other = random.choice(elements), random.choice(elements)
    steps: list[Callable[[], None]] = [
        lambda: _remove(element),
        lambda: _insert(other, copy.deepcopy(element), random),
        lambda: _double(element),
        lambda: _insert(other, element, random),
        lambda: _rename(element, other),
        lambda: _set_text(element, random, other),
        lambda: _set_text(element, random, other),
        lambda: _set_attribute(element, random, other),
        lambda: _set_attribute(element, random, other),
        lambda: _interrupt(element, random),
    ]
    if donors:
        steps.append(
            lambda: _insert(other, copy.deepcopy(random.choice(_elements(_parse(random.choice(donors))))), random)
        )
    random.choice(steps)()


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _double(element: etree._Element) -> None:
    if element.getparent() is not None:
        element.addnext(copy.deepcopy(element))


def _insert(parent: etree._Element, child: etree._Element, random: Random) -> None:
    if child not in (parent, *parent.iterancestors()):
        parent.insert(random.randrange(len(parent) + 1), child)


def _rename(element: etree._Element, other: etree._Element) -> None:
    element.tag = other.tag


def _set_text(element: etree._Element, random: Random, other: etree._Element) -> None:
    text = element.text or ""
    place = random.randrange(len(text) + 1)
    changed = random.choice(
        (
            random.choice(_TEXTS),
            other.text or "",
            text[:place],
            text[:place] + random.choice(_TEXTS) + text[place:],
            text[:place] + text[place + 1 :],
            f" {text}\n",
        )
    )
    if random.random() < 0.2:  # noqa: PLR2004 (seldom after it, where text is stray)
        element.tail = changed
    else:
        element.text = etree.CDATA(changed) if random.random() < 0.2 and "]]>" not in changed else changed  # noqa: PLR2004


def _set_attribute(element: etree._Element, random: Random, other: etree._Element) -> None:
    names = [*map(str, element.attrib), *map(str, other.attrib), random.choice(_ATTRIBUTES)]
    name = random.choice(names)
    if name in element.attrib and random.random() < 0.3:  # noqa: PLR2004 (seldom)
        del element.attrib[name]
    else:
        element.set(name, random.choice((random.choice(_TEXTS), other.get(name) or "", element.text or "")))


def _interrupt(element: etree._Element, random: Random) -> None:
    """A comment or processing instruction in the midst of the text."""
    text = element.text or ""
    place = random.randrange(len(text) + 1)
    node = random.choice((etree.Comment("x"), etree.ProcessingInstruction("x", "y")))
    element.text, node.tail = text[:place], text[place:]
    element.insert(0, node)


def _write(root: etree._Element, random: Random) -> bytes:
    """The document; as others would write it too."""
    encoding = random.choice(_ENCODINGS)
    try:
        written: bytes = etree.tostring(root, encoding=encoding, xml_declaration=random.random() < 0.9)  # noqa: PLR2004
    except (LookupError, UnicodeError):
        written = etree.tostring(root)
    return random.choice(_OTHER_WAYS)(written, random) if random.random() < 0.25 else written  # noqa: PLR2004 (seldom)


_OTHER_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    lambda written, _: b"\xef\xbb\xbf" + written,
    lambda written, _: written.replace(b"\n", b"\r\n"),
    lambda written, random: re.sub(rb"(?=<[A-Za-z])", random.choice(_DOCTYPES), written, count=1),
    lambda written, _: re.sub(rb"(?<=>)([A-Za-z])", lambda found: b"&#%d;" % found[1][0], written, count=3),
    lambda written, random: re.sub(rb"(?<=>)[^<]{1,9}", random.choice(_REFERENCES), written, count=1),
    lambda written, random: random.choice((b"<!-- x -->" + written, written + b"<?x y?>")),
)
