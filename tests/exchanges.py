"""Letters and all receipts that providers issue about them, built and verified for real."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pecverify import Report, TrustStore, verify_receipt
from pecverify.archive import Origin
from tests.messages import (
    EXTERNAL,
    ISSUED_AT,
    MESSAGE_ID,
    PEC_ID,
    RECIPIENT,
    SECOND,
    SENDER,
    SUBJECT,
    Edit,
    Message,
    chain,
    hash_attachment,
    original_message,
    replacing,
    unchanged,
)
from tests.pki import DOMAINS, Signer, authority, provider

SECONDS, MINUTES, HOURS = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SOON, LATER = ISSUED_AT + HOURS, ISSUED_AT + 48 * HOURS
"""Instants at which a caller asks: an hour and two days after acceptance."""

Examined = tuple[Origin, Report]


@functools.cache
def trust() -> TrustStore:
    return TrustStore.from_certificates(authority())


def examine(message: bytes, path: str = "") -> Examined:
    """A message verified, with where it lay (by default under a name of its own)."""
    sha256 = hashlib.sha256(message).hexdigest()
    return Origin(path=path or f"{sha256[:16]}.eml", sha256=sha256), verify_receipt(message, trust=trust())


def provider_of(address: str) -> Signer:
    return next((provider(letter) for letter, domain in DOMAINS.items() if address.endswith(domain)), provider("b"))


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What one sender sent, and the receipts about it. Instants are counted from acceptance."""

    recipients: tuple[str, ...] = (RECIPIENT,)
    copies: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    pec_id: str = PEC_ID
    message_id: str | None = MESSAGE_ID
    sender: str = SENDER
    subject: str = SUBJECT
    form: str = "completa"
    accepted_at: datetime = ISSUED_AT

    @property
    def certified(self) -> tuple[tuple[str, str], ...]:
        return (
            *((address, "certificato") for address in (*self.recipients, *self.copies)),
            *((address, "esterno") for address in self.external),
        )

    def message(self, kind: str, after: timedelta, signer: Signer) -> Message:
        return Message(
            kind=kind,
            signer=signer,
            sender=self.sender,
            recipients=self.certified,
            subject=self.subject,
            pec_id=self.pec_id,
            message_id=self.message_id,
            issued_at=self.accepted_at + after,
        )

    def original(self, *, brief: bool = False, edit: Edit = unchanged) -> bytes:
        identified = chain(
            unchanged if self.pec_id == PEC_ID else replacing(PEC_ID, self.pec_id),
            unchanged if self.sender == SENDER else replacing(SENDER, self.sender),
            unchanged
            if self.message_id == MESSAGE_ID
            else replacing(
                f"X-Riferimento-Message-ID: <{MESSAGE_ID}>\r\n",
                f"X-Riferimento-Message-ID: <{self.message_id}>\r\n" if self.message_id else "",
            ),
        )
        return original_message(
            recipients=(*self.recipients, *self.external),
            copies=self.copies,
            form=None if self.form == "completa" else self.form,
            attachment=hash_attachment() if brief else None,
            edit=chain(identified, edit),
            subject=self.subject,
        )

    def sent(self, edit: Edit = unchanged) -> bytes:
        """As it lies in the sender's folder of sent mail."""
        message_id = self.message_id or "none@client.example"
        return chain(replacing(f"Message-ID: <{self.pec_id}>", f"Message-ID: <{message_id}>"), edit)(self.original())

    def acceptance(self, after: timedelta = 0 * SECONDS) -> bytes:
        return self.message("accettazione", after, provider_of(self.sender)).build()

    def refusal(self, after: timedelta = 0 * SECONDS, *, virus: bool = False) -> bytes:
        error, detail = (
            ("virus", "Eicar-Test-Signature") if virus else ("altro", "5.6.0 - Gestore A - destinatario Ccn")
        )
        message = self.message("non-accettazione", after, provider_of(self.sender))
        return replace(message, error=error, error_detail=detail).build()

    def envelope(self, after: timedelta = 0 * SECONDS, edit: Edit = unchanged) -> bytes:
        message = self.message("posta-certificata", after, provider_of(self.sender))
        # The builder writes all recipients into To; a copy is a recipient of the envelope's own Cc.
        to = ", ".join((*self.recipients, *self.external))
        everyone = ", ".join(address for address, _ in self.certified)
        divided = f"\r\nTo: {to}\r\nCc: {', '.join(self.copies)}\r\n"
        header = replacing(f"\r\nTo: {everyone}\r\n", divided) if self.copies else unchanged
        return replace(message, form=self.form, original=self.original(edit=edit), header=header).build()

    def delivery(
        self,
        address: str = RECIPIENT,
        after: timedelta = 4 * SECONDS,
        *,
        form: str | None = None,
        edit: Edit = unchanged,
        signer: Signer | None = None,
    ) -> bytes:
        """The receipt for one recipient, in the form that is its due: concise for a copy."""
        carried = form or ("sintetica" if address in self.copies else self.form)
        message = self.message("avvenuta-consegna", after, signer or provider_of(address))
        original = None if carried == "sintetica" else self.original(brief=carried == "breve", edit=edit)
        return replace(message, delivered_to=address, form=form or self.form, original=original).build()

    def failure(
        self, address: str = RECIPIENT, after: timedelta = 4 * SECONDS, *, error: str = "no-dest", detail: str = ""
    ) -> bytes:
        message = self.message("errore-consegna", after, provider_of(address))
        detail = detail or ("Eicar-Test-Signature" if error == "virus" else "5.1.1 - Gestore - indirizzo non valido")
        return replace(message, delivered_to=address, error=error, error_detail=detail).build()

    def notice(
        self,
        address: str = RECIPIENT,
        after: timedelta = 12 * HOURS,
        *,
        detail: str | None = None,
        signer: Signer | None = None,
    ) -> bytes:
        message = self.message("preavviso-errore-consegna", after, signer or provider_of(self.sender))
        return replace(
            message, delivered_to=address, error="altro" if detail else "nessuno", error_detail=detail
        ).build()

    def taken(self, *addresses: str, after: timedelta = 2 * SECONDS) -> bytes:
        message = self.message("presa-in-carico", after, provider_of((addresses or self.recipients)[0]))
        return replace(message, taken_for=addresses or self.recipients).build()

    def virus(self, address: str = RECIPIENT, after: timedelta = 3 * SECONDS, *, older: bool = False) -> bytes:
        message = self.message("rilevazione-virus", after, provider_of(address))
        about = {"taken_for": (address,)} if older else {"delivered_to": address}
        return replace(message, error="virus", error_detail="Eicar-Test-Signature", **about).build()


def many(count: int) -> tuple[str, ...]:
    """Addresses at two providers."""
    return tuple(f"ufficio{number:03}@{DOMAINS['bc'[number % 2]]}" for number in range(count))


COPY = f"cc@{DOMAINS['b']}"
MIXED = Letter(recipients=(RECIPIENT, SECOND, *many(3)), copies=(COPY,), external=(EXTERNAL,))


def mixed() -> list[bytes]:
    """Receipts of every outcome but two, a contradiction, and two files that are no evidence."""
    first, second, _ = many(3)
    forged = MIXED.delivery(SECOND).replace(b"10:20:34", b"10:20:35")
    return [
        *(MIXED.acceptance(), MIXED.envelope(), MIXED.taken(RECIPIENT, COPY), MIXED.delivery(), MIXED.delivery(COPY)),
        *(MIXED.failure(SECOND), MIXED.delivery(SECOND, 9 * SECONDS), MIXED.failure(first, error="virus")),
        *(MIXED.notice(second), MIXED.notice(second, 24 * HOURS), forged),
        b"From: <x@y.example>\r\n" + MIXED.delivery(first),
    ]
