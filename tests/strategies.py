"""Hypothesis strategies: MIME trees, CMS structures and daticert documents, of which most are wrong somewhere."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from fixtures.catalogue.kinds import ANOMALY, BRIEF, CONCISE, DELAY, DELIVERY, ENVELOPE, FAILURE, TAKEN, VIRUS_FOUND
from tests.messages import Message
from tests.pki import Cms, der, indefinite, provider, sign

KINDS = (Message(), TAKEN, DELIVERY, BRIEF, CONCISE, FAILURE, DELAY, VIRUS_FOUND, ENVELOPE, ANOMALY)
FIELDS = (
    *("From", "Sender", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"),
    *("X-Ricevuta", "X-Trasporto", "X-TipoRicevuta", "X-Riferimento-Message-ID", "X-VerificaSicurezza", "Received"),
)

# --- messages whose signed part is genuine, and what is around it anything


def field_lines() -> st.SearchStrategy[bytes]:
    """One header field, likely one that matters."""
    value = st.one_of(
        st.text('abc@.<>=?" ;,:\\()é', max_size=20), st.sampled_from(["accettazione", "errore", "a@b.it"])
    )
    return st.builds(lambda name, text: f"{name}: {text}\r\n".encode(), st.sampled_from(FIELDS), value)


def header_edits() -> st.SearchStrategy[Callable[[bytes], bytes]]:
    """Lines of the unsigned header dropped, repeated, moved and put in."""

    def edit(added: list[tuple[int, bytes]], dropped: list[int], doubled: list[int]) -> Callable[[bytes], bytes]:
        def apply(header: bytes) -> bytes:
            lines = header.splitlines(keepends=True)
            for place in dropped:
                if lines:
                    del lines[place % len(lines)]
            for place in doubled:
                if lines:
                    lines.append(lines[place % len(lines)])
            for place, line in added:
                lines.insert(place % (len(lines) + 1), line)
            return b"".join(lines)

        return apply

    places = st.lists(st.integers(0, 40), max_size=2)
    return st.builds(edit, st.lists(st.tuples(st.integers(0, 40), field_lines()), max_size=3), places, places)


def wrapped_messages() -> st.SearchStrategy[tuple[Message, bytes]]:
    """A genuine message, and its bytes with another header, preamble, epilogue and other line ends."""

    def build(message: Message, edit: Callable[[bytes], bytes], text: bytes, *, lf: bool) -> tuple[Message, bytes]:
        data = replace(message, header=edit, preamble=text, epilogue=text).build()
        return message, data.replace(b"\r\n", b"\n") if lf else data

    text = st.one_of(st.just(b""), st.binary(max_size=30))
    return st.builds(build, st.sampled_from(KINDS), header_edits(), text, lf=st.booleans())


# --- MIME trees


def entities() -> st.SearchStrategy[bytes]:
    """Entities within entities, with boundaries that may or may not be theirs."""
    boundaries = st.sampled_from(["a", "b", "ab", "a ", "", "=_", "x" * 71])
    types = st.sampled_from(["text/plain", "message/rfc822", "application/pkcs7-signature", "multipart/mixed", "x"])
    encodings = st.sampled_from(["7bit", "base64", "quoted-printable", "binary", "x-uue", ""])
    names = st.sampled_from(["daticert.xml", "postacert.eml", "smime.p7s", "../x", ""])

    def leaf(media_type: str, encoding: str, name: str, body: bytes) -> bytes:
        head = f'Content-Type: {media_type}; name="{name}"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
        return head.encode() + body

    def multipart(kind: str, stated: str, used: str, parts: list[bytes]) -> bytes:
        head = f'Content-Type: multipart/{kind}; boundary="{stated}"; protocol="application/pkcs7-signature"\r\n\r\n'
        body = b"".join(f"--{used}\r\n".encode() + part + b"\r\n" for part in parts)
        return head.encode() + body + f"--{used}--\r\n".encode()

    leaves = st.builds(leaf, types, encodings, names, st.binary(max_size=20))
    return st.recursive(
        leaves,
        lambda inner: st.builds(
            multipart, st.sampled_from(["signed", "mixed", "x"]), boundaries, boundaries, st.lists(inner, max_size=3)
        ),
        max_leaves=8,
    )


# --- CMS structures


def asn1_values() -> st.SearchStrategy[bytes]:
    """ASN.1 trees, in DER or with indefinite lengths."""
    tags = st.sampled_from([0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x17, 0x18, 0x80, 0x81])
    leaves = st.builds(der, tags, st.binary(max_size=12))
    constructed = st.sampled_from([0x30, 0x31, 0xA0, 0xA1, 0x24])
    return st.recursive(
        leaves,
        lambda inner: st.builds(
            lambda wrap, tag, parts: bytes(wrap(tag, *parts)),
            st.sampled_from([der, indefinite]),
            constructed,
            st.lists(inner, max_size=4),
        ),
        max_leaves=12,
    )


def damaged_signatures() -> st.SearchStrategy[bytes]:
    """A genuine SignedData with pieces cut out, put in and replaced by ASN.1 values."""
    message = Message()
    genuine = sign(b"x\r\n", provider("a"), message.issued_at, Cms())

    def damage(cuts: list[tuple[int, int, bytes]]) -> bytes:
        data = genuine
        for start, length, value in cuts:
            place = start % len(data)
            data = data[:place] + value + data[place + length :]
        return data

    cut = st.tuples(st.integers(0, 4000), st.integers(0, 40), st.one_of(st.binary(max_size=8), asn1_values()))
    return st.builds(damage, st.lists(cut, min_size=1, max_size=3))


def in_message(signature: bytes) -> bytes:
    """A message with that signature part."""
    data = Message().build()
    start = data.index(b'filename="smime.p7s"\r\n\r\n') + len(b'filename="smime.p7s"\r\n\r\n')
    stop = data.index(b"\r\n------3C5B9E71A0D84F26--")
    return data[:start] + base64.b64encode(signature) + data[stop:]


# --- daticert documents

NAMES = (
    *("postacert", "intestazione", "dati", "mittente", "destinatari", "risposte", "oggetto", "gestore-emittente"),
    *("data", "giorno", "ora", "identificativo", "msgid", "ricevuta", "consegna", "ricezione", "errore-esteso", "x:y"),
)
TOKENS = ("accettazione", "avvenuta-consegna", "errore", "nessuno", "certificato", "esterno", "+0100", "15/03/2024")


def daticerts() -> st.SearchStrategy[bytes]:
    """Documents of the elements that daticert.xml has, in any order, number and nesting."""
    values = st.one_of(st.sampled_from([*TOKENS, "10:20:30", "a@b.it", "&lt;x@y&gt;", "&#0;", "<!-- -->", "<?x?>"]))

    def element(name: str, attributes: list[tuple[str, str]], content: list[str]) -> str:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        return f"<{name}{written}>{''.join(content)}</{name}>"

    attributes = st.lists(
        st.tuples(st.sampled_from(["tipo", "errore", "zona", "xmlns:x", "x"]), st.sampled_from(TOKENS)), max_size=2
    )
    elements = st.recursive(
        values,
        lambda inner: st.builds(element, st.sampled_from(NAMES), attributes, st.lists(inner, max_size=5)),
        max_leaves=25,
    )
    head = st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0" encoding="utf-16"?>'])
    return st.builds(lambda start, root: (start + root).encode(), head, elements)
