"""Who may sign PEC messages: the built-in AgID and DigitPA anchors, and what the caller adds."""

from pecverify.trust._store import TrustStore

__all__ = ["TrustStore"]
