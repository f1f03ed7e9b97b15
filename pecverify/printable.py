"""Text that a person can trust to be what it looks like: hostile characters made visible, lengths bounded.

Rule: whatever comes from a message or is the name of a file passes through `escape` before a person sees it. A control
character could move the cursor, a bidirectional one reverse an address, an invisible one make two addresses look alike.
"""

from __future__ import annotations

SHOWN = 200
"""Characters of one value that are shown, unless told otherwise."""

# What Python calls printable and a reader does not see: joiners, fillers, variation selectors, the empty Braille cell.
_INVISIBLE = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, *range(0xFE00, 0xFE10)))
) | frozenset(map(chr, (0xFFA0, *range(0xE0100, 0xE01F0))))


def escape(text: str) -> str:
    r"""The text on one line, every character visible: what is not printable becomes \xXX, \uXXXX or \UXXXXXXXX.

    That is every control and format character (bidirectional and zero-width ones among them), line and paragraph
    separators, lone surrogates, unassigned characters and spaces other than the common one.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character.isprintable() and character not in _INVISIBLE else _escape_character(character)
        for character in text
    )


def shown(text: str, limit: int = SHOWN) -> str:
    """The text escaped, cut after `limit` characters of its own with a mark that says so."""
    return escape(text) if len(text) <= limit else f"{escape(text[:limit])}[...]"


def _escape_character(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - the last code point that two digits can write
        return f"\\x{code:02x}"
    if code <= 0xFFFF:  # noqa: PLR2004 - the last that four can
        return f"\\u{code:04x}"
    return f"\\U{code:08x}"
