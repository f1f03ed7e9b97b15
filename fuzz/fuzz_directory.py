"""Providers' directories, LDIF and signed: `ProviderDirectory.parse_unsafe` and `parse` with a pinned signer.

    python -m fuzz.fuzz_directory /tmp/corpus/directory -max_total_time=3600

Nothing but `TrustListError` is raised. What is accepted as signed is the content of a seed. Signed again with the
pinned key, an LDIF file is accepted if and only if it can be read without a signature, and says the same; a SignedData,
whatever became of its attributes, only if it says what was signed.
"""

from __future__ import annotations

from fuzz.common import check, fuzz, instrumented, unless
from fuzz.mutators.der import read_tree
from fuzz.mutators.ldif import mutate_ldif
from fuzz.signing import content_of, sign_content_info

with instrumented():
    from pecverify.errors import TrustListError
    from pecverify.trust import ProviderDirectory

from fuzz.seeds import directories
from tests.directories import directory_signer, signed

KEY = "stranger"
SIGNER = directory_signer()
SIGNERS = (SIGNER.certificate,)
LONGEST = 20_000


def _parse(data: bytes) -> ProviderDirectory | None:
    return unless(TrustListError, lambda: ProviderDirectory.parse(data, signers=SIGNERS))


SIGNED = {parsed.entries for data in directories() if (parsed := _parse(data)) is not None}


def _check_signed_again(data: bytes, unsafe: ProviderDirectory | None) -> None:
    if not data.startswith(b"\x30"):
        again = _parse(signed(data, SIGNER))
        check("signed or not, it reads the same", (again and again.entries) == (unsafe and unsafe.entries))
        return
    try:
        forged = _parse(sign_content_info(data, None, KEY, with_key=False))
        check("only what a seed holds is signed", forged is None or forged.entries in SIGNED)
        made = sign_content_info(data, None, KEY)
        content = content_of(read_tree(made))
    except ValueError:
        return
    again = _parse(made)
    if again is not None:
        written = unless(TrustListError, lambda: ProviderDirectory.parse_unsafe(content or b""))
        check("it says what was signed", written is not None and written.entries == again.entries)


def test_one_input(data: bytes) -> None:
    """One directory."""
    unsafe = unless(TrustListError, lambda: ProviderDirectory.parse_unsafe(data))
    found = _parse(data)
    if unsafe is not None:
        check("nobody signed it", unsafe.signer is None and unsafe.signed_at is None)
        check("there is a provider in it", unsafe.entries)
        for entry in unsafe.entries:
            check("domains are lower case", all(domain == domain.lower() for domain in entry.managed_domains))
            check("what was not verified is said to be so", not unsafe.state(entry).is_verified)
    if found is not None:
        check("it says who signed it", found.signer is not None)
        check("only what a seed holds is signed", found.entries in SIGNED)
        check("both ways read the same", unsafe is not None and unsafe.entries == found.entries)
    _check_signed_again(data, unsafe)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="ldif", longest=LONGEST, mutate=mutate_ldif, donors=directories())
