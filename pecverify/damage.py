"""What happened to a file whose digest does not match, found out by undoing it.

Mail programs, editors, lists and archives change files without a thought for signatures. Each kind of such damage
(`DamageKind`) has an undoing that guesses what the file was before. A guess becomes a repair only if the signed part of
the guess has exactly the digest that the signature states and that signature verifies: a changed word is never called
damage, whatever is tried. The file as given stays what its own report says; the repaired copy has a report of its own.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pecverify._damage_kinds import DamageKind
from pecverify._findings import found
from pecverify._repair_search import Search, signature_holds
from pecverify.policy import Policy
from pecverify.reasons import Reason
from pecverify.trust import TrustStore
from pecverify.verify import Message, verify_receipt

if TYPE_CHECKING:
    from pecverify.report import Finding, Report

__all__ = ["DamageKind", "Diagnosis", "diagnose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What became of a file and whether it can be undone."""

    report: Report
    """The file as given. Nothing in this diagnosis changes its verdict."""
    kinds: tuple[DamageKind, ...]
    """What happened to it, in the order in which it was undone; empty if nothing was found."""
    findings: tuple[Finding, ...]
    """`damage-repairable` with kinds and SHA-256 of the repaired bytes; empty if there is no repair."""
    repaired_report: Report | None
    """The repaired copy, verified: digest and signature hold, everything else is in its verdict."""
    repaired_sha256: str | None
    """SHA-256 of the repaired copy, hexadecimal, lower case."""
    is_complete: bool
    """Whether nothing was left untried; False where the bounds on guesses and bytes ended the search."""
    _repaired: bytes | None = field(default=None, repr=False)

    @property
    def is_intact(self) -> bool:
        """Whether digest and signature hold for the file as given, so that there was nothing to look for."""
        return signature_holds(self.report)

    @property
    def repaired(self) -> bytes | None:
        """The repaired copy: its signed part is, byte for byte, what was signed. None if there is no repair."""
        return self._repaired

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, tuple((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))


def _rebuild(*values: tuple[str, Any]) -> Diagnosis:
    return Diagnosis(**dict(values))


def diagnose(data: Message, *, trust: TrustStore | None = None, policy: Policy | None = None) -> Diagnosis:
    """Establish whether a file that fails was a genuine one before something well known happened to it.

    Args:
        data: the bytes of the .eml file, as they are.
        trust: as for `verify_receipt`.
        policy: as for `verify_receipt`.

    Returns:
        The diagnosis; without a search where the signature holds as it is, or the file exceeds `Limits.message_bytes`.

    Raises:
        TypeError: `data` is not bytes. Nothing on hostile input.

    Source: RFC 8551 §3.1.2, RFC 4155, RFC 5321 §4.5.2, RFC 2045 §6.7 and §6.8 for what is undone.
    """
    report = verify_receipt(data, trust=trust, policy=policy)
    search = Search(trust or TrustStore.default(), policy or Policy())
    whole = bytes(data)
    repair = None
    if not signature_holds(report) and len(whole) <= search.policy.limits.message_bytes:
        repair = search.run(whole)
    if repair is None:
        return Diagnosis(
            report=report,
            kinds=(),
            findings=(),
            repaired_report=None,
            repaired_sha256=None,
            is_complete=not search.is_exhausted,
        )
    sha256 = hashlib.sha256(repair.data).hexdigest()
    kinds = tuple(dict.fromkeys(repair.kinds))
    finding = found(Reason.DAMAGE_REPAIRABLE, expected=f"SHA-256 {sha256}", actual=", ".join(kinds))
    return Diagnosis(
        report=report,
        kinds=kinds,
        findings=(finding,),
        repaired_report=repair.report,
        repaired_sha256=sha256,
        is_complete=True,
        _repaired=repair.data,
    )
