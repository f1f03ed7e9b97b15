"""A message as a tree of entities: fields and parts moved about, and what base64 hides mutated by its own kind.

The reader is rough and shares nothing with the package's. What it does not touch it writes back as it was.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fuzz.mutators.der import mutate_der
from fuzz.mutators.plain import count_of_steps, mutate_bytes, mutate_list
from fuzz.mutators.xml import mutate_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"""(?i)boundary=(?:"([^"\r\n]{1,80})"|([^\s;"]{1,80}))""")
_FIELD = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*|[^\n]+\Z")
_ENCODED = re.compile(rb"[A-Za-z0-9+/=\r\n]{8,}")
_DEEPEST = 6
_FIELDS = (
    *(b"From: x@y.it\r\n", b"From: posta-certificata@pec.gestore-a.example\r\n", b"Sender: x@y.it\r\n", b"To:\r\n"),
    *(b"X-Ricevuta: accettazione\r\n", b"X-Ricevuta: avvenuta-consegna\r\n", b"X-Trasporto: posta-certificata\r\n"),
    *(b"X-Trasporto: errore\r\n", b"X-TipoRicevuta: breve\r\n", b"X-VerificaSicurezza: errore\r\n", b" folded\r\n"),
    *(b"X-Riferimento-Message-ID: <x@y>\r\n", b"Message-ID: <x@y>\r\n", b"MIME-Version: 1.0\r\n", b"no field\r\n"),
    *(b"Subject: =?utf-8?Q?ACCETTAZIONE=3A?=\r\n", b"Date: Fri, 15 Mar 2024 10:20:30 +0100\r\n", b"Date: x\r\n"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n", b"X: \xe8\r\n"),
    *(b"Content-Type: message/rfc822\r\n", b'Content-Type: application/xml; name="daticert.xml"\r\n'),
    *(b'Content-Disposition: attachment; filename="postacert.eml"\r\n', b"Content-Type: text/plain; charset=x\r\n"),
    *(b"Content-Disposition: inline; filename*=utf-8''daticert%2Exml\r\n", b"Content-Type: multipart/mixed\r\n"),
    b"Content-Disposition: inline; filename*0=dati; filename*1=cert.xml\r\n",
)
_WORDS = (
    *(b"--", b"\r\n", b"\n", b"\r", b'"', b";", b"=", b"<", b">", b"@", b"(", b")", b"\\", b"=?utf-8?B?", b"?=", b"''"),
    *(b"daticert.xml", b"postacert.eml", b"smime.p7s", b"multipart/signed", b"message/rfc822", b"boundary=", b"\x00"),
    *(b"accettazione", b"avvenuta-consegna", b"Per conto di: ", b"ACCETTAZIONE: ", b"CONSEGNA: ", b"name*0*="),
)


@dataclass(slots=True)
class Entity:
    """One entity: its fields, the empty line, and a body or parts between delimiter lines."""

    fields: list[bytes]
    """Each with its folded lines and line ends."""
    blank: bytes
    """What ends the header."""
    pieces: list[bytes | Entity] = field(default_factory=list)
    """The body; of a multipart the preamble, delimiter lines, parts and epilogue, in order."""

    def encode(self) -> bytes:
        """Write it out."""
        body = b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in self.pieces)
        return b"".join(self.fields) + self.blank + body

    @property
    def parts(self) -> list[Entity]:
        """The parts."""
        return [piece for piece in self.pieces if isinstance(piece, Entity)]

    def walk(self) -> Iterator[Entity]:
        """It and all in it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def read_entity(data: bytes, depth: int = 0) -> Entity:
    """Take apart a message or part; `encode` of the result is `data`."""
    end = _BLANK_LINE.search(data)
    if end is None or depth > _DEEPEST:
        return Entity([], b"", [data])
    line_end = end[0].index(b"\n") + 1
    block, body = data[: end.start() + line_end], data[end.end() :]
    fields = _FIELD.findall(block)
    boundary = _BOUNDARY.search(block)
    if boundary is not None:
        pieces = list(_split(body, boundary[1] or boundary[2], depth))
    elif b"message/rfc822" in block.lower():
        pieces = [read_entity(body, depth + 1)]
    else:
        pieces = [body]
    return Entity(fields, end[0][line_end:], pieces)


def _split(body: bytes, boundary: bytes, depth: int) -> Iterator[bytes | Entity]:
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    position, inside = 0, False
    for line in delimiter.finditer(body):
        yield read_entity(body[position : line.start()], depth + 1) if inside else body[position : line.start()]
        yield line[0]
        position, inside = line.end(), line[1] is None
    yield body[position:]


def mutate_message(data: bytes, random: Random, donors: Sequence[bytes] = ()) -> bytes:
    """Mutate some entities of a message.

    Args:
        data: the message.
        random: what to do.
        donors: other messages, of which parts may be put in.
    """
    for _ in range(count_of_steps(random)):
        message = read_entity(data)
        _mutate(message, random, donors)
        data = message.encode()
    return data


def _mutate(message: Entity, random: Random, donors: Sequence[bytes]) -> None:
    entity = random.choice(list(message.walk()))
    steps: list[Callable[[], None]] = [
        lambda: mutate_list(entity.fields, random, _FIELDS),
        lambda: _mutate_one(entity.fields, random),
        lambda: _mutate_pieces(
            random.choice([each for each in message.walk() if each.parts] or [entity]), random, donors
        ),
        lambda: _mutate_body(entity, random),
        lambda: _mutate_encoded(message, random),
        lambda: _mutate_encoded(message, random),
        lambda: _mutate_encoded(message, random),
    ]
    random.choice(steps)()


def _mutate_one(pieces: list[bytes], random: Random) -> None:
    if pieces:
        place = random.randrange(len(pieces))
        pieces[place] = mutate_bytes(pieces[place], random, _WORDS)


def _mutate_pieces(entity: Entity, random: Random, donors: Sequence[bytes]) -> None:
    """Parts and delimiter lines."""
    others: list[bytes | Entity] = list(entity.pieces)
    if donors:
        others += read_entity(random.choice(donors)).walk()
    mutate_list(entity.pieces, random, others)


def _mutate_body(entity: Entity, random: Random) -> None:
    place = random.randrange(len(entity.pieces) or 1)
    piece = entity.pieces[place] if entity.pieces else b""
    if isinstance(piece, bytes):
        entity.pieces[place : place + 1] = [mutate_bytes(piece, random, _WORDS)]


def _mutate_encoded(message: Entity, random: Random) -> None:
    """What a base64 body holds, by its own kind."""
    bodies = [
        entity
        for entity in message.walk()
        if len(entity.pieces) == 1 and isinstance(entity.pieces[0], bytes) and _ENCODED.fullmatch(entity.pieces[0])
    ]
    if not bodies:
        return
    entity = random.choice(bodies)
    body = entity.pieces[0]
    assert isinstance(body, bytes)  # noqa: S101 (for the type checker)
    try:
        mutated = _mutate_content(base64.b64decode(body), random)
    except ValueError:  # binascii.Error is one
        return
    width = random.choice((60, 64, 76, 76, 1000))
    text = base64.b64encode(mutated)
    entity.pieces[0] = b"".join(text[i : i + width] + b"\r\n" for i in range(0, len(text), width))


def _mutate_content(decoded: bytes, random: Random) -> bytes:
    if decoded.startswith(b"\x30"):
        return mutate_der(decoded, random)
    if decoded.lstrip().startswith((b"<", b"\xef\xbb\xbf<")):
        return mutate_xml(decoded, random)
    return mutate_message(decoded, random)
