"""The trust store: an immutable set of sources, with a memory of the certificates that have passed through it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from pecverify._certificate import Certificate, load_certificates, parse_certificate
from pecverify.errors import TrustListError
from pecverify.report import Provider
from pecverify.trust._anchors import Anchor, custom_anchor, load_built_in_anchors
from pecverify.trust._directory import DirectoryEntry, ProviderDirectory
from pecverify.trust._providers import mail_domain, provider_name
from pecverify.trust._timeline import AuthorityEdition, authority_editions
from pecverify.trust._trusted_list import TrustedList, TrustService

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from datetime import datetime

    from pecverify._certificate import DistinguishedName
    from pecverify.trust.folder import TrustFolder

Answer = TypeVar("Answer")

_REMEMBERED = 1024
"""Answers that a store remembers: all of PEC's providers, many times over."""
_REMEMBERED_BYTES = 2_000_000
"""Of the certificates that they are about: what a hostile one is read to takes twenty times its size."""
_UNKNOWN = object()


class TrustStore:
    """Who is trusted to recognise PEC providers. Immutable; stores combine with `|`; pickles without its memory.

    A store remembers the certificates it has parsed and the signatures it has checked: keep one for many receipts. What
    it remembers are facts that no input can change; threads may share it.
    """

    __slots__ = ("_anchors", "_crls", "_directories", "_memory", "_memory_bytes", "_trusted_list")

    def __init__(
        self,
        anchors: tuple[Anchor, ...] = (),
        *,
        trusted_list: TrustedList | None = None,
        directories: tuple[ProviderDirectory, ...] = (),
        crls: tuple[bytes, ...] = (),
    ) -> None:
        self._anchors = tuple(dict.fromkeys(anchors))
        self._trusted_list = trusted_list
        self._directories = tuple(dict.fromkeys(directories))
        self._crls = tuple(dict.fromkeys(crls))
        self._memory: dict[Hashable, object] = {}
        self._memory_bytes = 0

    @classmethod
    def default(cls) -> TrustStore:
        """The built-in anchors: the keys of AgID CA1 (nine editions, 2017 to 2030) and DigitPA CA1 (2011 to 2018)."""
        return _default_store()

    @classmethod
    def from_certificates(cls, *certificates: bytes) -> TrustStore:
        """CUSTOM anchors.

        Args:
            certificates: each one PEM file (of one or several certificates) or one certificate in DER: authorities, or
                signers' own certificates.

        Raises:
            TypeError: an argument is not bytes.
            TrustListError: no certificate is given, or one cannot be read.
        """
        if not certificates:
            message = "no certificate given"
            raise TrustListError(message)
        return cls(tuple(custom_anchor(loaded) for data in certificates for loaded in load_certificates(data)))

    @classmethod
    def from_trusted_list(cls, data: bytes, *, signers: Iterable[bytes]) -> TrustStore:
        """The Italian trusted list, its XAdES signature verified.

        A certificate of a granted EDS/REM/Q service is recognised, for instants since the grant; so is a renewed one
        with the same key and subject, if a path leads from it to an anchor of the store (add `TrustStore.default()`).

        Args:
            data: the XML file, TS 119 612 version 5 or 6.
            signers: certificates that may sign it, e.g. `ListOfLists.parse(...).signers("IT")`: each one PEM file (of
                one or several certificates) or one certificate in DER.

        Raises:
            TypeError: an argument is not bytes.
            TrustListError: it is not signed by one of them, or is no Italian trusted list.

        Source: ETSI TS 119 612 §5; Regulation (EU) 910/2014 art. 22.
        """
        return cls(trusted_list=TrustedList.parse(data, signers=signers))

    @classmethod
    def from_trusted_list_unsafe(cls, data: bytes) -> TrustStore:
        """The same without looking at the signature: every report made with it says so (`trust-source-unverified`)."""
        return cls(trusted_list=TrustedList.parse_unsafe(data))

    @classmethod
    def from_provider_directory(cls, data: bytes, *, signers: Iterable[bytes]) -> TrustStore:
        """The providers' directory (IGPEC), the signature of its SignedData verified.

        Exactly the certificates that stand in it are recognised.

        Args:
            data: the `.p7m` file, DER or BER, with the LDIF file inside.
            signers: certificates that may sign it: each one PEM file (of one or several certificates) or one
                certificate in DER.

        Raises:
            TypeError: an argument is not bytes.
            TrustListError: it is not signed by one of them (an LDIF file by itself is not signed at all), or it is no
                providers' directory.

        Source: RFC 6109 §4.5; RFC 2849.
        """
        return cls(directories=(ProviderDirectory.parse(data, signers=signers),))

    @classmethod
    def from_provider_directory_unsafe(cls, data: bytes) -> TrustStore:
        """The same without looking at a signature, from a `.p7m` or an LDIF file: every report made with it says so."""
        return cls(directories=(ProviderDirectory.parse_unsafe(data),))

    @classmethod
    def user(cls, folder: Path | str | None = None) -> TrustStore:
        """The built-in anchors and what is in the user's trust folder: see `pecverify trust update` and `import`.

        Reads one file, and verifies nothing again: it was verified when it was put there. Nothing is fetched.

        Args:
            folder: another folder than the user's own.

        Raises:
            TrustListError: the file is there and cannot be read.
        """
        from pecverify.trust.folder import TrustFolder, default_folder  # noqa: PLC0415 (not every caller has one)

        return cls.from_trust_folder(TrustFolder.load(default_folder() if folder is None else Path(folder)))

    @classmethod
    def from_trust_folder(cls, folder: TrustFolder) -> TrustStore:
        """The same from a folder that was loaded."""
        own = cls(trusted_list=folder.trusted_list, directories=folder.directories, crls=folder.crls)
        certificates = cls.from_certificates(*folder.certificates) if folder.certificates else cls()
        return cls.default() | own | certificates

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """The anchors, in order."""
        return self._anchors

    @property
    def trusted_list(self) -> TrustedList | None:
        """The Italian trusted list, if one was loaded."""
        return self._trusted_list

    @property
    def directories(self) -> tuple[ProviderDirectory, ...]:
        """The snapshots of the providers' directory, in order."""
        return self._directories

    @property
    def crls(self) -> tuple[bytes, ...]:
        """Certificate revocation lists that go with the sources: used as those of a policy."""
        return self._crls

    def editions_at(self, instant: datetime) -> tuple[AuthorityEdition, ...]:
        """Whom AgID's authorities could certify at an instant, by the editions then in force, newest first.

        A path is valid if any edition in force permits it.

        Raises:
            ValueError: `instant` is naive.
        """
        if instant.utcoffset() is None:
            message = f"editions_at takes an aware datetime, not {instant.isoformat()} without a zone"
            raise ValueError(message)
        return tuple(edition for edition in reversed(authority_editions(self._anchors)) if edition.in_force(instant))

    def __or__(self, other: TrustStore) -> TrustStore:
        """Both stores' sources; of two issues of the trusted list the newer.

        Raises:
            TrustListError: `other` has an older issue of the list, or another one with the same sequence number.
        """
        if not isinstance(other, TrustStore):
            return NotImplemented
        return TrustStore(
            self._anchors + other._anchors,
            trusted_list=_newer(self._trusted_list, other._trusted_list),
            directories=self._directories + other._directories,
            crls=self._crls + other._crls,
        )

    def _sources(self) -> tuple[object, ...]:
        return (self._anchors, self._trusted_list, self._directories, self._crls)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustStore) and self._sources() == other._sources()

    def __hash__(self) -> int:
        return hash(self._sources())

    def __repr__(self) -> str:
        names = [anchor.name for anchor in self._anchors]
        if self._trusted_list is not None:
            names.append(f"{self._trusted_list.facts.name} {self._trusted_list.facts.sequence}")
        names += [f"{len(directory.entries)} directory entries" for directory in self._directories]
        return f"TrustStore({', '.join(names)})"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, self._sources())

    def named(self, name: DistinguishedName) -> tuple[Anchor, ...]:
        """The anchors with that subject."""
        return tuple(anchor for anchor in self._anchors if anchor.subject_name == name)

    def remember(self, question: Hashable, answer: Callable[[], Answer]) -> Answer:
        """The answer to a question about certificates, computed the first time it is asked.

        Only for what depends on nothing but the question and this store's anchors: no instant, no policy.
        """
        # Not by KeyError: an error that the answer raises would carry the question, hostile bytes, in its context.
        remembered = self._memory.get(question, _UNKNOWN)
        if remembered is not _UNKNOWN:
            return cast("Answer", remembered)
        computed = answer()
        if len(self._memory) >= _REMEMBERED or self._memory_bytes > _REMEMBERED_BYTES:
            self._memory.clear()
            self._memory_bytes = 0
        self._memory_bytes += _bytes_in(question)
        self._memory[question] = computed
        return computed

    def certificate(self, der: bytes) -> Certificate:
        """A certificate, parsed the first time it is seen.

        Raises:
            CertificateError: it is malformed.
        """
        return self.remember(der, lambda: parse_certificate(der))

    def services_of(self, certificate: Certificate) -> tuple[tuple[TrustedList, TrustService], ...]:
        """The services of the trusted list with exactly that certificate."""
        return self._services("exact", certificate, lambda listed: listed.der == certificate.der)

    def services_with_key_of(self, certificate: Certificate) -> tuple[tuple[TrustedList, TrustService], ...]:
        """The services of the trusted list with another certificate of the same key and subject, and not that one."""
        of_it = [service for _, service in self.services_of(certificate)]
        key, subject = certificate.public_key, certificate.subject_name
        found = self._services(
            "key", certificate, lambda listed: (listed.public_key, listed.subject_name) == (key, subject)
        )
        return tuple((trusted_list, service) for trusted_list, service in found if service not in of_it)

    def _services(
        self, question: str, certificate: Certificate, matches: Callable[[Certificate], bool]
    ) -> tuple[tuple[TrustedList, TrustService], ...]:
        trusted_list = self._trusted_list
        if trusted_list is None:
            return ()
        return self.remember(
            (question, certificate.der),
            lambda: tuple(
                (trusted_list, service) for service in trusted_list.services if any(map(matches, service.certificates))
            ),
        )

    def entries_of(self, certificate: Certificate) -> tuple[tuple[ProviderDirectory, DirectoryEntry], ...]:
        """The directory entries that hold exactly that certificate."""
        if not self._directories:
            return ()
        return self.remember(
            ("entries", certificate.der),
            lambda: tuple(
                (directory, entry)
                for directory in self._directories
                for entry in directory.entries
                if certificate.der in entry.certificates
            ),
        )

    def managers_of(self, address: str) -> tuple[DirectoryEntry, ...]:
        """The directory entries that manage an address' mail domain."""
        if not self._directories:
            return ()
        by_domain = self.remember("managers", lambda: _index_domains(self._directories))
        return by_domain.get(mail_domain(address), ())

    def provider_of(self, certificate: Certificate) -> Provider:
        """The provider's names: its certificate's organisation, and what people call it."""
        known = (provider_name(address) for address in certificate.addresses)
        return Provider(
            organization=certificate.organization or certificate.common_name,
            name=next((name for name in known if name is not None), None),
        )


