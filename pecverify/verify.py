"""The procedure, and the only place where a verdict is decided.

RFC 6109 §2.2.2 asks a receiver to establish that a message is signed, that the signer is a provider, that the
signature, the certificate and its path hold, and that the message has the prescribed form. `verify_receipt` does it in
these steps; a failed step does not stop the ones that can still run:

 1. message format: the root is multipart/signed with exactly two parts (RFC 1847, RFC 8551 §3.5.3);
 2. certification data: the signed part holds one daticert.xml (RFC 6109 §4.3, §4.4), or is an anomaly envelope;
 3. signature format: CMS SignedData with one signer, signed attributes and its certificate (RFC 5652 §5);
 4. digest: messageDigest is the digest of the signed part (RFC 5652 §5.4, §11.2);
 5. signature: it verifies over the signed attributes with the certificate's key (RFC 5652 §5.6);
 6. instant: the time that the message states, or the caller's (ETSI EN 319 102-1 §5.2.6: best signature time);
 7. algorithms: good enough at that instant;
 8. signer certificate and recognition: profile, validity, a source of trust that recognises it at that instant: a
    directory, the trusted list, or a path to an anchor (RFC 5280 §6);
 9. revocation: by the data given, no certificate of the path was revoked at that instant (RFC 5280 §6.3);
10. sender address: From is an address of the certificate (RFC 6109 §2.1), in a domain of the provider (§7);
11. consistency: header, certification data, text and original agree (RFC 6109 §3);
12. verdict: INVALID if anything is disproved, INDETERMINATE if anything is not established, else VALID.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pecverify import _fields
from pecverify._certificate import Certificate, CertificateError
from pecverify._cms import CmsError, SignerView, identifies, parse_signed_data
from pecverify._consistency import check_header, check_receipt, check_repeated_fields, check_text
from pecverify._daticert import parse_daticert
from pecverify._findings import found, in_order
from pecverify._header import MimeError
from pecverify._mime import (
    ENCODED_PER_BYTE,
    canonical_chunks,
    decode_body,
    is_of_lines,
    read_signed_message,
    walk_signed_tree,
)
from pecverify._original import check_anomaly, check_original, check_presence
from pecverify._pki import check_signer
from pecverify._provider import check_issuer_role, check_mail_receipt, check_provider_name, check_sender_domain
from pecverify._recognition import recognise
from pecverify._revocation import check_revocation
from pecverify._signature import AlgorithmError, verify_signature
from pecverify.nested import find_receipts
from pecverify.policy import Policy
from pecverify.reasons import Check, Reason, Severity
from pecverify.receipt import AnomalyEnvelope, CertifiedReceipt
from pecverify.report import Basis, CheckResult, Outcome, Recognition, Report, Signer, Times, Verdict
from pecverify.trust import TrustStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pecverify._mime import Part, SignedMessage
    from pecverify._recognition import RecognitionResult
    from pecverify.policy import Limits
    from pecverify.receipt import Receipt
    from pecverify.report import Finding, Span

Message: TypeAlias = "bytes | bytearray | memoryview"

_CERTIFICATION_DATA_NAMES = frozenset(
    {"daticert.xml", "certdata.xml"}
)  # the second is RFC 6109's own, never seen deployed
_ORIGINAL_NAME = "postacert.eml"
_CHECKS = tuple(Check)
_CHECK_RESULTS = {(check, outcome): CheckResult(check=check, outcome=outcome) for check in Check for outcome in Outcome}
# What mail programs write before the first part, for readers without MIME: no content of the message.
_MIME_NOTICE = re.compile(rb"(?:This is (?:an?|a cryptographically) [\x20-\x7e]{0,60}\bMIME\b[\x20-\x7e]{0,40})?")
_LONGEST_NOTICE = 1_000


def verify_receipt(message: Message, *, trust: TrustStore | None = None, policy: Policy | None = None) -> Report:
    """Establish whether a PEC message is genuine, what it certifies and why.

    Works offline and reads no clock.

    Args:
        message: the bytes of the .eml file, untouched.
        trust: who may sign; the AgID and DigitPA anchors (`TrustStore.default()`) if not given.
        policy: at which instant, with which algorithms and limits; `Policy()` if not given.

    Returns:
        A report for any bytes whatever.

    Raises:
        TypeError: `message` is not bytes. Nothing on hostile input.

    Source: RFC 6109 §2.2.2; ETSI EN 319 102-1 §5.
    """
    case = _Case(_bytes_of(message, "verify_receipt"), trust or TrustStore.default(), policy or Policy())
    return _examine(case)


def verify_nested(
    message: Message, *, trust: TrustStore | None = None, policy: Policy | None = None
) -> tuple[Report, ...]:
    """Verify each receipt inside a message on its own; `taken_from` says where it lay. As `verify_receipt`."""
    limits = (policy or Policy()).limits
    return tuple(
        dataclasses.replace(verify_receipt(nested.data, trust=trust, policy=policy), taken_from=nested.span)
        for nested in find_receipts(_bytes_of(message, "verify_nested"), limits=limits)
    )


def _bytes_of(message: Message, taker: str) -> bytes:
    if not isinstance(message, bytes | bytearray | memoryview):
        error = f"{taker} takes bytes, not {type(message).__name__}: open the file in binary mode"
        raise TypeError(error)
    return bytes(message)


@dataclass(slots=True)
class _Case:
    """What is under examination and what has been found."""

    data: bytes
    trust: TrustStore
    policy: Policy
    findings: list[Finding] = field(default_factory=list)
    ran: set[Check] = field(default_factory=set)

    def record(self, check: Check, findings: Iterable[Finding]) -> None:
        self.ran.add(check)
        self.findings.extend(findings)


@dataclass(slots=True)
class _Content:
    """What the signed part holds."""

    leaves: tuple[Part, ...] = ()
    receipt: Receipt | None = None
    original: tuple[bytes, Span] | None = None
    original_span: Span | None = None


@dataclass(slots=True)
class _Signature:
    """What the signature part holds, as far as it could be read."""

    view: SignerView | None = None
    embedded: tuple[Certificate, ...] = ()
    """The certificates in it that can be read."""
    certificate: Certificate | None = None
    """The signer's."""
    digest_holds: bool = False
    value_holds: bool = False

    @property
    def holds(self) -> bool:
        """Whether the signed part is what the certificate's key signed."""
        return self.digest_holds and self.value_holds


