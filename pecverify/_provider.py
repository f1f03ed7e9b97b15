"""The provider by the directory: its name, its mail domains, and which messages it has to issue.

A directory is a snapshot, and mail domains move from one provider to another: what contradicts it is reported, and only
a signer whose own address lies outside its domains is not established.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify import _fields
from pecverify._findings import found
from pecverify.reasons import Reason
from pecverify.receipt import CertifiedReceipt, Delivery, DeliveryError, ReceiptKind, TakenInCharge, VirusDetected
from pecverify.trust._providers import mail_domain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._certificate import Certificate
    from pecverify._header import Header
    from pecverify.receipt import Receipt
    from pecverify.report import Finding
    from pecverify.trust import TrustStore

_BETWEEN_PROVIDERS = (ReceiptKind.TAKEN_IN_CHARGE, ReceiptKind.VIRUS_DETECTED)
_BY_SENDERS_PROVIDER = (
    ReceiptKind.ACCEPTED,
    ReceiptKind.NOT_ACCEPTED,
    ReceiptKind.DELIVERY_DELAYED,
    ReceiptKind.TRANSPORT_ENVELOPE,
)
"""Issued by the provider of the sender (RFC 6109 §3.1)."""


def check_provider_name(certificate: Certificate, trust: TrustStore) -> Iterator[Finding]:
    """The certificate's O or CN contains the providerName of its record (RFC 6109 §5.5.1; check 13)."""
    for _, entry in trust.entries_of(certificate):
        if not _is_named(certificate, entry.provider):
            names = ", ".join(filter(None, (certificate.organization, certificate.common_name)))
            yield found(Reason.PROVIDER_NAME_MISMATCH, expected=entry.provider, actual=names or None)


def check_sender_domain(header: Header, certificate: Certificate, trust: TrustStore) -> Iterator[Finding]:
    """The domain of From is among the managedDomains tied to the certificate (RFC 6109 §7; check 11)."""
    records = trust.entries_of(certificate)
    managed = {domain for _, entry in records for domain in entry.managed_domains}
    for body in header.all("From") if records else ():
        mailbox = _fields.parse_mailbox(body)
        if mailbox is not None and mail_domain(mailbox.address) not in managed:
            names = ", ".join(dict.fromkeys(entry.name for _, entry in records))
            yield found(
                Reason.PROVIDER_DOMAIN_MISMATCH, expected=f"a domain of {names}", actual=mailbox.address, where="From"
            )


def check_issuer_role(receipt: Receipt, certificate: Certificate, trust: TrustStore) -> Iterator[Finding]:
    """The signer is the provider that had to issue this: the sender's, or the recipient's (RFC 6109 §3; check 46)."""
    if not isinstance(receipt, CertifiedReceipt):
        return
    own = {entry.provider.casefold() for _, entry in trust.entries_of(certificate)}
    for address in dict.fromkeys(_concerned(receipt)):
        managers = trust.managers_of(address)
        if managers and not any(
            entry.provider.casefold() in own or _is_named(certificate, entry.provider) for entry in managers
        ):
            names = ", ".join(dict.fromkeys(entry.provider for entry in managers))
            actual = f"{certificate.organization or certificate.common_name} for {address}"
            yield found(Reason.ISSUER_ROLE_MISMATCH, expected=names, actual=actual)


def check_mail_receipt(header: Header, receipt: Receipt, trust: TrustStore) -> Iterator[Finding]:
    """What passes between providers goes to the mailReceipt of the sender's (RFC 6109 §3.2.1, §3.2.3; check 24)."""
    if not isinstance(receipt, CertifiedReceipt) or receipt.kind not in _BETWEEN_PROVIDERS:
        return
    expected = [entry.mail_receipt for entry in trust.managers_of(receipt.sender) if entry.mail_receipt is not None]
    bodies = header.all("To")
    if expected and bodies and _fields.addresses(bodies).isdisjoint(map(str.casefold, expected)):
        yield found(Reason.TO_MISMATCH, expected=", ".join(expected), actual=_fields.decode_text(bodies[0]), where="To")


def _concerned(receipt: CertifiedReceipt) -> tuple[str, ...]:
    """The addresses whose provider issues such a message; none where it may be either's."""
    if receipt.kind in _BY_SENDERS_PROVIDER:
        return (receipt.sender,)
    match receipt:
        case Delivery(delivered_to=recipient):
            return (recipient,)
        case TakenInCharge(taken_for=recipients):
            return recipients
        case VirusDetected(delivered_to=None, taken_for=recipients):
            return recipients
        case VirusDetected(delivered_to=str(recipient)):
            return (recipient,)
        case _:
            # A failure comes from the recipient's provider, or, after a virus notice, from the sender's.
            return (receipt.sender,) if receipt.error is DeliveryError.VIRUS else ()


def _is_named(certificate: Certificate, provider: str) -> bool:
    wanted = _normal(provider)
    return any(wanted in _normal(name) for name in (certificate.organization, certificate.common_name) if name)


def _normal(name: str) -> str:
    return " ".join(name.split()).casefold()
