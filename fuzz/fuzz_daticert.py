"""Certification data: `parse_daticert`.

    python -m fuzz.fuzz_daticert /tmp/corpus/daticert -max_total_time=3600

Nothing is raised. There is a receipt if and only if no finding is an ERROR, and whether the message carries an original
changes nothing but the form of a delivery.
"""

from __future__ import annotations

import dataclasses

from fuzz.common import check, fuzz, instrumented

with instrumented():
    from pecverify._daticert import parse_daticert
    from pecverify.policy import Limits
    from pecverify.reasons import Severity
    from pecverify.receipt import Delivery, ReceiptForm

LIMITS = Limits()
LONGEST = 8_000
_WITH_ORIGINAL = (ReceiptForm.COMPLETE, ReceiptForm.BRIEF)


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


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="xml", longest=LONGEST)