def _examine(case: _Case) -> Report:
    # 1. Message format.
    message = _read_message(case)
    if message is None:
        return _conclude(case, _Content(), _Signature(), None, None)
    header = message.root.header.fields
    # 2. Certification data.
    content = _read_content(case, message)
    # 3. to 5. Signature format, digest, signature.
    signature = _read_signature(case, message)
    if signature.view is not None:
        signature.digest_holds = _check_digest(case, message, signature.view)
        signature.value_holds = _check_signature(case, signature)
    # 6. Instant.
    times = _determine_times(case, message, content.receipt, signature.view)
    # 7. and 8. Algorithms, signer certificate, recognition.
    recognition = _check_signer(case, signature, times)
    # 9. Revocation.
    _check_revocation(case, signature, times, recognition)
    # 10. Sender address.
    certificate = signature.certificate
    if certificate is not None:
        case.record(Check.SENDER_ADDRESS, _check_sender_address(header.all("From"), certificate))
        case.record(Check.SENDER_ADDRESS, check_sender_domain(header, certificate, case.trust))
    # 11. Consistency.
    case.record(Check.CONSISTENCY, check_repeated_fields(header))
    if content.receipt is not None:
        case.record(Check.CONSISTENCY, _check_consistency(case, message, content, times))
        if certificate is not None:
            case.record(Check.CONSISTENCY, check_issuer_role(content.receipt, certificate, case.trust))
    # 12. Verdict.
    return _conclude(case, content, signature, times, recognition)


