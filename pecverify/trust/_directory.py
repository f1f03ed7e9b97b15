"""The providers' directory (IGPEC): which provider signs with which certificate and manages which mail domains.

The directory is an LDIF file in a CMS SignedData. A certificate is recognised if exactly it stands there; its SHA-1
hash, which the directory gives too, is no more than an index and decides nothing.

Source: RFC 6109 §4.5, §7.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pecverify._cms import CmsError, identifies, parse_signed_data
from pecverify._signature import AlgorithmError, verify_signature
from pecverify.errors import TrustListError
from pecverify.policy import Limits
from pecverify.report import Recognition, TrustStatement
from pecverify.trust._ldif import LdifError, Record, parse_ldif
from pecverify.trust._trusted_list import load_signers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pecverify._certificate import Certificate
    from pecverify._cms import SignerView
    from pecverify.report import CertificateFacts

MAXIMUM_DIRECTORY_BYTES = 30_000_000
"""A directory file, signed or not: hundreds of thousands of mail domains."""

_LIMITS = dataclasses.replace(Limits(), cms_bytes=MAXIMUM_DIRECTORY_BYTES)
_BASE = "o=postacert"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """One operating environment of a provider."""

    provider: str
    """providerName."""
    unit: str | None
    """providerUnit: the name of a secondary environment; None for the main one."""
    certificates: tuple[bytes, ...] = field(repr=False)
    """providerCertificate values, DER: several while one is renewed."""
    certificate_hashes: tuple[str, ...]
    """providerCertificateHash values, hexadecimal, lower case: an index, no proof."""
    mail_receipt: str | None
    """mailReceipt: where take-in-charge notices and virus notices for this provider go."""
    managed_domains: tuple[str, ...]
    """managedDomains, lower case."""
    description: str | None
    """description."""

    @property
    def name(self) -> str:
        """How to call it in a report."""
        return self.provider if self.unit is None else f"{self.provider}, {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDirectory:
    """A snapshot of the providers' directory."""

    entries: tuple[DirectoryEntry, ...]
    """Every environment of every provider."""
    location: str | None
    """LDIFLocationURL of the whole directory."""
    sha256: str
    """SHA-256 of the file, hexadecimal, lower case."""
    signer: CertificateFacts | None
    """The pinned certificate that signed it; None if no signature was looked at."""
    signed_at: datetime | None
    """The signed signingTime, UTC; None if there is none."""

    @property
    def name(self) -> str:
        """How to call it in a report."""
        return "providers' directory"

    def state(self, entry: DirectoryEntry) -> TrustStatement:
        """What this snapshot says of a provider whose record holds the signer's certificate."""
        return TrustStatement(
            recognition=Recognition.DIRECTORY,
            recognises=True,
            source=self.name,
            issued_at=self.signed_at,
            sha256=self.sha256,
            is_verified=self.signer is not None,
            entry=entry.name,
            status="listed",
        )

    @classmethod
    def parse(cls, data: bytes, *, signers: Iterable[bytes]) -> ProviderDirectory:
        """Verify and read a directory. As `TrustStore.from_provider_directory`."""
        pinned = load_signers(signers)
        _check_size(data)
        view, signer = _verify(data, pinned)
        return cls._read(data, view.content or b"", signer.facts, view.signing_time)

    @classmethod
    def parse_unsafe(cls, data: bytes) -> ProviderDirectory:
        """Read a directory without looking at its signature. As `TrustStore.from_provider_directory_unsafe`."""
        _check_size(data)
        ldif = data
        if data[:1] == b"\x30":
            try:
                ldif = parse_signed_data(data, _LIMITS, detached=False).content or b""
            except CmsError as error:
                raise _refused(error.actual) from error
        return cls._read(data, ldif, None, None)

    @classmethod
    def _read(
        cls, data: bytes, ldif: bytes, signer: CertificateFacts | None, signed_at: datetime | None
    ) -> ProviderDirectory:
        entries: list[DirectoryEntry] = []
        location: str | None = None
        try:
            for record in parse_ldif(ldif):
                name = ",".join(part.strip() for part in record.name.split(",")).casefold()
                if name == _BASE:
                    location = _single(record, "LDIFLocationURL")
                elif name.endswith(f",{_BASE}"):
                    entries.append(_entry(record))
                else:
                    message = f"an entry outside {_BASE}: {record.name[:80]!r}"
                    raise LdifError(message)
        except LdifError as error:
            raise _refused(str(error)) from error
        if not entries:
            message = "no provider in it"
            raise _refused(message)
        return cls(
            entries=tuple(entries),
            location=location,
            sha256=hashlib.sha256(data).hexdigest(),
            signer=signer,
            signed_at=signed_at,
        )


def _refused(detail: str) -> TrustListError:
    return TrustListError(f"not a providers' directory that can be read: {detail}")


def _check_size(data: bytes) -> None:
    if not isinstance(data, bytes):
        message = f"a directory is given as bytes, not {type(data).__name__}: open the file in binary mode"
        raise TypeError(message)
    if len(data) > MAXIMUM_DIRECTORY_BYTES:
        message = f"{len(data)} bytes: more than {MAXIMUM_DIRECTORY_BYTES}"
        raise _refused(message)


def _verify(data: bytes, signers: tuple[Certificate, ...]) -> tuple[SignerView, Certificate]:
    """The SignedData, signed by one of the pinned certificates; what it embeds is not looked at (RFC 5652 §5)."""
    try:
        view = parse_signed_data(data, _LIMITS, detached=False)
        signer = next((signer for signer in signers if identifies(view, signer)), None)
        if signer is None:
            message = "the directory is not signed by a pinned certificate"
            raise TrustListError(message)
        digest = hashlib.new(view.digest, view.content or b"", usedforsecurity=False).digest()
        holds = digest == view.message_digest and verify_signature(
            signer.public_key, view.signature_algorithm, view.signature, view.signed_attributes
        )
    except CmsError as error:
        detail = f"{error.actual}: no SignedData with the LDIF file inside"
        raise _refused(detail) from error
    except AlgorithmError as error:
        raise _refused(error.actual) from error
    if not holds:
        message = "the directory's signature does not verify"
        raise TrustListError(message)
    if view.signing_time is not None and not signer.facts.valid_at(view.signing_time):
        message = f"the directory was signed at {view.signing_time.isoformat()}, outside its signer's validity"
        raise TrustListError(message)
    return view, signer


def _entry(record: Record) -> DirectoryEntry:
    provider = _single(record, "providerName")
    if provider is None:
        message = f"an entry without providerName: {record.name[:80]!r}"
        raise LdifError(message)
    return DirectoryEntry(
        provider=provider,
        unit=_single(record, "providerUnit"),
        certificates=record.attributes.get("providercertificate", ()),
        certificate_hashes=tuple(value.lower() for value in record.values("providerCertificateHash")),
        mail_receipt=_single(record, "mailReceipt"),
        managed_domains=tuple(value.lower() for value in record.values("managedDomains")),
        description=_single(record, "description"),
    )


def _single(record: Record, attribute: str) -> str | None:
    values = record.values(attribute)
    if len(values) > 1:
        message = f"{len(values)} values of {attribute} in {record.name[:80]!r}"
        raise LdifError(message)
    return values[0] if values else None
