"""What the caller accepts: at which instant, with which algorithms, within which limits.

A policy never reads a clock while a message is verified; `Policy.strict()` reads it once, when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LAST_SHA1_CERTIFICATE_AT = datetime(2017, 12, 31, 23, 59, 59, tzinfo=UTC)
"""`Policy.archival()` accepts RSA-1024 and SHA-1 certificates up to here: DigitPA CA1, the last CA that issued them
to PEC providers, ended on 14 January 2018 and the last certificate seen under it on 10 February 2017."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds, inclusive. What exceeds one is refused as `limit-exceeded`, whatever else it may hold."""

    message_bytes: int = 200_000_000
    """The file. PEC's own limit is 30 MB (D.M. 2 Nov 2005), some providers allow 100 MB, and base64 adds a third."""
    header_bytes: int = 64_000
    """One header block. Sendmail's MaxHeadersLength is 32,768, Postfix' header_size_limit 102,400."""
    mime_depth: int = 8
    """Nesting of MIME parts in the signed tree. Genuine receipts need 3."""
    mime_parts: int = 100
    """Parts of the signed tree (the parts of the original message are not walked). Genuine receipts need 6."""
    daticert_bytes: int = 1_000_000
    """daticert.xml after transfer decoding: room for some 10,000 recipients."""
    encoded_bytes: int = 45_000_000
    """An original or an attached message in base64 or quoted-printable, as it stands: it has to be decoded as a whole.
    PEC's own limit of 30 MB comes to 41 MB in base64. What is not encoded is never copied, and not bounded by this."""
    cms_bytes: int = 1_000_000
    """The decoded signature. Genuine ones need 3 to 12 kB; OpenSSL and GnuTLS set none."""
    certificates: int = 16
    """Certificates in the signature. OpenSSL's default verify depth is 100, rustls' path budget 6 intermediates."""
    asn1_depth: int = 32
    """Nesting of ASN.1 values. OpenSSL's ASN1_MAX_CONSTRUCTED_NEST is 30, for strings alone."""
    oid_bytes: int = 64
    """Content of one OBJECT IDENTIFIER. X.660 sets none; those in use stay under 32."""
    path_length: int = 5
    """Certificates of a path, signer and anchor included. PEC needs 2."""
    signature_checks: int = 100
    """Certificate signatures tried while a path is built (rustls-webpki's Budget: 100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The caller's demands on a receipt.

    `Policy()` accepts what genuine providers made from 2018 on: SHA-1 message digests with a warning, no RSA key under
    2048 bits and no certificate signed with SHA-1. Every datetime must be aware.

    Raises:
        TypeError: `crls` or `ocsp` is not a tuple or list of bytes.
        ValueError: a naive datetime, or both `at` and `existed_at`.
    """

    at: datetime | None = None
    """Validate at this instant instead of the one the receipt states (basis `given`)."""
    existed_at: datetime | None = None
    """An instant at which the caller can prove that the file existed, e.g. by a timestamp (basis `proven`)."""
    now: datetime | None = None
    """The caller's clock; serves only to refuse a receipt that states a time in the future. None: not checked."""
    sha1_digest_until: datetime | None = None
    """SHA-1 message digests stated after this instant are UNKNOWN instead of a WARNING. None: always a WARNING.
    (Genuine providers used SHA-1 as late as December 2024.)"""
    weak_signature_until: datetime | None = None
    """RSA keys of 1024 to 2047 bits and certificates signed with SHA-1 are accepted, with a WARNING, for instants up to
    this one. None: never, they are UNKNOWN."""
    clock_tolerance: timedelta = timedelta(minutes=5)
    """How far signingTime may lie from the stated time, and the stated time after `now`, `at` or `existed_at`.
    Providers keep within one minute of UTC (D.M. 2 Nov 2005 art. 9(2)); the rest is processing time."""
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    """Certificate revocation lists, each PEM or DER: complete, delta or indirect, signed with SHA-1 too. Those issued
    after the validated instant serve as well."""
    ocsp: tuple[bytes, ...] = field(default=(), repr=False)
    """OCSP responses, DER."""
    require_revocation: bool = False
    """Whether it must be known that no certificate of the path was revoked: what is not known then, is UNKNOWN
    (`revocation-unknown`). Without it the data given are used as far as they go."""
    limits: Limits = field(default_factory=Limits)
    """Upper bounds on the input."""

    def __post_init__(self) -> None:
        for name in ("crls", "ocsp"):
            given = getattr(self, name)
            if not isinstance(given, tuple | list) or not all(isinstance(data, bytes) for data in given):
                message = f"Policy.{name} is a sequence of bytes"
                raise TypeError(message)
            object.__setattr__(self, name, tuple(given))
        for name in ("at", "existed_at", "now", "sha1_digest_until", "weak_signature_until"):
            instant: datetime | None = getattr(self, name)
            if instant is not None and instant.utcoffset() is None:
                message = f"Policy.{name} must be an aware datetime, not {instant.isoformat()} without a zone"
                raise ValueError(message)
        if self.at is not None and self.existed_at is not None:
            message = "give Policy.at or Policy.existed_at, not both: there is one validated instant"
            raise ValueError(message)

    @classmethod
    def strict(cls, *, existed_at: datetime | None = None, now: datetime | None = None) -> Policy:
        """Believe no stated time without proof, and no SHA-1 digest at all.

        Args:
            existed_at: an instant at which the file provably existed. Without it the receipt is validated at `now`, so
                that an expired certificate is UNKNOWN (`out-of-bounds-no-poe`).
            now: the caller's clock, aware; by default the system's clock, read once, here.
        """
        clock = now if now is not None else datetime.now(UTC)
        return cls(
            at=clock if existed_at is None else None,
            existed_at=existed_at,
            now=clock,
            sha1_digest_until=datetime.min.replace(tzinfo=UTC),
        )

    @classmethod
    def archival(
        cls, *, at: datetime | None = None, existed_at: datetime | None = None, now: datetime | None = None
    ) -> Policy:
        """Accept RSA-1024 and SHA-1 certificates up to the end of 2017, their time, with a WARNING."""
        return cls(at=at, existed_at=existed_at, now=now, weak_signature_until=LAST_SHA1_CERTIFICATE_AT)