def _read_message(case: _Case) -> SignedMessage | None:
    case.ran.add(Check.MESSAGE_FORMAT)
    try:
        message = read_signed_message(case.data, case.policy.limits)
    except MimeError as error:
        nested = _find_nested(case) if error.reason in (Reason.NOT_PEC, Reason.MIME_MALFORMED) else []
        case.findings += nested
        if not nested or error.reason is not Reason.NOT_PEC:
            case.findings.append(found(error.reason, actual=error.detail, where=error.span))
        return None
    for start, stop in (message.layout.preamble, message.layout.epilogue):
        text = case.data[start : min(stop, start + _LONGEST_NOTICE)].strip()
        if stop - start > _LONGEST_NOTICE or not _MIME_NOTICE.fullmatch(text):
            quote = text.decode("ascii", "backslashreplace")
            case.findings.append(found(Reason.UNSIGNED_CONTENT, actual=quote, where=(start, stop)))
    return message


def _find_nested(case: _Case) -> list[Finding]:
    """A receipt inside another message is not this message's."""
    return [
        found(Reason.NESTED_RECEIPT, where=nested.span)
        for nested in find_receipts(case.data, limits=case.policy.limits)
    ]


def _read_content(case: _Case, message: SignedMessage) -> _Content:
    """The parts of the signed entity; "parts 2 and 3 in either order" (RFC 6109 §4.3), so found by name."""
    content = _Content()
    data, limits = case.data, case.policy.limits
    case.ran.add(Check.CERTIFICATION_DATA)
    try:
        content.leaves = walk_signed_tree(data, message.signed, limits)
        certification = [leaf for leaf in content.leaves if not _CERTIFICATION_DATA_NAMES.isdisjoint(leaf.header.names)]
        originals = [leaf for leaf in content.leaves if _ORIGINAL_NAME in leaf.header.names] or [
            leaf for leaf in content.leaves if leaf.media_type == "message/rfc822"
        ]
        if len(originals) > 1:
            case.findings.append(found(Reason.ORIGINAL_REPEATED, expected="1", actual=str(len(originals))))
        elif originals:
            _take_original(case, content, originals[0])
        if len(certification) > 1:
            case.findings.append(found(Reason.DATICERT_REPEATED, expected="1", actual=str(len(certification))))
        elif certification:
            xml = decode_body(data, certification[0], most=ENCODED_PER_BYTE * limits.daticert_bytes)
            content.receipt, findings = parse_daticert(xml, limits, carries_original=bool(originals))
            case.findings += findings
        elif _claims_anomaly(message):
            content.receipt = AnomalyEnvelope()
        else:
            case.findings += [*_find_nested(case), found(Reason.DATICERT_MISSING, where=message.signed.span)]
    except MimeError as error:
        case.findings.append(found(error.reason, actual=error.detail, where=error.span))
    return content


def _take_original(case: _Case, content: _Content, part: Part) -> None:
    content.original_span = part.body
    content.original = (case.data, part.body)
    if part.header.is_encoded:
        decoded = decode_body(case.data, part, most=case.policy.limits.encoded_bytes)
        content.original = (decoded, (0, len(decoded)))
        case.findings.append(found(Reason.ORIGINAL_TRANSFER_ENCODED, actual=part.header.encoding, where=_ORIGINAL_NAME))


def _claims_anomaly(message: SignedMessage) -> bool:
    """The anomaly envelope has no certification data to know it by; believing its header gives it nothing."""
    return [_fields.decode_text(body).casefold() for body in message.root.header.fields.all("X-Trasporto")] == [
        "errore"
    ]


def _read_signature(case: _Case, message: SignedMessage) -> _Signature:
    case.ran.add(Check.SIGNATURE_FORMAT)
    signature = _Signature()
    try:
        view = signature.view = parse_signed_data(message.signature, case.policy.limits)
    except CmsError as error:
        case.findings.append(found(error.reason, actual=error.actual, where="smime.p7s"))
        return signature
    if not view.is_der:
        case.findings.append(found(Reason.BER_ENCODING, where="smime.p7s"))
    if not view.attributes_in_order:
        case.findings.append(found(Reason.SIGNED_ATTRIBUTES_ORDER, where="smime.p7s"))
    if message.micalg is None or message.micalg.replace("-", "") != view.digest:
        case.findings.append(found(Reason.MICALG_MISMATCH, expected=view.digest, actual=message.micalg))
    signature.embedded, refused = _parse_certificates(case.trust, view.certificates)
    signature.certificate = _find_signer_certificate(case, view, signature.embedded, refused)
    return signature


