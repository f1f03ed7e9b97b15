"""PEC messages built byte by byte, shaped like genuine ones; every part can be replaced."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import escape

from tests.pki import DOMAINS, ORGANIZATIONS, Cms, Signer, base64_lines, provider, sign

ROME_WINTER = timezone(timedelta(hours=1))
ISSUED_AT = datetime(2024, 3, 15, 10, 20, 30, tzinfo=ROME_WINTER)

SENDER = f"mario.rossi@{DOMAINS['a']}"
RECIPIENT = f"protocollo@{DOMAINS['b']}"
SECOND = f"anna.bianchi@{DOMAINS['c']}"
EXTERNAL = "ufficio@posta.example"
SUBJECT = "Diffida e messa in mora"
PEC_ID = f"opec210312.20240315102030.123456.606.1.53@{DOMAINS['a']}"
MESSAGE_ID = "4F1A.2C3D@studio-rossi.example"

PREFIXES = {
    "accettazione": "ACCETTAZIONE",
    "non-accettazione": "AVVISO DI NON ACCETTAZIONE",
    "presa-in-carico": "PRESA IN CARICO",
    "avvenuta-consegna": "CONSEGNA",
    "errore-consegna": "AVVISO DI MANCATA CONSEGNA",
    "preavviso-errore-consegna": "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
    "rilevazione-virus": "PROBLEMA DI SICUREZZA",
    "posta-certificata": "POSTA CERTIFICATA",
    "errore": "ANOMALIA MESSAGGIO",
}
TEXTS = {
    "accettazione": "è stato accettato dal sistema ed inoltrato.",
    "non-accettazione": "non è stato accettato dal sistema.",
    "presa-in-carico": "è stato preso in carico.",
    "avvenuta-consegna": "è stato consegnato nella casella di destinazione.",
    "errore-consegna": "non è stato consegnato nella casella di destinazione.",
    "preavviso-errore-consegna": "non è stato consegnato nel tempo previsto.",
    "rilevazione-virus": "non è stato consegnato: è stato rilevato un virus.",
    "posta-certificata": "è stato inviato.",
}
VIRUS_KINDS = ("non-accettazione", "errore-consegna")
TO_PROVIDERS = ("presa-in-carico", "rilevazione-virus")
ABOUT_ONE = ("avvenuta-consegna", "errore-consegna", "preavviso-errore-consegna")
STATES_FORM = ("avvenuta-consegna", "posta-certificata")

Edit = Callable[[bytes], bytes]


def unchanged(data: bytes) -> bytes:
    return data


def replacing(old: bytes | str, new: bytes | str, count: int = 1) -> Edit:
    """An edit that must find what it replaces."""
    before, after = (value.encode() if isinstance(value, str) else value for value in (old, new))

    def edit(data: bytes) -> bytes:
        assert before in data, before
        return data.replace(before, after, count)

    return edit


def chain(*edits: Edit) -> Edit:
    def edit(data: bytes) -> bytes:
        for step in edits:
            data = step(data)
        return data

    return edit


@dataclass(frozen=True, kw_only=True)
class Message:
    """One PEC message; the defaults are an acceptance receipt."""

    kind: str = "accettazione"
    signer: Signer = field(default_factory=lambda: provider("a"))
    error: str = "nessuno"
    error_detail: str | None = None
    sender: str = SENDER
    recipients: tuple[tuple[str, str], ...] = ((RECIPIENT, "certificato"),)
    subject: str = SUBJECT
    pec_id: str = PEC_ID
    message_id: str | None = MESSAGE_ID
    issued_at: datetime = ISSUED_AT
    form: str | None = None
    delivered_to: str | None = None
    taken_for: tuple[str, ...] = ()
    original: bytes | None = None
    original_encoding: str = "7bit"
    original_name: str | None = "postacert.eml"
    cms: Cms = field(default_factory=Cms)
    xml: Edit = unchanged
    """Changes daticert.xml before it is encoded."""
    header: Edit = unchanged
    """Changes the header block."""
    entity: Edit = unchanged
    """Changes the signed entity before it is signed."""
    finish: Edit = unchanged
    """Changes the file afterwards."""
    preamble: bytes = b"This is an S/MIME signed message\r\n\r\n"
    epilogue: bytes = b""
    more_parts: tuple[bytes, ...] = ()
    with_daticert: bool = True
    signature_type: str = "application/x-pkcs7-signature"
    own_message_id: str | None = None

    @property
    def is_envelope(self) -> bool:
        return self.kind in ("posta-certificata", "errore")

    def build(self) -> bytes:
        entity = self.entity(self._entity())
        signature = sign(entity, self.signer, self.issued_at, self.cms)
        boundary = b"----3C5B9E71A0D84F26"
        kind = self.signature_type.encode()
        micalg = self.cms.digest.replace("sha", "sha-").replace("sha-1", "sha1").encode()
        header = self._header() + (
            b'MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="%b"; micalg="%b"; boundary="%b"\r\n'
            % (kind, b"sha-1" if micalg == b"sha1" else micalg, boundary)
        )
        part = (
            b'Content-Type: %b; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
            b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n' % kind
        )
        body = (
            self.preamble
            + b"--%b\r\n%b\r\n--%b\r\n" % (boundary, entity, boundary)
            + part
            + base64_lines(signature)
            + b"\r\n--%b--\r\n" % boundary
            + self.epilogue
        )
        return self.finish(self.header(header) + b"\r\n" + body)

    def _header(self) -> bytes:
        prefix = PREFIXES[self.kind]
        if self.kind in VIRUS_KINDS and self.error == "virus":
            prefix += " PER VIRUS"
        address = self.signer.address
        to = ", ".join(address for address, _ in self.recipients) if self.is_envelope else self.sender
        if self.kind in TO_PROVIDERS:
            to = f"servizio@{DOMAINS['a']}"
        from_ = f'"Per conto di: {self.sender}" <{address}>' if self.is_envelope else address
        own = self.own_message_id or (self.pec_id if self.is_envelope else self.pec_id.replace(".53@", ".1.15.53@"))
        lines = [
            f"Return-Path: <{address}>",
            f"Delivered-To: {to}",
            (
                f"Received: from smtp.{DOMAINS['a']} (localhost [127.0.0.1])\r\n\tby mx.{DOMAINS['a']} "
                f"with LMTP id 4F1A.001;\r\n\t{self.issued_at:%a, %d %b %Y %H:%M:%S %z} (CET)"
            ),
            f"Subject: {prefix}: {self.subject}",
            *([f"X-Riferimento-Message-ID: <{self.message_id}>"] if self.message_id else []),
            f"Date: {self.issued_at:%a, %d %b %Y %H:%M:%S %z}",
            f"Message-ID: <{own}>",
            f"To: {to}",
            f"From: {from_}",
        ]
        if self.is_envelope:
            lines.append(f"X-Trasporto: {self.kind}")
            lines.append(f"Reply-To: {self.sender}")
            lines += [f"X-TipoRicevuta: {self.form}"] if self.form else []
        else:
            lines.append(f"X-Ricevuta: {self.kind}")
        if self.kind in VIRUS_KINDS and self.error == "virus":
            lines.append("X-VerificaSicurezza: errore")
        return "".join(f"{line}\r\n" for line in lines).encode()

    def daticert(self) -> bytes:
        """The certification data, by RFC 6109 §4.4."""
        recipients = "".join(
            f'        <destinatari tipo="{kind}">{escape(address)}</destinatari>\n' for address, kind in self.recipients
        )
        facts = [f"<gestore-emittente>{escape(self.signer.organization)}</gestore-emittente>"]
        zone = f"{self.issued_at:%z}"
        facts.append(
            f'<data zona="{zone}"><giorno>{self.issued_at:%d/%m/%Y}</giorno><ora>{self.issued_at:%H:%M:%S}</ora></data>'
        )
        facts.append(f"<identificativo>{escape(self.pec_id)}</identificativo>")
        if self.message_id:
            facts.append(f"<msgid>&lt;{escape(self.message_id)}&gt;</msgid>")
        if self.form:
            facts.append(f'<ricevuta tipo="{self.form}" />')
        if self.delivered_to:
            facts.append(f"<consegna>{escape(self.delivered_to)}</consegna>")
        facts += [f"<ricezione>{escape(address)}</ricezione>" for address in self.taken_for]
        if self.error_detail:
            facts.append(f"<errore-esteso>{escape(self.error_detail)}</errore-esteso>")
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<postacert tipo="{self.kind}" errore="{self.error}">\n    <intestazione>\n'
            f"        <mittente>{escape(self.sender)}</mittente>\n{recipients}"
            f"        <risposte>{escape(self.sender)}</risposte>\n"
            f"        <oggetto>{escape(self.subject)}</oggetto>\n    </intestazione>\n    <dati>\n"
            + "".join(f"        {fact}\n" for fact in facts)
            + "    </dati>\n</postacert>\n"
        ).encode()

    def text(self) -> str:
        """The readable text."""
        if self.kind == "errore":
            return "Anomalia nel messaggio: il messaggio ricevuto non è di posta certificata.\n"
        about = self.delivered_to or ",\n".join(address for address, _ in self.recipients)
        return (
            f"Il giorno {self.issued_at:%d/%m/%Y} alle ore {self.issued_at:%H:%M:%S} ({self.issued_at:%z}) "
            "il messaggio\n"
            f'"{self.subject}"\nproveniente da "{self.sender}"\ned indirizzato a\n{about}\n{TEXTS[self.kind]}\n'
            f"Identificativo del messaggio:\n{self.pec_id}\n"
        )

    def _entity(self) -> bytes:
        mixed, alternative = b"----------=_1710494430-4711-1", b"----------=_1710494430-4711-2"
        plain = binascii.b2a_qp(self.text().encode("latin-1", "replace")).replace(b"\n", b"\r\n")
        html = binascii.b2a_qp(
            f"<html><body><pre>{escape(self.text())}</pre></body></html>\n".encode("latin-1", "replace")
        )
        texts = b"".join(
            b'--%b\r\nContent-Type: text/%b; charset="iso-8859-1"\r\nContent-Disposition: inline\r\n'
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n" % (alternative, subtype, body)
            for subtype, body in ((b"plain", plain), (b"html", html.replace(b"\n", b"\r\n")))
        )
        parts = [
            b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\nContent-Transfer-Encoding: binary\r\n\r\n'
            b"%b--%b--\r\n" % (alternative, texts, alternative)
        ]
        if self.with_daticert:
            parts.append(daticert_part(self.xml(self.daticert())))
        if self.original is not None:
            parts.append(original_part(self.original, self.original_encoding, self.original_name))
        parts += self.more_parts
        body = b"".join(b"--%b\r\n%b\r\n" % (mixed, part) for part in parts)
        return (
            b'Content-Type: multipart/mixed; boundary="%b"\r\nContent-Transfer-Encoding: binary\r\n'
            b"MIME-Version: 1.0\r\n\r\n%b--%b--\r\n" % (mixed, body, mixed)
        )


def daticert_part(xml: bytes, name: bytes = b"daticert.xml") -> bytes:
    return (
        b'Content-Type: application/xml; name="%b"\r\nContent-Disposition: inline; filename="%b"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n%b" % (name, name, base64_lines(xml, 60))
    )


def original_part(original: bytes, encoding: str = "7bit", name: str | None = "postacert.eml") -> bytes:
    body = base64_lines(original) if encoding == "base64" else original
    naming = b"" if name is None else b'; name="%b"' % name.encode()
    disposition = b"" if name is None else b'Content-Disposition: inline; filename="%b"\r\n' % name.encode()
    return (
        b"Content-Type: message/rfc822%b\r\n%bContent-Transfer-Encoding: %b\r\n\r\n"
        % (naming, disposition, encoding.encode())
        + body
    )


ATTACHMENT_HASH = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def original_message(
    *,
    recipients: tuple[str, ...] = (RECIPIENT,),
    copies: tuple[str, ...] = (),
    form: str | None = None,
    attachment: bytes | None = None,
    edit: Edit = unchanged,
    subject: str = SUBJECT,
) -> bytes:
    """What the sender's client sent, with the identifiers that the access point gave it."""
    lines = [
        f"Received: from client.example by smtp.{DOMAINS['a']} with ESMTPSA; Fri, 15 Mar 2024 10:20:30 +0100 (CET)",
        f"From: Mario Rossi <{SENDER}>",
        f"To: {', '.join(recipients)}",
        *([f"Cc: {', '.join(copies)}"] if copies else []),
        f"Subject: {subject}",
        "Date: Fri, 15 Mar 2024 10:20:28 +0100",
        f"Message-ID: <{PEC_ID}>",
        f"X-Riferimento-Message-ID: <{MESSAGE_ID}>",
        *([f"X-TipoRicevuta: {form}"] if form else []),
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=-corpo-1"',
    ]
    header = "".join(f"{line}\r\n" for line in lines).encode()
    body = (
        b"--=-corpo-1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nSi diffida ad adempiere entro 15 giorni.\r\n"
    )
    body += b"--=-corpo-1\r\n" + (attachment or pdf_attachment()) + b"\r\n--=-corpo-1--\r\n"
    return edit(header + b"\r\n" + body)


def pdf_attachment() -> bytes:
    return (
        b'Content-Type: application/pdf; name="diffida.pdf"\r\n'
        b'Content-Disposition: attachment; filename="diffida.pdf"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(b"%PDF-1.4 finto")
    )


def hash_attachment(value: str = ATTACHMENT_HASH) -> bytes:
    return (
        b'Content-Type: text/plain; name="diffida.pdf.hash"\r\n'
        b'Content-Disposition: attachment; filename="diffida.pdf.hash"\r\n\r\n%b\r\n' % value.encode()
    )


def organization(letter: str) -> str:
    return ORGANIZATIONS[letter]
