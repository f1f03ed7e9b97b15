"""Trusted lists: `TrustedList.parse_unsafe`, `parse` with a pinned signer, and `ListOfLists.parse`.

    python -m fuzz.fuzz_trusted_list /tmp/corpus/trusted_list -max_total_time=3600

Nothing but `TrustListError` is raised. What is accepted as signed is the content of a seed, and is read as that seed's.
Signed again with the pinned key, a list says what it says unsigned.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lxml import etree

from fuzz.common import check, fuzz, instrumented, unless
from fuzz.mutators.xml import mutate_xml

with instrumented():
    from pecverify.errors import TrustListError
    from pecverify.trust import ListOfLists, TrustedList

from fuzz.seeds import trusted_lists
from tests.lists import Signing, list_signer, sign_list

SIGNERS = (list_signer(), list_signer("ec-p256"))
FORGERY = Signing(key_name="stranger", certificate=list_signer())
INSTANT = datetime(2024, 3, 15, tzinfo=UTC)
LONGEST = 20_000


def _parse(data: bytes) -> TrustedList | None:
    return unless(TrustListError, lambda: TrustedList.parse(data, signers=SIGNERS))


def _parse_pointers(data: bytes) -> ListOfLists | None:
    return unless(TrustListError, lambda: ListOfLists.parse(data, signers=SIGNERS))


SEEDS = trusted_lists()
SIGNED = {parsed.facts.content_sha256: parsed.services for data in SEEDS if (parsed := _parse(data)) is not None}
POINTERS = {
    found.facts.content_sha256: found.pointers for data in SEEDS if (found := _parse_pointers(data)) is not None
}


def _check_signed_again(data: bytes) -> None:
    """The list without the signatures that it has, with one that holds."""
    unsigned = re.sub(rb"<(\w+:)?Signature\b.*?</\1?Signature>", b"", data, flags=re.DOTALL)
    try:
        made, forged = sign_list(unsigned), sign_list(unsigned, FORGERY)
    except (ValueError, etree.XMLSyntaxError, etree.C14NError):
        return
    check("nobody signs without the key", _parse(forged) is None and _parse_pointers(forged) is None)
    signed, pointers = _parse(made), _parse_pointers(made)
    if signed is not None:
        unsafe = unless(TrustListError, lambda: TrustedList.parse_unsafe(unsigned))
        check("signed or not, it reads the same", unsafe is not None and unsafe.services == signed.services)
    if pointers is not None:
        texts = {text.strip() for text in etree.fromstring(unsigned).itertext()}
        check("a location stands in the list", texts.issuperset(pointers.locations.values()))


def test_one_input(data: bytes) -> None:
    """One list."""
    unsafe = unless(TrustListError, lambda: TrustedList.parse_unsafe(data))
    signed, pointers = _parse(data), _parse_pointers(data)
    if unsafe is not None:
        check("nobody signed it", unsafe.facts.signer is None and unsafe.facts.content_sha256 is None)
        for service in unsafe.services:
            check("what was not verified is said to be so", not unsafe.state(service, INSTANT).is_verified)
    if signed is not None:
        check("it says who signed it", signed.facts.signer is not None and signed.facts.signed_at is not None)
        check("only what a seed holds is signed", SIGNED.get(signed.facts.content_sha256) == signed.services)
        # Comments are not signed; as the file stands, one within a value is refused.
        check("what is signed stands in the file", unsafe is None or unsafe.services == signed.services)
    if pointers is not None:
        check("only what a seed holds is signed", POINTERS.get(pointers.facts.content_sha256) == pointers.pointers)
    _check_signed_again(data)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="xml", longest=LONGEST, mutate=mutate_xml, donors=SEEDS)
