"""What a trust store holds, as facts: names, numbers, instants and fingerprints, nothing to trust anybody by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify._crl import Crl, parse_crl
from pecverify.report import JsonValue, to_json

if TYPE_CHECKING:
    from pecverify.trust._anchors import Anchor
    from pecverify.trust._directory import ProviderDirectory
    from pecverify.trust._store import TrustStore
    from pecverify.trust._trusted_list import TrustedList, TrustService


def describe_trust(trust: TrustStore) -> dict[str, JsonValue]:
    """The facts of a store as JSON values, in an order that does not depend on how it was put together."""
    directories = sorted(trust.directories, key=lambda directory: directory.sha256)
    return {
        "anchors": [_anchor(anchor) for anchor in sorted(trust.anchors, key=_order_of)],
        "trusted_list": None if trust.trusted_list is None else _trusted_list(trust.trusted_list),
        "directories": [_directory(directory) for directory in directories],
        "crls": [*sorted(crl.name for crl in map(parse_crl, trust.crls) if isinstance(crl, Crl))],
    }


def _order_of(anchor: Anchor) -> tuple[str, str]:
    return anchor.name, anchor.editions[0].facts.sha256


def _anchor(anchor: Anchor) -> JsonValue:
    return {
        "name": anchor.name,
        "recognition": anchor.recognition.value,
        "key": anchor.public_key.description,
        "editions": [to_json(edition.facts) for edition in anchor.editions],
    }


def _trusted_list(trusted_list: TrustedList) -> JsonValue:
    return {
        "facts": to_json(trusted_list.facts),
        "services": [_service(service) for service in trusted_list.services],
    }


def _service(service: TrustService) -> JsonValue:
    return {
        "provider": service.provider,
        "name": service.name,
        "periods": to_json(service.periods),
        "certificates": [certificate.facts.sha256 for certificate in service.certificates],
    }


def _directory(directory: ProviderDirectory) -> JsonValue:
    return {
        "entries": len(directory.entries),
        "sha256": directory.sha256,
        "signer": to_json(directory.signer),
        "signed_at": to_json(directory.signed_at),
    }
