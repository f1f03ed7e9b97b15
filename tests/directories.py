"""Providers' directories, made by code: LDIF files and the SignedData around them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from tests.pki import DOMAINS, ORGANIZATIONS, Cms, Signer, make_signer, provider, sign

SIGNED_AT = datetime(2024, 3, 1, 6, 0, tzinfo=UTC)
BASE = "dn: o=postacert\nobjectclass: top\no: postacert\nLDIFLocationURL: https://igpec.example/igpec.ldif.p7m\n"


def entry(
    letter: str = "a",
    *,
    name: str | None = None,
    unit: str | None = None,
    certificates: Iterable[bytes] | None = None,
    domains: Iterable[str] | None = None,
    mail_receipt: str | None = None,
    further: str = "",
) -> str:
    """The record of a test provider."""
    name = name or ORGANIZATIONS[letter]
    place = "" if unit is None else f"providerUnit={unit}, "
    lines = [
        f"dn: {place}providerName={name},o=postacert",
        "objectclass: provider",
        f"providerName: {name}",
        f"mailReceipt: {mail_receipt or f'ricezione@{DOMAINS[letter]}'}",
    ]
    if unit is not None:
        lines.append(f"providerUnit: {unit}")
    for certificate in (provider(letter).certificate,) if certificates is None else certificates:
        lines.append(f"providerCertificateHash: {hashlib.sha1(certificate).hexdigest().upper()}")
        lines.append(f"providerCertificate;binary:: {base64.b64encode(certificate).decode()}")
    lines += [f"managedDomains: {domain}" for domain in ((DOMAINS[letter],) if domains is None else domains)]
    return "\n".join(lines) + "\n" + further


def ldif(*entries: str) -> bytes:
    """A directory with a base and these records."""
    return "\n".join((BASE, *(entries or (entry("a"), entry("b"), entry("c"))))).encode()


def directory_signer() -> Signer:
    """Who signs the directory."""
    return make_signer("c", key_name="stranger", address="igpec@agid.example", organization="Gestore dell'indice")


def signed(content: bytes, signer: Signer | None = None, cms: Cms | None = None) -> bytes:
    """The `.p7m` file."""
    return sign(content, signer or directory_signer(), SIGNED_AT, cms or Cms(econtent=content))
