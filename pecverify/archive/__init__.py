"""Archives of receipts: folders, Maildir, mbox, zip and tar, verified on one machine or many."""

from pecverify.archive.answer import Answer, Cause, Origin, Unverified

__all__ = ["Answer", "Cause", "Origin", "Unverified"]
