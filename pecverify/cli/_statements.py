"""What a VALID message certifies, in plain sentences: never more than its kind proves.

Source: RFC 6109 §3; CAD (D.Lgs. 82/2005) art. 6, 45 and 48.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify import (
    CertifiedReceipt,
    Delivery,
    DeliveryDelay,
    DeliveryFailure,
    ReceiptForm,
    Severity,
    TakenInCharge,
    TransportEnvelope,
    VirusDetected,
)
from pecverify.cli import _messages as m
from pecverify.cli._facts import list_recipients, list_texts
from pecverify.cli._text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify import Receipt, Report, Signer
    from pecverify.cli._text import Style


def state(receipt: Receipt, report: Report, style: Style) -> Iterator[str]:
    """The sentences for the receipt of a VALID report.

    Args:
        receipt: what `report.require()` returned.
        report: the same report, for its signer and its warnings.
        style: the language.
    """
    values = {"provider": _name_provider(report.signer, style), **_name_parties(receipt, style)}
    sentence = style.say(m.STATEMENTS[receipt.kind], **values)
    yield sentence[0].upper() + sentence[1:]
    if receipt.kind in m.LIMITS:
        yield style.say(m.LIMITS[receipt.kind])
    content = _state_content(receipt, report)
    if content is not None:
        yield style.say(content)
    if isinstance(receipt, DeliveryDelay):
        yield style.say(m.NOTICES[receipt.possible_notices])
    if any(finding.severity is Severity.WARNING for finding in report.findings):
        yield style.say(m.READ_THE_WARNINGS)


def _state_content(receipt: Receipt, report: Report) -> m.Phrase | None:
    """Whether the content is proved too: by the original under the same signature, unless a warning casts doubt."""
    doubtful = any(
        finding.severity is Severity.WARNING and finding.reason.value.startswith(("original-", "brief-"))
        for finding in report.findings
    )
    match receipt:
        case Delivery(carried_form=ReceiptForm.COMPLETE | ReceiptForm.BRIEF) | TransportEnvelope() if doubtful:
            return m.CONTENT_DOUBTFUL
        case Delivery(carried_form=form):
            return m.CONTENTS[form]
        case TransportEnvelope():
            return m.ENVELOPE_CONTENT
    return None


def _name_provider(signer: Signer | None, style: Style) -> str:
    name = None if signer is None else signer.provider.name or signer.provider.organization
    return style.say(m.THE_PROVIDER) if name is None else style.say(m.PROVIDER_NAMED, name=shown(name))


def _name_parties(receipt: Receipt, style: Style) -> dict[str, str]:
    if not isinstance(receipt, CertifiedReceipt):
        return {}
    parties = {
        "when": _name_instant(receipt.issued_at, style),
        "message": style.say(m.THE_MESSAGE)
        if receipt.subject is None
        else style.say(m.MESSAGE_NAMED, subject=shown(receipt.subject)),
        "sender": shown(receipt.sender),
        "recipients": list_recipients(receipt.recipients, style),
    }
    if isinstance(receipt, Delivery | DeliveryFailure | DeliveryDelay):
        parties["delivered_to"] = shown(receipt.delivered_to)
    if isinstance(receipt, TakenInCharge | VirusDetected):
        concerned = receipt.taken_for
        if isinstance(receipt, VirusDetected) and receipt.delivered_to is not None:
            concerned = (receipt.delivered_to,)
        parties["taken_for"] = list_texts(concerned, style) or parties["recipients"]
    return parties


def _name_instant(instant: datetime, style: Style) -> str:
    year, month, day = f"{instant.year:04}", f"{instant.month:02}", f"{instant.day:02}"
    return style.say(
        m.ON_AT,
        day=f"{day}/{month}/{year}" if style.language == "it" else f"{year}-{month}-{day}",
        time=f"{instant:%H:%M:%S}",
        zone=f"{instant:%z}",
    )