def _bytes_in(question: Hashable) -> int:
    parts = question if isinstance(question, tuple) else (question,)
    return sum(len(part) for part in parts if isinstance(part, bytes))


def _rebuild(
    anchors: tuple[Anchor, ...],
    trusted_list: TrustedList | None,
    directories: tuple[ProviderDirectory, ...],
    crls: tuple[bytes, ...],
) -> TrustStore:
    return TrustStore(anchors, trusted_list=trusted_list, directories=directories, crls=crls)


def _newer(current: TrustedList | None, other: TrustedList | None) -> TrustedList | None:
    if current is None or other is None or current == other:
        return current or other
    other.facts.check_follows(current.facts)
    # Of the same file, the one whose signature was verified.
    is_same = current.facts.sequence == other.facts.sequence
    return current if is_same and current.facts.signer is not None else other


def _index_domains(directories: tuple[ProviderDirectory, ...]) -> dict[str, tuple[DirectoryEntry, ...]]:
    index: dict[str, tuple[DirectoryEntry, ...]] = {}
    for directory in directories:
        for entry in directory.entries:
            for domain in entry.managed_domains:
                index[domain] = (*index.get(domain, ()), entry)
    return index


@functools.cache
def _default_store() -> TrustStore:
    return TrustStore(load_built_in_anchors())
