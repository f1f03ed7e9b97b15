"""Bringing the trust folder up to date: from files of the user's, or from where the lists are published.

Each thing is verified before it replaces what was there, and nothing older replaces anything newer. This module does
not know how to fetch: `update` is given a function that does.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from pecverify._certificate import load_certificates
from pecverify._crl import MAXIMUM_CRL_BYTES, Crl, parse_crl
from pecverify._signature import is_signed_by
from pecverify.data import read_data
from pecverify.errors import PecverifyError, TrustListError
from pecverify.trust._directory import ProviderDirectory
from pecverify.trust._store import TrustStore
from pecverify.trust._trusted_list import MAXIMUM_LIST_BYTES, TERRITORY, ListOfLists, TrustedList
from pecverify.trust._xades import named_certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pecverify.trust._trusted_list import ListFacts
    from pecverify.trust.folder import TrustFolder

AGID_CRL = "https://ca1.agid.gov.it/CRL"
"""Where AgID CA1's CRL is published; its certificates name the same address without TLS."""

List = TypeVar("List", ListOfLists, TrustedList)

_SEQUENCE = b"\x30"
_LIST_TYPE = re.compile(rb"<(?:\w+:)?TSLType>\s*([^<\s]+)")


class Fetch(Protocol):
    """How to get what is at an address."""

    def __call__(self, url: str, *, maximum_bytes: int) -> bytes:
        """The bytes there; a PecverifyError if they cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What became of one thing."""

    name: str
    """What it is."""
    detail: str
    """Which one is there now, or why it was refused."""
    is_done: bool
    """Whether it was verified and kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where to fetch from."""

    list_of_lists: str | None = None
    """The list of lists; None: where the Commission publishes it."""
    crls: tuple[str, ...] = (AGID_CRL,)
    """CRLs of AgID's authorities."""


def update(
    folder: TrustFolder,
    *,
    fetch: Fetch,
    now: datetime,
    addresses: Addresses | None = None,
    signers: Sequence[bytes] = (),
) -> tuple[TrustFolder, tuple[Refreshed, ...]]:
    """Fetch and verify the list of lists, Italy's list and AgID's CRL.

    Args:
        folder: what is there.
        fetch: how to get a file.
        now: the clock: what is overdue by then is refused.
        addresses: where from.
        signers: certificates that may sign the list of lists, PEM or DER, instead of the built-in ones and those that
            the list in the folder names.

    Returns:
        The folder with everything that could be verified, and what became of each. One refusal stops no other.

    Source: ETSI TS 119 615 §4.1 to §4.3; Commission Implementing Decision (EU) 2015/1505.
    """
    addresses = addresses or Addresses()
    run = _Update(folder, fetch, now)
    location = addresses.list_of_lists or str(read_data("list-of-lists.json")["location"])
    run.attempt("list of lists", lambda: run.take_list_of_lists(location, signers))
    run.attempt(f"trusted list {TERRITORY}", run.take_trusted_list)
    for url in addresses.crls:
        run.attempt(f"CRL {url}", functools.partial(run.take_crl, url))
    return run.folder, tuple(run.results)


@dataclass(slots=True)
class _Update:
    """One update: the folder as it becomes."""

    folder: TrustFolder
    """With what was verified so far."""
    fetch: Fetch
    """How to get a file."""
    now: datetime
    """The clock."""
    results: list[Refreshed] = field(default_factory=list)
    """What became of each thing so far."""

    def attempt(self, name: str, step: Callable[[], str]) -> None:
        try:
            self.results.append(Refreshed(name=name, detail=step(), is_done=True))
        except PecverifyError as error:
            self.results.append(Refreshed(name=name, detail=str(error), is_done=False))

    def take_list_of_lists(self, location: str, signers: Sequence[bytes]) -> str:
        data = self.fetch(location, maximum_bytes=MAXIMUM_LIST_BYTES)
        new = ListOfLists.parse(data, signers=signers or known_signers(data, self.folder))
        self.folder = self.folder.with_list_of_lists(self._fresh(new))
        return _name_issue(new.facts)

    def take_trusted_list(self) -> str:
        lists = self.folder.list_of_lists
        if lists is None:
            message = "no list of lists says where it is and who signs it"
            raise TrustListError(message)
        signers = lists.signers(TERRITORY)
        data = self.fetch(lists.locations[TERRITORY], maximum_bytes=MAXIMUM_LIST_BYTES)
        new = TrustedList.parse(data, signers=signers)
        self.folder = self.folder.with_trusted_list(self._fresh(new))
        return _name_issue(new.facts)

    def take_crl(self, url: str) -> str:
        self.folder, crl = _with_crl(self.folder, self.fetch(url, maximum_bytes=MAXIMUM_CRL_BYTES))
        return crl.name

    def _fresh(self, new: List) -> List:
        """What was published must not be overdue: somebody may be keeping the newer ones from us."""
        if new.facts.is_stale(self.now):
            message = f"{_name_issue(new.facts)}: past its next update, {new.facts.next_update:%Y-%m-%dT%H:%M:%SZ}"
            raise TrustListError(message)
        return new


