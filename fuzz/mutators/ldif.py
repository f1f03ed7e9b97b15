"""LDIF as lines and records, by itself or as the content of a SignedData."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from fuzz.mutators.der import Tree, mutate_der, read_tree
from fuzz.mutators.plain import count_of_steps, mutate_bytes, mutate_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_LINES = (
    *(b"dn: o=postacert", b"dn: providerName=x,o=postacert", b"dn:: bz1wb3N0YWNlcnQ=", b"version: 1", b"# comment"),
    *(b"providerName: x", b"providerUnit: y", b"managedDomains: A.example", b"managedDomains:", b" folded"),
    *(b"changetype: add", b"control: 1.2.3", b"description:< file:///etc/passwd", b"description:: w6g=", b"x;y: z"),
    *(b"providerCertificate;binary:: MAA=", b"providerCertificate: x", b"mailReceipt: a@b", b"LDIFLocationURL: x"),
)
_WORDS = (b":", b"::", b":<", b";binary", b"=", b",o=postacert", b"o=postacert", b"\xff", b"\xc3\xa9", b"\n ", b"\n\n")
_SEQUENCE = b"\x30"


def mutate_ldif(data: bytes, random: Random, donors: Sequence[bytes] = ()) -> bytes:
    """Mutate records, lines and values; of a SignedData its content or the structure around it.

    Raises:
        ValueError: it begins as a SignedData and is none.
    """
    if not data.startswith(_SEQUENCE):
        return _mutate_text(data, random, [donor for donor in donors if not donor.startswith(_SEQUENCE)])
    if random.random() < 0.5:  # noqa: PLR2004 (half)
        return mutate_der(data, random, [donor for donor in donors if donor.startswith(_SEQUENCE)])
    tree = read_tree(data)
    content = max(tree.walk(), key=_size_of_text)
    content.content = _mutate_text(content.content, random, ())
    return tree.encode()


def _size_of_text(node: Tree) -> int:
    return len(node.content) if node.children is None and node.tag == 0x04 else -1  # noqa: PLR2004 (OCTET STRING)


def _mutate_text(data: bytes, random: Random, donors: Sequence[bytes]) -> bytes:
    end = b"\r\n" if b"\r\n" in data else b"\n"
    records = data.split(end + end)
    for _ in range(count_of_steps(random)):
        if random.random() < 0.3 or not records:  # noqa: PLR2004 (seldom: it is coarse)
            mutate_list(records, random, random.choice(donors).split(b"\n\n") if donors else ())
            continue
        place = random.randrange(len(records))
        lines = records[place].split(end)
        if random.random() < 0.5:  # noqa: PLR2004 (half)
            mutate_list(lines, random, _LINES)
        else:
            chosen = random.randrange(len(lines))
            lines[chosen] = _mutate_line(lines[chosen], random, end)
        records[place] = end.join(lines)
    joined = (end + end).join(records)
    return joined if random.random() < 0.95 else joined.replace(b"\n", b"\r\n")  # noqa: PLR2004 (mostly)


def _mutate_line(line: bytes, random: Random, end: bytes) -> bytes:
    name, separator, value = line.partition(b":: ")
    if separator and random.random() < 0.7:  # noqa: PLR2004 (mostly)
        try:
            return name + separator + base64.b64encode(mutate_der(base64.b64decode(value), random))
        except ValueError:  # binascii.Error is one
            pass
    if random.random() < 0.2:  # noqa: PLR2004 (seldom)
        place = random.randrange(len(line) + 1)
        return line[:place] + end + b" " + line[place:]
    return mutate_bytes(line, random, _WORDS)
