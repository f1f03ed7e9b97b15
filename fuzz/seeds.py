"""Write a corpus to begin with for each harness.

    python -m fuzz.seeds /tmp/corpus

Makes one folder for each harness in the folder given. The files are named by their SHA-256: the same seeds, the same
folders.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.x509 import ObjectIdentifier, ReasonFlags, UnrecognizedExtension, load_der_x509_certificate
from cryptography.x509.ocsp import OCSPCertStatus

from pecverify import Limits, find_receipts
from pecverify._header import MimeError
from pecverify._mime import decode_body, read_signed_message, walk_signed_tree
from tests import crls
from tests.directories import directory_signer, entry, ldif, signed
from tests.lists import (
    LISTED,
    History,
    Pointer,
    Service,
    Signing,
    list_signer,
    make_list,
    make_list_of_lists,
    sign_list,
)
from tests.pki import Cms, authority, provider, sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
_INSTANT = datetime(2024, 3, 15, 9, 20, 30, tzinfo=UTC)
_LONGEST = 60_000


def messages() -> tuple[bytes, ...]:
    """The vectors and the hostile messages, some with LF, and what is inside them."""
    whole = [path.read_bytes() for name in ("vectors", "hostile") for path in sorted((FIXTURES / name).glob("*.eml"))]
    nested = [found.data for data in whole for found in find_receipts(data)]
    with_lf = [data.replace(b"\r\n", b"\n") for data in whole[::10]]
    return tuple(data for data in (*whole, *nested, *with_lf) if len(data) <= _LONGEST)


def signatures() -> Iterator[bytes]:
    """The signature parts of the messages, the signed directories, and SignedData in the less usual forms."""
    for data in messages():
        try:
            yield read_signed_message(data, Limits()).signature
        except MimeError:
            continue
    yield from (path.read_bytes() for path in sorted((FIXTURES / "trust").glob("*.p7m")))
    forms = (
        Cms(ber=True),
        Cms(econtent=b"content"),
        Cms(econtent=b"content", ber=True),
        Cms(by_key_identifier=True),
        Cms(pss=(32, None, None)),
        Cms(pss=(32, "sha256", 1)),
        Cms(hashed={"sha1": bytes(20)}),
        Cms(hashed={"sha256": bytes(32)}),
        Cms(hashed={"sha512": bytes(64)}),
        *(Cms(digest=digest) for digest in ("sha1", "sha224", "sha384", "sha512")),
    )
    yield from (sign(b"content", provider("a"), _INSTANT, form) for form in forms)


def daticerts() -> Iterator[bytes]:
    """The certification data of the messages."""
    for data in messages():
        try:
            message = read_signed_message(data, Limits())
            for leaf in walk_signed_tree(data, message.signed, Limits()):
                if "daticert.xml" in leaf.header.names:
                    yield decode_body(data, leaf, most=len(data))
        except MimeError:
            continue


def trusted_lists() -> tuple[bytes, ...]:
    """Trusted lists and lists of lists, signed in different ways or not at all."""
    history = (History(), History(status="withdrawn", type="EDS/Q", certificates=(authority(),)))
    extensions = (
        '<ServiceInformationExtensions><Extension Critical="true"><x/></Extension></ServiceInformationExtensions>'
    )
    lists = (
        make_list(),
        make_list(Service()),
        make_list(Service(certificates=(LISTED, authority()), history=history)),
        make_list(Service(extensions=extensions), Service(type="CA/QC"), version=5, next_update=None),
        make_list(territory="FR"),
        make_list_of_lists(
            Pointer(certificates=(list_signer(),)),
            Pointer(certificates=(list_signer(), list_signer("ec-p256")), type="EUlistofthelists", territory="EU"),
        ),
    )
    signings = (
        Signing(),
        Signing(digest="sha512"),
        Signing(scheme="pss"),
        Signing(scheme="ecdsa", key_name="ec-p256"),
        Signing(digest="sha1"),
    )
    files = (path.read_bytes() for path in sorted((FIXTURES / "trust").glob("*.xml")))
    return (*files, *lists, *(sign_list(data, signing) for data in lists for signing in signings))


def directories() -> tuple[bytes, ...]:
    """Directories, as LDIF and as SignedData."""
    entries = (
        entry("a", further="description: Descrizione\n"),
        entry("b", unit="Secondario", domains=["uno.example", "due.example"]),
        entry("c", further="description:: w6g=\n").replace("\n", "\r\n"),
    )
    folded = ldif(*entries).replace(b"mailReceipt: ", b"mailReceipt:\n  ").replace(b"\n\n", b"\n# comment\n\n")
    texts = (ldif(), ldif(*entries), folded, b"version: 1\n" + ldif())
    files = (path.read_bytes() for path in sorted((FIXTURES / "trust").glob("*.p7m")))
    in_ber = (signed(data, directory_signer(), Cms(econtent=data, ber=True)) for data in texts)
    return (*files, *texts, *map(signed, texts), *in_ber)


def revocation_data() -> Iterator[bytes]:
    """CRLs in DER and PEM, and OCSP responses."""
    serial = crls.serial_of(LISTED)
    yield from (path.read_bytes() for path in sorted((FIXTURES / "trust").glob("*.crl")))
    revoked = crls.entry(serial, reason=ReasonFlags.key_compromise, invalid_since=crls.ISSUED)
    issuer = load_der_x509_certificate(authority()).subject
    keeps_expired = UnrecognizedExtension(ObjectIdentifier("2.5.29.60"), b"\x18\x0f20240101000000Z")
    unknown = UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00")
    lists = (
        crls.crl(),
        crls.crl(revoked, crls.entry(serial + 1, reason=ReasonFlags.remove_from_crl)),
        crls.crl(revoked, base=3),
        crls.crl(number=None, scope={"only_contains_user_certs": True}),
        crls.crl(revoked, crls.entry(serial, issuer=issuer), scope={"indirect_crl": True}),
        crls.crl(revoked, scope={"only_some_reasons": frozenset({ReasonFlags.key_compromise})}),
        crls.crl(revoked, digest="sha1"),
        crls.crl(further=[(keeps_expired, False)]),
        crls.crl(further=[(unknown, True)]),
        crls.crl(crls.entry(serial, further=[(unknown, True)])),
    )
    for data in lists:
        yield data
        yield _crl_pem(data)
    stranger = crls.responder()
    yield crls.ocsp_response()
    yield crls.ocsp_response(by_key=True, next_update=None)
    yield crls.ocsp_response(status=OCSPCertStatus.UNKNOWN)
    yield crls.ocsp_response(
        status=OCSPCertStatus.REVOKED, revoked_at=crls.REVOKED, reason=ReasonFlags.superseded, digest="sha1"
    )
    yield crls.ocsp_response(further=[(unknown, True)])
    yield crls.ocsp_response(delegate=stranger, signed_by="stranger", embedded=[authority()])
    yield b"\x30\x03\x0a\x01\x06"  # a response that says no more than "unauthorized"


def _crl_pem(der: bytes) -> bytes:
    text = base64.encodebytes(der).decode("ascii")
    return f"-----BEGIN X509 CRL-----\n{text}-----END X509 CRL-----\n".encode()


def write(folder: Path, seeds: Iterable[bytes]) -> int:
    """Write each seed once; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {hashlib.sha256(seed).hexdigest(): seed for seed in seeds}
    for name, seed in kept.items():
        (folder / name).write_bytes(seed)
    return len(kept)


def main() -> None:
    """Write all of them."""
    if len(sys.argv) != 2:  # noqa: PLR2004 (the command and its folder)
        sys.exit("usage: python -m fuzz.seeds FOLDER")
    corpora = {
        "mime": messages,
        "cms": signatures,
        "daticert": daticerts,
        "trusted_list": trusted_lists,
        "directory": directories,
        "revocation": revocation_data,
    }
    for name, seeds in corpora.items():
        count = write(Path(sys.argv[1]) / name, seeds())
        sys.stdout.write(f"{name}: {count}\n")


if __name__ == "__main__":
    main()