def import_file(folder: TrustFolder, data: bytes, *, signers: Sequence[bytes] = ()) -> tuple[TrustFolder, str]:
    """Verify a file of the user's and add it: a list, a providers' directory, certificates to trust, or a CRL.

    Args:
        folder: what is there.
        data: the file.
        signers: certificates that may sign it, PEM or DER. Without them Italy's list must be signed as the list of
            lists in the folder says, and the list of lists by a built-in certificate or one that the folder's names.

    Returns:
        The folder with it, and what it is. An overdue list is taken: reports made with it say `trust-list-stale`.

    Raises:
        TrustListError: it is none of these, is not signed by such a certificate, or is older than what is there.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        new = read_list(data, folder, signers=signers)
        if isinstance(new, ListOfLists):
            return folder.with_list_of_lists(new), _name_issue(new.facts)
        return folder.with_trusted_list(new), _name_issue(new.facts)
    if data.startswith(b"-----BEGIN X509 CRL-----") or isinstance(parse_crl(data), Crl):
        folder, crl = _with_crl(folder, data)
        return folder, crl.name
    try:
        certificates = load_certificates(data)
    except TrustListError:
        if not data.startswith(_SEQUENCE):
            message = "neither a signed list or directory, nor a certificate or CRL"
            raise TrustListError(message) from None
        directory = ProviderDirectory.parse(data, signers=signers)
        return folder.with_directory(directory), f"{directory.name}, {len(directory.entries)} entries"
    names = ", ".join(certificate.facts.subject for certificate in certificates)
    return folder.with_certificates(certificate.der for certificate in certificates), f"trusted certificate {names}"


def read_list(data: bytes, folder: TrustFolder, *, signers: Sequence[bytes] = ()) -> ListOfLists | TrustedList:
    """Verify a list file of either kind. Arguments and errors as `import_file`; nothing is compared with the folder."""
    stated = _LIST_TYPE.search(data)
    if stated is not None and stated[1].endswith(b"/EUlistofthelists"):
        return ListOfLists.parse(data, signers=signers or known_signers(data, folder))
    return TrustedList.parse(data, signers=signers or list_signers(folder))


def known_signers(data: bytes, folder: TrustFolder) -> tuple[bytes, ...]:
    """The certificates that a list of lists carries and that may sign it.

    Those are the built-in ones, known by their hash, and those that the list of lists in the folder names.

    Raises:
        TrustListError: it carries none of them.
    """
    built_in = {signer["sha256"] for signer in read_data("list-of-lists.json")["signers"]}
    named = set() if folder.list_of_lists is None else set(folder.list_of_lists.own_signers)
    known = tuple(
        certificate
        for certificate in named_certificates(data)
        if certificate in named or hashlib.sha256(certificate).hexdigest() in built_in
    )
    if not known:
        message = "the list of lists is not signed by a certificate that is known to sign it"
        raise TrustListError(message)
    return known


def list_signers(folder: TrustFolder) -> tuple[bytes, ...]:
    """The certificates that may sign Italy's list, by the list of lists in the folder.

    Raises:
        TrustListError: there is none in the folder, or it names none.
    """
    if folder.list_of_lists is None:
        message = "who signs Italy's list is not known: import the EU list of lists first, or name the signers"
        raise TrustListError(message)
    return folder.list_of_lists.signers(TERRITORY)


def _name_issue(facts: ListFacts) -> str:
    return f"{facts.name}, sequence {facts.sequence} of {facts.issued_at:%Y-%m-%dT%H:%M:%SZ}"


def _with_crl(folder: TrustFolder, data: bytes) -> tuple[TrustFolder, Crl]:
    """A CRL of a built-in or trusted authority takes the place of an older one of the same issuer."""
    crl = parse_crl(data)
    if isinstance(crl, str):
        raise TrustListError(crl)
    authorities = TrustStore.from_trust_folder(folder).named(crl.issuer_name)
    if not any(is_signed_by(crl, authority.public_key) for authority in authorities):
        message = f"{crl.name}: not signed by an authority that is trusted"
        raise TrustListError(message)
    replaced = []
    for other in folder.crls:
        known = parse_crl(other)
        if isinstance(known, Crl) and (known.issuer_name, known.scope) == (crl.issuer_name, crl.scope):
            if known.this_update > crl.this_update:
                message = f"{crl.name}: older than {known.name}"
                raise TrustListError(message)
            replaced.append(other)
    return folder.with_crl(data, replacing=replaced), crl