def _parse_certificates(
    trust: TrustStore, encoded: Iterable[bytes]
) -> tuple[tuple[Certificate, ...], list[CertificateError]]:
    """Those that can be read, and why the others cannot."""
    certificates: list[Certificate] = []
    refused: list[CertificateError] = []
    for der in encoded:
        try:
            certificates.append(trust.certificate(der))
        except CertificateError as error:
            refused.append(error)
    return tuple(certificates), refused


def _find_signer_certificate(
    case: _Case, view: SignerView, embedded: tuple[Certificate, ...], refused: list[CertificateError]
) -> Certificate | None:
    """The one embedded certificate that the signer identifier names (RFC 5652 §5.3, RFC 6109 §2.1)."""
    candidates = [certificate for certificate in embedded if identifies(view, certificate)]
    if len(candidates) > 1:
        case.findings.append(found(Reason.SIGNER_AMBIGUOUS, expected="1", actual=str(len(candidates))))
        return None
    if not candidates:
        reason = refused[0].reason if refused else Reason.CERTIFICATE_MISSING
        case.findings.append(found(reason, actual="; ".join(map(str, refused)) or None, where="smime.p7s"))
        return None
    for digest, value in view.certificate_hashes:
        if _digest_of(digest, candidates[0].der) != value:
            case.findings.append(found(Reason.SIGNER_REFERENCE_MISMATCH, actual=f"{digest} {value.hex()}"))
    return candidates[0]


def _digest_of(name: str, data: bytes) -> bytes | None:
    if name not in ("sha1", "sha224", "sha256", "sha384", "sha512"):
        return None
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _check_digest(case: _Case, message: SignedMessage, view: SignerView) -> bool:
    """The digest over the bytes as they are, or over the canonical form with CRLF line ends (RFC 8551 §3.1.1).

    Whichever is likelier by the look of the first line is tried first; both are, before it is called a mismatch.
    """
    span = message.signed.span
    line_end = case.data.find(b"\n", *span)
    saved_with_lf = line_end > 0 and case.data[line_end - 1 : line_end] != b"\r"
    digests: dict[bool, bytes] = {}
    for canonical in (True, False) if saved_with_lf else (False, True):
        if canonical and not is_of_lines(case.data, span):
            continue
        digests[canonical] = digest_part(case.data, span, view.digest, canonical=canonical)
        if digests[canonical] == view.message_digest:
            case.ran.add(Check.DIGEST)
            if canonical:
                case.findings.append(found(Reason.LINE_ENDINGS_CANONICALISED, where=span))
            return True
    if True in digests:
        expected, actual = view.message_digest.hex(), digests[True].hex()
        case.record(Check.DIGEST, [found(Reason.DIGEST_MISMATCH, expected=expected, actual=actual, where=span)])
    else:
        case.findings.append(found(Reason.LIMIT_EXCEEDED, actual="too many line ends", where=span))
    return False


def digest_part(data: bytes, span: Span, name: str, *, canonical: bool) -> bytes:
    """The digest of what lies at `span`, as it is or in its canonical form (RFC 8551 §3.1.1)."""
    digest = hashlib.new(name, usedforsecurity=False)
    for chunk in canonical_chunks(data, span) if canonical else (memoryview(data)[slice(*span)],):
        digest.update(chunk)
    return digest.digest()


def _check_signature(case: _Case, signature: _Signature) -> bool:
    view, certificate = signature.view, signature.certificate
    if view is None or certificate is None:
        return False
    case.ran.add(Check.SIGNATURE)
    try:
        if verify_signature(certificate.public_key, view.signature_algorithm, view.signature, view.signed_attributes):
            return True
    except AlgorithmError as error:
        case.record(Check.ALGORITHMS, [found(error.reason, actual=error.actual)])
        return False
    case.findings.append(found(Reason.SIGNATURE_INVALID, where="smime.p7s"))
    return False


