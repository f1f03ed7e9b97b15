"""How fast lists are verified and a store is loaded, as ratios within one run.

    python benchmarks/trust.py FOLDER

FOLDER holds the published lists `TSL_IT_seq223.xml`, `eu-lotl.xml` and `lotl-signers.pem`. Prints a table; nothing
passes or fails. Figures of one run are in docs/performance.md.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier  # noqa: E402 (needs the path above)

from benchmarks.measure import in_turn, row  # noqa: E402
from pecverify import ListOfLists, TrustStore, verify_receipt  # noqa: E402
from pecverify.trust import TrustedList  # noqa: E402
from pecverify.trust.folder import TrustFolder  # noqa: E402
from tests.crls import crl  # noqa: E402
from tests.messages import Message  # noqa: E402
from tests.pki import authority  # noqa: E402


def lists(folder: Path) -> TrustFolder:
    """Italy's list: verified and read, against signxml alone."""
    pinned = (folder / "lotl-signers.pem").read_bytes()
    lists = ListOfLists.parse((folder / "eu-lotl.xml").read_bytes(), signers=[pinned])
    data, signers = (folder / "TSL_IT_seq223.xml").read_bytes(), lists.signers("IT")
    trusted_list = TrustedList.parse(data, signers=signers)
    signer = trusted_list.facts.signer
    assert signer is not None
    pem = next(
        base64.b64encode(der).decode()
        for der in signers
        if TrustStore.from_certificates(der).anchors[0].editions[0].facts.sha256 == signer.sha256
    )
    expected = XAdESSignatureConfiguration(expect_references=2, location="./", verification_time=signer.not_before)
    spent, alone = in_turn(
        lambda: TrustedList.parse(data, signers=signers),
        lambda: XAdESVerifier().verify(data, x509_cert=pem, expect_config=expected),
        15,
    )
    print(f"Italy's list of {len(data)} bytes")
    row("  TrustedList.parse: verified and read", spent * 1e3, "ms")
    row("  signxml alone", alone * 1e3, "ms")
    row("  ratio", spent / alone, "x")
    return TrustFolder().with_list_of_lists(lists).with_trusted_list(trusted_list)


def store(kept: TrustFolder) -> None:
    """The store from the trust folder, against the built-in anchors alone."""
    with tempfile.TemporaryDirectory() as name:
        kept.save(Path(name))
        spent, _ = in_turn(lambda: TrustStore.user(name), TrustStore.default, 200)
        print(f"a trust folder of {(Path(name) / 'trust.json').stat().st_size} bytes")
        row("  TrustStore.user", spent * 1e3, "ms", "under 50")


def receipts(kept: TrustFolder) -> None:
    """What list and CRL add to a receipt's verification."""
    message = Message().build()
    plain = TrustStore.from_certificates(authority())
    listed = plain | TrustStore(trusted_list=kept.trusted_list, crls=(crl(),))
    spent, without = in_turn(
        lambda: verify_receipt(message, trust=listed), lambda: verify_receipt(message, trust=plain), 2000
    )
    print(f"receipt of {len(message)} bytes, warm store")
    row("  with a trusted list and a CRL", spent * 1e6, "us")
    row("  without", without * 1e6, "us")
    row("  ratio", spent / without, "x")


if __name__ == "__main__":
    found = lists(Path(sys.argv[1]))
    store(found)
    receipts(found)
