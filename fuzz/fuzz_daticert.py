"""Certification data: `parse_daticert`.

    python -m fuzz.fuzz_daticert /tmp/corpus/daticert -max_total_time=3600

Nothing is raised. There is a receipt if and only if no finding is an ERROR, and whether the message carries an original
changes nothing but the form of a delivery. What a receipt says is found by another reading of the document too, in the
one element where it belongs.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from lxml import etree

from fuzz.common import check, fuzz, instrumented
from fuzz.mutators.xml import mutate_xml

with instrumented():
    from pecverify._daticert import parse_daticert
    from pecverify.policy import Limits
    from pecverify.reasons import Severity
    from pecverify.receipt import Delivery, ReceiptForm

from fuzz.seeds import daticerts

if TYPE_CHECKING:
    from pecverify.receipt import CertifiedReceipt

LIMITS = Limits()
LONGEST = 8_000
_WITH_ORIGINAL = (ReceiptForm.COMPLETE, ReceiptForm.BRIEF)

_ONCE = ("intestazione", "dati", "intestazione/mittente", "dati/identificativo", "dati/data", "dati/data/giorno")
_AT_MOST_ONCE = (
    *("intestazione/risposte", "intestazione/oggetto", "dati/gestore-emittente", "dati/msgid", "dati/ricevuta"),
    *("dati/consegna", "dati/errore-esteso"),
)
_BLANKS = " \t\r\n"
_PARSER = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, attribute_defaults=False)


def _check_receipt(data: bytes, receipt: CertifiedReceipt) -> None:
    root = etree.fromstring(data, _PARSER)
    check("what must be there once is", all(len(root.findall(path)) == 1 for path in _ONCE))
    check("what may be there once is not there twice", all(len(root.findall(path)) <= 1 for path in _AT_MOST_ONCE))
    texts = {path: [each.xpath("string()").strip(_BLANKS) for each in root.findall(path)] for path in _PATHS}
    check("the kind is the root's", root.get("tipo") == receipt.kind.value)
    check("the sender is the element's", _bare(texts["intestazione/mittente"]) == [receipt.sender])
    check("the identifier is the element's", _bare(texts["dati/identificativo"]) == [receipt.pec_id])
    addresses = [recipient.address for recipient in receipt.recipients]
    check("the recipients are the elements'", _bare(texts["intestazione/destinatari"]) == addresses)
    check("the subject is the element's", texts["intestazione/oggetto"] == _list(receipt.subject))
    check(
        "the day is the element's",
        texts["dati/data/giorno"] == [f"{receipt.issued_at:%d/%m/}{receipt.issued_at.year:04}"],
    )
    if isinstance(receipt, Delivery):
        check("who it was delivered to is the element's", _bare(texts["dati/consegna"]) == [receipt.delivered_to])


_PATHS = (*_ONCE, *_AT_MOST_ONCE, "intestazione/destinatari")


def _list(value: str | None) -> list[str]:
    return [] if value is None else [value]


def _bare(values: list[str]) -> list[str]:
    return [value[1:-1] if value.startswith("<") and value.endswith(">") else value for value in values]


def test_one_input(data: bytes) -> None:
    """One daticert.xml."""
    receipt, findings = parse_daticert(data, LIMITS, carries_original=False)
    is_refused = any(finding.severity is Severity.ERROR for finding in findings)
    check("a receipt if and only if there is no ERROR", (receipt is None) == is_refused)
    for finding in findings:
        check("a finding has a text in both languages", finding.text("en") and finding.text("it"))
    other, other_findings = parse_daticert(data, LIMITS, carries_original=True)
    check("an original changes no finding", findings == other_findings)
    if isinstance(receipt, Delivery):
        check("no original, so concise", receipt.carried_form is ReceiptForm.CONCISE)
        check("an original, so not concise", isinstance(other, Delivery) and other.carried_form in _WITH_ORIGINAL)
        forms = [dataclasses.replace(receipt, carried_form=form) for form in _WITH_ORIGINAL]
        check("nothing else changes", any(other == form for form in forms))
    else:
        check("an original changes no receipt", receipt == other)
    if receipt is not None:
        check("the time is aware", receipt.issued_at.utcoffset() is not None)
        check("there is a recipient", receipt.recipients)
        for identity in (receipt.pec_id, receipt.sender, *(recipient.address for recipient in receipt.recipients)):
            check("identities are visible ASCII", identity.isascii() and identity.isprintable())
        _check_receipt(data, receipt)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="xml", longest=LONGEST, mutate=mutate_xml, donors=tuple(daticerts()))
