"""Trusted lists: `TrustedList.parse_unsafe`, `parse` with a pinned signer, and `ListOfLists.parse`.

    python -m fuzz.fuzz_trusted_list /tmp/corpus/trusted_list -max_total_time=3600

Nothing but `TrustListError` is raised. What is accepted as signed is the content of a seed, and is read as that seed's.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fuzz.common import check, fuzz, instrumented, unless

with instrumented():
    from pecverify.errors import TrustListError
    from pecverify.trust import ListOfLists, TrustedList

from fuzz.seeds import trusted_lists
from tests.lists import list_signer

SIGNERS = (list_signer(), list_signer("ec-p256"))
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
        check("what is read from the signed bytes stands in the file", unsafe and unsafe.services == signed.services)
    if pointers is not None:
        check("only what a seed holds is signed", POINTERS.get(pointers.facts.content_sha256) == pointers.pointers)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="xml", longest=LONGEST)