def _determine_times(case: _Case, message: SignedMessage, receipt: Receipt | None, view: SignerView | None) -> Times:
    """Which instant certificate and algorithms are judged at, and whether the stated one is plausible."""
    case.ran.add(Check.INSTANT)
    policy = case.policy
    signing_time = None if view is None else view.signing_time
    stated_at = receipt.issued_at if isinstance(receipt, CertifiedReceipt) else None
    # Without certification data the signed signingTime is the one statement of time.
    claimed = stated_at or signing_time
    validated_at = policy.at or policy.existed_at or claimed
    basis = Basis.GIVEN if policy.at else Basis.PROVEN if policy.existed_at else Basis.STATED
    if validated_at is None and receipt is not None:
        case.findings.append(found(Reason.INSTANT_UNKNOWN))
    if claimed is not None:
        case.findings += _check_claimed_time(claimed, signing_time, policy)
    return Times(
        stated_at=stated_at,
        signing_time=signing_time,
        header_date=_fields.parse_date(message.root.header.fields),
        validated_at=validated_at,
        basis=basis,
    )


def _check_claimed_time(claimed: datetime, signing_time: datetime | None, policy: Policy) -> Iterable[Finding]:
    known = [instant for instant in (policy.now, policy.at, policy.existed_at) if instant is not None]
    if known and claimed - min(known) > policy.clock_tolerance:
        yield found(Reason.STATED_IN_FUTURE, expected=f"not after {min(known).isoformat()}", actual=claimed.isoformat())
    if signing_time is not None and abs(signing_time - claimed) > policy.clock_tolerance:
        yield found(Reason.SIGNING_TIME_MISMATCH, expected=claimed.isoformat(), actual=signing_time.isoformat())


def _check_signer(case: _Case, signature: _Signature, times: Times) -> RecognitionResult | None:
    view, certificate = signature.view, signature.certificate
    if view is None:
        return None
    case.record(Check.ALGORITHMS, _check_digest_strength(view, times.validated_at, case.policy))
    if certificate is None:
        return None
    case.record(Check.SIGNER_CERTIFICATE, check_signer(certificate, case.trust, times, case.policy))
    result = recognise(certificate, signature.embedded, case.trust, times.validated_at, case.policy)
    case.record(Check.RECOGNITION, result.findings)
    case.record(Check.RECOGNITION, check_provider_name(certificate, case.trust))
    return result


def _check_revocation(case: _Case, signature: _Signature, times: Times, recognition: RecognitionResult | None) -> None:
    if recognition is None or recognition.statement is None:
        return  # a signer that nobody recognises has no path to ask about
    findings, is_established = check_revocation(recognition.path, signature.embedded, case.trust, times, case.policy)
    case.findings += findings
    if is_established:  # else nothing was passed by saying nothing
        case.ran.add(Check.REVOCATION)


def _check_digest_strength(view: SignerView, instant: datetime | None, policy: Policy) -> Iterable[Finding]:
    if view.digest == "sha1":
        until = policy.sha1_digest_until
        refused = until is not None and (instant is None or instant > until)
        yield found(Reason.DIGEST_WEAK, actual="sha1", severity=Severity.UNKNOWN if refused else None)


def _check_sender_address(from_bodies: tuple[bytes, ...], certificate: Certificate) -> Iterable[Finding]:
    """From is the certificate's address (RFC 6109 §2.1): an rfc822Name of its subjectAltName (§5.5.1)."""
    certified = frozenset(map(_fields.address_key, certificate.addresses))
    expected = ", ".join(certificate.addresses)
    if not from_bodies:
        yield found(Reason.FROM_MISSING, expected=expected, where="From")
    for body in from_bodies:
        mailbox = _fields.parse_mailbox(body)
        if mailbox is None or _fields.address_key(mailbox.address) not in certified:
            actual = _fields.decode_text(body) if mailbox is None else mailbox.address
            yield found(Reason.FROM_NOT_IN_CERTIFICATE, expected=expected, actual=actual, where="From")


