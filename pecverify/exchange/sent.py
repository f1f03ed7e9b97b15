"""What the sender's client sent: the copy from its folder of sent mail, to hold the receipts against.

It is unsigned and proves nothing. It tells which receipts ought to be there, and whether what they carry is what was
sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from pecverify import _fields
from pecverify._mime import read_part
from pecverify.exchange.evidence import body_digest
from pecverify.policy import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One message as its sender has it."""

    message_id: str
    """Its Message-ID, without angle brackets."""
    senders: tuple[str, ...]
    """The addresses of its From, case folded, sorted."""
    recipients: tuple[str, ...]
    """The addresses of To, Cc and Bcc, case folded, sorted."""
    subject: str
    """Its Subject, decoded. Hostile text: escape it before you print it."""
    body_sha256: str | None = None
    """SHA-256 of its body, line ends as CRLF and those at its end left out; None if not known."""

    @classmethod
    def parse(cls, message: bytes, *, limits: Limits | None = None) -> SentMessage:
        """Read a message.

        Args:
            message: the bytes of its .eml file, untouched.
            limits: bounds on its header; the defaults if not given.

        Raises:
            ValueError: it has no readable header, or no Message-ID by which receipts could name it.
        """
        root = read_part(message, (0, len(message)), limits or Limits())
        header = root.header.fields
        identifier = header.only("Message-ID")
        if identifier is None:
            error = "the message has no Message-ID: no receipt can name it"
            raise ValueError(error)
        return cls(
            message_id=_fields.message_id(identifier),
            senders=tuple(sorted(_fields.addresses(header.all("From")))),
            recipients=tuple(sorted(_fields.addresses(header.all("To") + header.all("Cc") + header.all("Bcc")))),
            subject=_fields.decode_text(b" ".join(header.all("Subject"))),
            body_sha256=body_digest(message, root.body),
        )
