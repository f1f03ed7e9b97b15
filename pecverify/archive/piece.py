"""One message on its way from where it lay to the verifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pecverify.archive.answer import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A message that was found. Its bytes are read as late as possible: where it is verified, if that can be."""

    origin: Origin
    """Where it lies; its SHA-256 is not known yet."""
    content: bytes | None = None
    """Its bytes, as far as the limit and one more; None if it is the whole of the file `origin.path`."""
    from_mbox: bool = False
    """Whether lines of it that begin with From and a blank may have been quoted."""
    finished_sha256: str | None = None
    """What its SHA-256 was in a former run that is resumed: if it still is, there is nothing to do."""