def _check_consistency(case: _Case, message: SignedMessage, content: _Content, times: Times) -> Iterable[Finding]:
    header, receipt = message.root.header.fields, content.receipt
    if not isinstance(receipt, CertifiedReceipt):
        yield from check_header(header, times.header_date, AnomalyEnvelope())
        yield from check_anomaly(content.leaves)
        return
    yield from check_header(header, times.header_date, receipt)
    yield from check_mail_receipt(header, receipt, case.trust)
    yield from check_receipt(receipt)
    yield from check_presence(receipt, carries_original=content.original is not None)
    for leaf in content.leaves:
        if leaf.media_type == "text/plain" and not leaf.header.names:
            yield from check_text(_read_text(case.data, leaf, case.policy.limits), receipt)
            break
    if content.original is not None:
        yield from check_original(*content.original, header, receipt, case.policy.limits)


def _read_text(data: bytes, leaf: Part, limits: Limits) -> str:
    """The readable text, which says no more than daticert.xml: it is compared, never believed."""
    try:
        text = decode_body(data, leaf, most=ENCODED_PER_BYTE * limits.daticert_bytes)
        return _fields.decode_charset(text, leaf.header.content_type.parameters.get("charset"))
    except MimeError:
        return ""


def _conclude(
    case: _Case,
    content: _Content,
    signature: _Signature,
    times: Times | None,
    recognition: RecognitionResult | None,
) -> Report:
    findings = in_order(case.findings)
    failed = {finding.check for finding in findings if finding.severity is Severity.ERROR}
    unknown = {finding.check for finding in findings if finding.severity is Severity.UNKNOWN}
    verdict = Verdict.INVALID if failed else Verdict.INDETERMINATE if unknown else Verdict.VALID
    original = content.original if signature.holds else None
    return Report(
        verdict=verdict,
        findings=findings,
        checks=tuple(CheckResult(check=check, outcome=_outcome(check, failed, unknown, case.ran)) for check in _CHECKS),
        # Unsigned data is never believed: nothing of the content is shown until digest and signature hold.
        receipt=content.receipt if signature.holds else None,
        signer=_describe_signer(case.trust, signature, recognition),
        times=_shown_times(times, signature),
        original_span=content.original_span if signature.holds else None,
        _original=None if original is None else memoryview(original[0])[slice(*original[1])],
    )


def _shown_times(times: Times | None, signature: _Signature) -> Times:
    """What of the times is signed, and the Date header."""
    if times is None:
        return Times(stated_at=None, signing_time=None, header_date=None, validated_at=None, basis=Basis.STATED)
    if signature.holds:
        return times
    signing_time = times.signing_time if signature.value_holds else None
    validated_at = None if times.basis is Basis.STATED else times.validated_at
    return dataclasses.replace(times, stated_at=None, signing_time=signing_time, validated_at=validated_at)


def _outcome(check: Check, failed: set[Check], unknown: set[Check], ran: set[Check]) -> Outcome:
    if check in failed:
        return Outcome.FAILED
    if check in unknown:
        return Outcome.UNKNOWN
    return Outcome.PASSED if check in ran else Outcome.NOT_RUN


def _describe_signer(trust: TrustStore, signature: _Signature, result: RecognitionResult | None) -> Signer | None:
    view, certificate = signature.view, signature.certificate
    if view is None or certificate is None or result is None:
        return None
    # A certificate whose key did not verify the signature is only claimed: it recognises nobody.
    carrying = result.statement if signature.value_holds else None
    return Signer(
        provider=trust.provider_of(certificate),
        certificate=certificate.facts,
        addresses=certificate.addresses,
        key=certificate.public_key.description,
        digest_algorithm=view.digest,
        signature_algorithm=view.signature_algorithm.scheme,
        recognition=Recognition.NONE if carrying is None else carrying.recognition,
        recognised_by=None if carrying is None else carrying.describe(),
        statements=result.statements if signature.value_holds else (),
        path=result.path.path,
    )
