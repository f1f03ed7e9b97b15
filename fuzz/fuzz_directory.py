"""Providers' directories, LDIF and signed: `ProviderDirectory.parse_unsafe` and `parse` with a pinned signer.

    python -m fuzz.fuzz_directory /tmp/corpus/directory -max_total_time=3600

Nothing but `TrustListError` is raised. What is accepted as signed is the content of a seed.
"""

from __future__ import annotations

from fuzz.common import check, fuzz, instrumented, unless

with instrumented():
    from pecverify.errors import TrustListError
    from pecverify.trust import ProviderDirectory

from fuzz.seeds import directories
from tests.directories import directory_signer

SIGNERS = (directory_signer().certificate,)
LONGEST = 20_000


def _parse(data: bytes) -> ProviderDirectory | None:
    return unless(TrustListError, lambda: ProviderDirectory.parse(data, signers=SIGNERS))


SIGNED = {parsed.entries for data in directories() if (parsed := _parse(data)) is not None}


def test_one_input(data: bytes) -> None:
    """One directory."""
    unsafe = unless(TrustListError, lambda: ProviderDirectory.parse_unsafe(data))
    signed = _parse(data)
    if unsafe is not None:
        check("nobody signed it", unsafe.signer is None and unsafe.signed_at is None)
        check("there is a provider in it", unsafe.entries)
        for entry in unsafe.entries:
            check("domains are lower case", all(domain == domain.lower() for domain in entry.managed_domains))
            check("what was not verified is said to be so", not unsafe.state(entry).is_verified)
    if signed is not None:
        check("it says who signed it", signed.signer is not None)
        check("only what a seed holds is signed", signed.entries in SIGNED)
        check("both ways read the same", unsafe is not None and unsafe.entries == signed.entries)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="ldif", longest=LONGEST)
