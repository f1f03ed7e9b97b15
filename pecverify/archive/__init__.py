"""Archives of receipts: folders, Maildir, mbox, zip and tar, verified on one machine or many."""

from pecverify.archive.answer import Answer, Cause, Origin, Unverified
from pecverify.archive.bulk import Item, Task, run_task, verify_many
from pecverify.archive.examine import Examiner
from pecverify.archive.limits import ArchiveLimits
from pecverify.archive.piece import Piece
from pecverify.archive.sources import Finder, Source

__all__ = [
    "Answer",
    "ArchiveLimits",
    "Cause",
    "Examiner",
    "Finder",
    "Item",
    "Origin",
    "Piece",
    "Source",
    "Task",
    "Unverified",
    "run_task",
    "verify_many",
]
