"""Whole messages: `verify_receipt` and `find_receipts`.

    python -m fuzz.fuzz_mime /tmp/corpus/mime -max_total_time=3600

Nothing is raised. A receipt or an original is returned only if it is one that a seed holds under its signature: nobody
can make another without a key, not even with a digest that is right. The same bytes give the same report again, and
every report has a JSON form.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from fuzz.common import ROOT, TRUST, check, fuzz, instrumented
from fuzz.mutators.mime import mutate_message
from fuzz.signing import sign_message

with instrumented():
    from pecverify import Policy, Report, TrustStore, Verdict, find_receipts, verify_nested, verify_receipt

from fuzz.seeds import messages

LONGEST = 60_000


def _read(name: str) -> bytes:
    return (TRUST / name).read_bytes()


STORE = (
    TrustStore.default()
    | TrustStore.from_certificates(_read("test-ca.pem"))
    | TrustStore.from_trusted_list(_read("list.xml"), signers=[_read("list-signer.pem")])
    | TrustStore.from_provider_directory(_read("directory.p7m"), signers=[_read("directory-signer.pem")])
)
POLICIES = (
    Policy(),
    Policy(
        existed_at=datetime(2024, 3, 20, tzinfo=UTC),
        now=datetime(2024, 4, 1, tzinfo=UTC),
        sha1_digest_until=datetime(2024, 1, 1, tzinfo=UTC),
        weak_signature_until=datetime(2024, 6, 1, tzinfo=UTC),
        crls=(_read("good.crl"), _read("revoked.crl"), _read("revoked-later.crl")),
        require_revocation=True,
    ),
)


def _with_lf(data: bytes) -> bytes:
    """With the line ends that a signature does not cover (RFC 8551 §3.1.1) all alike."""
    return data.replace(b"\r\n", b"\n")


def _known_contents() -> tuple[frozenset[str], frozenset[bytes]]:
    """What the fixtures, and the receipts inside them, say and carry under signatures that hold."""
    receipts, originals = set(), set()
    for path in sorted((ROOT / "fixtures").glob("*/*.eml")):
        data = path.read_bytes()
        for report in (verify_receipt(data, trust=STORE), *verify_nested(data, trust=STORE)):
            if report.receipt is not None:
                receipts.add(repr(report.receipt))
            if report.original is not None:
                originals.add(_with_lf(report.original))
    return frozenset(receipts), frozenset(originals)


KNOWN_RECEIPTS, KNOWN_ORIGINALS = _known_contents()


def _check_report(data: bytes, report: Report) -> None:
    json.dumps(report.to_dict(), ensure_ascii=False).encode()
    if report.verdict is Verdict.VALID:
        check("a VALID report has a receipt", report.receipt is not None)
        check("a VALID report has a recognised signer", report.signer is not None and report.signer.recognised_by)
    if report.receipt is not None:
        check("a receipt is one that was signed", repr(report.receipt) in KNOWN_RECEIPTS)
    if report.original_span is None:
        check("an original has a place", report.original is None)
        return
    # It may be shown without a receipt: signed is signed, whatever is wrong with the certification data.
    check("an original is one that was signed", _with_lf(report.original or b"") in KNOWN_ORIGINALS)
    start, stop = report.original_span
    check("the original lies in the message", 0 <= start <= stop <= len(data))


def test_one_input(data: bytes) -> None:
    """One message, as it is and with the digest put right."""
    _check(data)
    forged = sign_message(data, with_key=False)
    if forged is not None:
        _check(forged.data)


def _check(data: bytes) -> None:
    for policy in POLICIES:
        report = verify_receipt(data, trust=STORE, policy=policy)
        _check_report(data, report)
        if report.receipt is not None:
            again = verify_receipt(bytearray(data), trust=STORE, policy=policy)
            check("the same bytes give the same report", again == report and again.original == report.original)
    for nested in find_receipts(data):
        start, stop = nested.span
        check("a nested receipt lies in the message", 0 <= start <= stop <= len(data))
        check("a nested receipt is cut out byte for byte", nested.encoded or nested.data == data[start:stop])


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="mime", longest=LONGEST, mutate=mutate_message, donors=messages())
