"""Trusted lists: who provides electronic registered delivery services, with which status, since when.

Of a list only its own facts and the services `EDS/Q` and `EDS/REM/Q` are read. Certification authorities are passed
over: Actalis' root stands in Italy's list as CA/QC, and vouches for no PEC provider by that.

Source: ETSI TS 119 612 v2.3.1 (list version 6) and v2.1.1 (version 5), §5.3 to §5.6.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pecverify._certificate import load_certificates, parse_readable
from pecverify._xml import parse_xml
from pecverify.errors import TrustListError
from pecverify.report import Recognition, TrustStatement
from pecverify.trust._xades import read_instant, refusing, verify_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pecverify._certificate import Certificate
    from pecverify._xml import Node
    from pecverify.report import CertificateFacts

MAXIMUM_LIST_BYTES = 30_000_000
"""A list file: ten times the largest of Italy's so far."""

GRANTED = "granted"
NOT_YET = "none yet"
"""The status of a service before its first period."""
REGISTERED_EMAIL = "EDS/REM/Q"
"""Qualified electronic registered e-mail: what a PEC provider of the list is."""

_TSL = "{http://uri.etsi.org/02231/v2#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SERVICE_TYPES = "http://uri.etsi.org/TrstSvc/Svctype/"
_STATUSES = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
_LIST_OF_LISTS = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
_NATIONAL_LIST = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
_DELIVERY_SERVICES = frozenset({"EDS/Q", REGISTERED_EMAIL})
_LIST_MEDIA_TYPE = "application/vnd.etsi.tsl+xml"
_MOST_TAGS = 500_000
"""Start and end tags: Italy's list has some 41,000."""
_LONGEST_NUMBER = 9
_VERSIONS = ("5", "6")
TERRITORY = "IT"
"""Whose list names PEC providers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePeriod:
    """A service with one type and status, from an instant until the next period of the service."""

    type: str
    """The end of the service type's URI: `EDS/REM/Q` or `EDS/Q`; for what was another type once, the whole URI."""
    status: str
    """The end of the status URI: `granted`, `withdrawn`, ..."""
    since: datetime
    """When it began, UTC, inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustService:
    """One delivery service of a trusted list, now and before."""

    provider: str
    """The trust service provider's name."""
    name: str
    """The service's name."""
    periods: tuple[ServicePeriod, ...]
    """Oldest first: its history and its present state."""
    certificates: tuple[Certificate, ...] = field(repr=False)
    """Its digital identities, present and past, as far as the list gives them as certificates."""
    is_understood: bool
    """Whether it has no critical extension. With one it recognises nobody (TS 119 612 §5.5.9)."""

    @property
    def title(self) -> str:
        """How to call it in a report."""
        return f"{self.name} of {self.provider}"

    def period_at(self, instant: datetime) -> ServicePeriod | None:
        """The period that holds `instant`; None before the first."""
        index = bisect_right([period.since for period in self.periods], instant)
        return self.periods[index - 1] if index else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFacts:
    """What identifies one issue of a list."""

    territory: str
    """ISO 3166-1 code, e.g. `IT`; `EU` for the list of lists."""
    sequence: int
    """TSLSequenceNumber: grows with each issue."""
    version: int
    """TSLVersionIdentifier: 5 or 6."""
    issued_at: datetime
    """ListIssueDateTime, UTC."""
    next_update: datetime | None
    """The latest instant at which the next issue is due, UTC; None for a closed list."""
    sha256: str
    """SHA-256 of the file, hexadecimal, lower case."""
    content_sha256: str | None
    """SHA-256 of what its signature covers; None if the signature was not looked at."""
    signer: CertificateFacts | None
    """The pinned certificate that signed it; None if the signature was not looked at."""
    signed_at: datetime | None
    """The signed SigningTime, UTC; None as `signer`."""

    def is_stale(self, instant: datetime) -> bool:
        """Whether `instant` is past the next update."""
        return self.next_update is not None and instant > self.next_update

    @property
    def name(self) -> str:
        """How to call it in a report."""
        return "EU list of lists" if self.territory == "EU" else f"trusted list {self.territory}"

    def check_follows(self, other: ListFacts) -> None:
        """Establish that this is the same issue as `other` or a newer one.

        Raises:
            TrustListError: it is an older one, or a different one with the same sequence number.
        """
        if self.sequence < other.sequence:
            message = f"{self.name}: sequence {self.sequence} is older than {other.sequence}, which is known"
            raise TrustListError(message)
        if self.sequence == other.sequence and not self._is_same_as(other):
            message = f"{self.name}: another list with sequence {self.sequence} is known"
            raise TrustListError(message)

    def _is_same_as(self, other: ListFacts) -> bool:
        """White space, comments and what is not signed make another file of the same list."""
        if self.content_sha256 is None or other.content_sha256 is None:
            return self.sha256 == other.sha256
        return self.content_sha256 == other.content_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedList:
    """A national trusted list, as far as it concerns registered delivery."""

    facts: ListFacts
    """Which list and which issue."""
    services: tuple[TrustService, ...]
    """The services that are, or once were, EDS/Q or EDS/REM/Q."""

    def state(self, service: TrustService, instant: datetime) -> TrustStatement:
        """What this issue says of a service at an instant.

        It recognises a signer by a granted EDS/REM/Q service alone. Of what is after its next update it knows nothing.
        """
        facts, period = self.facts, service.period_at(instant)
        is_stale = facts.is_stale(instant)
        return TrustStatement(
            recognition=Recognition.TRUSTED_LIST,
            recognises=(
                period is not None
                and (period.type, period.status) == (REGISTERED_EMAIL, GRANTED)
                and service.is_understood
                and not is_stale
            ),
            source=facts.name,
            sequence=facts.sequence,
            issued_at=facts.issued_at,
            next_update=facts.next_update,
            sha256=facts.sha256,
            is_verified=facts.signer is not None,
            entry=service.title,
            service_type=(period or service.periods[0]).type,
            status=NOT_YET if period is None else period.status,
            since=None if period is None else period.since,
        )

    @classmethod
    def parse(cls, data: bytes, *, signers: Iterable[bytes]) -> TrustedList:
        """Verify and read a list. As `TrustStore.from_trusted_list`."""
        facts, root = _open(data, load_signers(signers))
        return cls._read(facts, root)

    @classmethod
    def parse_unsafe(cls, data: bytes) -> TrustedList:
        """Read a list without looking at its signature. As `TrustStore.from_trusted_list_unsafe`."""
        facts, root = _open(data, None)
        return cls._read(facts, root)

    @classmethod
    def _read(cls, facts: ListFacts, root: Node) -> TrustedList:
        if facts.territory != TERRITORY:
            # Registered e-mail of other countries is no PEC.
            message = f"not Italy's trusted list: its territory is {facts.territory[:20]!r}"
            raise TrustListError(message)
        with refusing():
            return cls(facts=facts, services=tuple(_read_services(root)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOfLists:
    """The European Commission's list of the national lists, and who may sign each."""

    facts: ListFacts
    """Which issue."""
    own_signers: tuple[bytes, ...] = field(repr=False)
    """The certificates, DER, that may sign the next issue of this list."""
    pointers: dict[str, tuple[bytes, ...]] = field(repr=False)
    """By territory: the certificates, DER, that may sign its list."""
    locations: dict[str, str]
    """By territory: the address of its list in XML."""

    @classmethod
    def parse(cls, data: bytes, *, signers: Iterable[bytes]) -> ListOfLists:
        """Verify and read the list of lists.

        Args:
            data: the XML file (`eu-lotl.xml`).
            signers: certificates that may sign it, as the Official Journal publishes them: each one PEM file (of one or
                several certificates) or one certificate in DER.

        Raises:
            TypeError: an argument is not bytes.
            TrustListError: it is not signed by one of them, or is no list of lists.

        Source: ETSI TS 119 612 §5.3.13; Commission Implementing Decision (EU) 2015/1505.
        """
        facts, root = _open(data, load_signers(signers))
        with refusing():
            scheme = _child(root, "SchemeInformation")
            if _text(scheme, "TSLType") != _LIST_OF_LISTS:
                message = "not a list of lists"
                raise TrustListError(message)
            own_signers: tuple[bytes, ...] = ()
            pointers: dict[str, tuple[bytes, ...]] = {}
            locations: dict[str, str] = {}
            for pointer in _child(scheme, "PointersToOtherTSL").children:
                details = dict(_read_details(pointer))
                certificates = tuple(_identity_certificates(_child(pointer, "ServiceDigitalIdentities")))
                if details.get("TSLType") == _LIST_OF_LISTS:
                    own_signers += certificates
                elif details.get("TSLType") == _NATIONAL_LIST and details.get("MimeType") == _LIST_MEDIA_TYPE:
                    territory = details.get("SchemeTerritory", "")
                    pointers[territory] = (*pointers.get(territory, ()), *certificates)
                    locations.setdefault(territory, _text(pointer, "TSLLocation"))
        return cls(facts=facts, own_signers=own_signers, pointers=pointers, locations=locations)

    def signers(self, territory: str) -> tuple[bytes, ...]:
        """The certificates, DER, that may sign a territory's list.

        Raises:
            TrustListError: there is no pointer to a list of that territory, or no certificate in it.
        """
        certificates = self.pointers.get(territory, ())
        if not certificates:
            message = f"the list of lists names no signer for {territory}"
            raise TrustListError(message)
        return certificates


def load_signers(signers: Iterable[bytes]) -> tuple[Certificate, ...]:
    """The pinned certificates, from PEM files or DER.

    Raises:
        TypeError: something is not bytes.
        TrustListError: there is none, or one cannot be read.
    """
    if isinstance(signers, bytes | str):
        message = "signers is a sequence of certificates, each as bytes"
        raise TypeError(message)
    loaded = tuple(certificate for data in signers for certificate in load_certificates(data))
    if not loaded:
        message = "no signer given"
        raise TrustListError(message)
    return loaded


def _open(data: bytes, signers: tuple[Certificate, ...] | None) -> tuple[ListFacts, Node]:
    """The list's facts and its root, read from what the signature covers (or, unsafe, from the file)."""
    if not isinstance(data, bytes):
        message = f"a list is given as bytes, not {type(data).__name__}: open the file in binary mode"
        raise TypeError(message)
    if len(data) > MAXIMUM_LIST_BYTES:
        message = f"a list of {len(data)} bytes: more than {MAXIMUM_LIST_BYTES}"
        raise TrustListError(message)
    if data.count(b"<") > _MOST_TAGS:
        message = f"a list with more than {_MOST_TAGS} tags"
        raise TrustListError(message)
    signed = None if signers is None else verify_list(data, signers)
    with refusing():
        document = parse_xml(data if signed is None else signed.content)
        if document.has_doctype or document.root.name != f"{_TSL}TrustServiceStatusList":
            message = "not a TrustServiceStatusList"
            raise TrustListError(message)
        scheme = _child(document.root, "SchemeInformation")
        version = _text(scheme, "TSLVersionIdentifier")
        if version not in _VERSIONS:
            message = f"list version {version[:20]!r}"
            raise TrustListError(message)
        next_update = _child(scheme, "NextUpdate").children
        return (
            ListFacts(
                territory=_text(scheme, "SchemeTerritory"),
                sequence=_number(scheme, "TSLSequenceNumber"),
                version=int(version),
                issued_at=read_instant(_text(scheme, "ListIssueDateTime")),
                next_update=read_instant(_own_text(next_update[0])) if next_update else None,
                sha256=hashlib.sha256(data).hexdigest(),
                content_sha256=None if signed is None else hashlib.sha256(signed.content).hexdigest(),
                signer=None if signed is None else signed.signer.facts,
                signed_at=None if signed is None else signed.signed_at,
            ),
            document.root,
        )


def _read_services(root: Node) -> Iterator[TrustService]:
    providers = _optional(root, "TrustServiceProviderList")
    for provider in () if providers is None else providers.children:
        name = _name(_child(_child(provider, "TSPInformation"), "TSPName"))
        for service in _child(provider, "TSPServices").children:
            information = _child(service, "ServiceInformation")
            history = _optional(service, "ServiceHistory")
            states = [information, *(() if history is None else history.children)]
            if any(_service_type(state) in _DELIVERY_SERVICES for state in states):
                yield _read_service(name, information, states)


def _read_service(provider: str, information: Node, states: list[Node]) -> TrustService:
    certificates = {
        encoded: None for state in states for encoded in _identity_certificates(_child(state, "ServiceDigitalIdentity"))
    }
    periods = [
        ServicePeriod(
            type=_service_type(state),
            status=_text(state, "ServiceStatus").removeprefix(_STATUSES),
            since=read_instant(_text(state, "StatusStartingTime")),
        )
        for state in reversed(states)  # of two with one instant the present one counts
    ]
    return TrustService(
        provider=provider,
        name=_name(_child(information, "ServiceName")),
        periods=tuple(sorted(periods, key=lambda period: period.since)),
        certificates=tuple(parse_readable(certificates, is_pinned=True)),
        is_understood=not any(_has_critical_extension(state) for state in states),
    )


def _service_type(state: Node) -> str:
    return _text(state, "ServiceTypeIdentifier").removeprefix(_SERVICE_TYPES)


def _has_critical_extension(state: Node) -> bool:
    extensions = _optional(state, "ServiceInformationExtensions")
    return extensions is not None and any(
        extension.attributes.get("Critical", "true") not in ("false", "0") for extension in extensions.children
    )


def _identity_certificates(identity: Node) -> Iterator[bytes]:
    """The X509Certificates below a digital identity."""
    for child in identity.children:
        if child.name == f"{_TSL}X509Certificate":
            yield base64.b64decode("".join(_own_text(child).split()), validate=True)
        else:
            yield from _identity_certificates(child)


def _read_details(pointer: Node) -> Iterator[tuple[str, str]]:
    """Local name and text of what AdditionalInformation says of a pointer."""
    for information in _child(pointer, "AdditionalInformation").children:
        for detail in information.children:
            yield detail.name.rpartition("}")[2], detail.text.strip()


def _name(names: Node) -> str:
    """The English one, which every list has to give (TS 119 612 §5.1.4); else the first."""
    in_english = [name for name in names.children if name.attributes.get(_XML_LANG) == "en"]
    chosen = (in_english or list(names.children))[:1]
    return " ".join(_own_text(chosen[0]).split()) if chosen else ""


def _optional(node: Node, name: str) -> Node | None:
    found = [child for child in node.children if child.name == _TSL + name]
    if len(found) > 1:
        message = f"{len(found)} elements {name}"
        raise ValueError(message)
    return found[0] if found else None


def _child(node: Node, name: str) -> Node:
    child = _optional(node, name)
    if child is None:
        message = f"no element {name}"
        raise ValueError(message)
    return child


def _text(node: Node, name: str) -> str:
    return _own_text(_child(node, name)).strip()


def _number(node: Node, name: str) -> int:
    text = _text(node, name)
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        message = f"{name} is {text[:20]!r}"
        raise ValueError(message)
    return int(text)


def _own_text(node: Node) -> str:
    if node.interrupted:
        message = "a comment inside a value"
        raise ValueError(message)
    return node.text
