"""What can become of a message: for one recipient, and as a whole."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pecverify.problem import Language


class State(StrEnum):
    """What became of the message for one recipient, as far as verified receipts tell."""

    DELIVERED = "delivered"
    """Made available in the recipient's mailbox."""
    FAILED = "failed"
    """Not delivered: a provider says so."""
    REFUSED = "refused"
    """A provider would not carry it: the sender's did not accept it, or a virus was found in it."""
    DELAYED_24H = "delayed-24h"
    """Not delivered within 24 hours: the sender's provider considers the transaction ended without success."""
    DELAYED_12H = "delayed-12h"
    """Not taken in charge or delivered within 12 hours; delivery may still follow."""
    PENDING = "pending"
    """Accepted less than 24 hours ago, and nothing since."""
    NO_EVIDENCE = "no-evidence"
    """No verified receipt says what became of it."""
    NOT_CERTIFIED = "not-certified"
    """An ordinary mailbox: nothing is certified about delivery to it, nor ever will be."""
    CONTRADICTORY = "contradictory"
    """Verified receipts contradict each other: nobody is believed over the other."""

    def describe(self, language: Language = "en") -> str:
        """The state in a few words, in English or Italian."""
        return _STATES[self][language == "it"]


class Conclusion(StrEnum):
    """What became of the message as a whole."""

    DELIVERED = "delivered"
    """Accepted, and delivered to every recipient."""
    PARTLY_DELIVERED = "partly-delivered"
    """Every recipient's outcome is established, and not all of them got it (or none is certified for some)."""
    NOT_DELIVERED = "not-delivered"
    """Every recipient's outcome is established, and it is certified for none of them that they got it."""
    REFUSED = "refused"
    """The sender's provider did not accept it."""
    OPEN = "open"
    """For some recipient delivery may still follow."""
    INCOMPLETE = "incomplete"
    """Receipts are missing."""
    CONTRADICTORY = "contradictory"
    """Verified receipts contradict each other."""

    def describe(self, language: Language = "en") -> str:
        """The conclusion in a few words, in English or Italian."""
        return _CONCLUSIONS[self][language == "it"]


_STATES = {
    State.DELIVERED: ("delivered", "consegnato"),
    State.FAILED: ("not delivered", "non consegnato"),
    State.REFUSED: ("refused", "rifiutato"),
    State.DELAYED_24H: ("not delivered within 24 hours", "non consegnato entro 24 ore"),
    State.DELAYED_12H: ("late (12 hours)", "in ritardo (12 ore)"),
    State.PENDING: ("pending", "in attesa"),
    State.NO_EVIDENCE: ("no evidence", "nessuna prova"),
    State.NOT_CERTIFIED: ("not certified (ordinary mail)", "non certificato (posta ordinaria)"),
    State.CONTRADICTORY: ("contradictory receipts", "ricevute contraddittorie"),
}
_CONCLUSIONS = {
    Conclusion.DELIVERED: ("delivered to everyone", "consegnato a tutti"),
    Conclusion.PARTLY_DELIVERED: ("delivered to some", "consegnato solo ad alcuni"),
    Conclusion.NOT_DELIVERED: ("delivered to nobody", "non consegnato a nessuno"),
    Conclusion.REFUSED: ("not accepted", "non accettato"),
    Conclusion.OPEN: ("still under way", "ancora in corso"),
    Conclusion.INCOMPLETE: ("receipts are missing", "mancano ricevute"),
    Conclusion.CONTRADICTORY: ("receipts contradict each other", "ricevute in contraddizione"),
}
