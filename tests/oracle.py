"""What `openssl cms -verify` and others are asked, and where they accept what pecverify refuses by rule."""

from __future__ import annotations

import json
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
VECTORS = sorted(path for folder in ("vectors", "hostile") for path in (FIXTURES / folder).glob("*.json"))
ARCHIVES = sorted(path for path in (FIXTURES / "archive").iterdir() if path.suffix != ".json")

STRICTER = {
    "t009-content-type": "the contentType attribute must be id-data (RFC 5652 §11.1)",
    "t010-econtent-type": "eContentType must be id-data (RFC 8551 §2.4.2)",
    "t014-signing-time": "signingTime has seconds (RFC 5652 §11.3)",
    "t017-md5": "MD5 proves nothing",
    "t019-hash-differs": "one digest algorithm per signer",
    "t003-econtent": "a detached signature holds no content",
    "t004-econtent-empty": "a detached signature holds no content",
    "t005-attributes-as-content": "PEC signatures have signed attributes",
    "t006-attributes-as-econtent": "a detached signature holds no content",
    "t008-no-attributes": "PEC signatures have signed attributes",
    "t041-hundred-authorities": "at most 16 certificates",
    "t093-long-oid": "at most 64 bytes of an OBJECT IDENTIFIER",
    "t094-nested": "at most 32 levels",
    "t095-content-type-is-octets": "contentType is an OBJECT IDENTIFIER (RFC 5652 §11.1)",
    "t026-two-signers": "a PEC message has one signer",
    "t038-algorithms-differ": "inner and outer algorithm are one (RFC 5280 §4.1.1.2)",
    "t037-extension-twice": "an extension occurs once (RFC 5280 §4.2)",
    "t045-pss-salt": "only the parameters of RFC 4056 §2.2",
    "t068-trailing": "nothing follows the structure",
    "t097-certificates": "at most 16 certificates",
    "t058-part-in-epilogue": "no part follows the closing boundary",
    "signature-quoted-printable": "the signature is in base64",
    "t004-econtent-equal": "a detached signature holds no content",
    "t014-fraction": "signingTime has no fraction (RFC 5652 §11.3)",
    "t014-text": "signingTime is a time (RFC 5652 §11.3)",
    "t014-zone": "signingTime is in Zulu (RFC 5652 §11.3)",
    "t060-both-forms": "one boundary, in the plain form",
    "t061-too-long": "a boundary has at most 70 characters (RFC 2046 §5.1.1)",
    "t061-trailing-space": "a boundary does not end in a blank (RFC 2046 §5.1.1)",
    "t067-pem": "base64 has its alphabet and nothing else",
    "t068-end-of-contents": "nothing follows the structure",
    "t068-two-objects": "nothing follows the structure",
    "t091-ber-certificate": "certificates are in DER (RFC 5280 §4.1)",
    "t097-signers": "a PEC message has one signer",
    "damaged-byte-order-mark": "a message begins with a header field",
}


def signature_holds(path: Path) -> bool:
    """What the vector says of digest and signature."""
    return bool(json.loads(path.read_text("utf-8"))["expected"]["signature_holds"])
