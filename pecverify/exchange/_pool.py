"""One object where many receipts say the same: an archive names the same few providers, senders and mailboxes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from pecverify.exchange.evidence import Apart, Evidence

if TYPE_CHECKING:
    from collections.abc import Hashable

_T = TypeVar("_T", Evidence, Apart)


class Pool:
    """Keeps one object where many receipts say the same."""

    def __init__(self) -> None:
        self._kept: dict[tuple[type, Hashable], Hashable] = {}

    def share(self, read: _T) -> _T:
        """An equal value whose parts are shared with all that went before."""
        shared: dict[str, Any] = {name: self._one(getattr(read, name)) for name in _SHARED if hasattr(read, name)}
        for name in ("about", "findings"):
            shared[name] = tuple(map(self._one, getattr(read, name)))
        return dataclasses.replace(read, **shared)

    def _one(self, value: Hashable) -> Hashable:
        # The type is part of the key: a StrEnum equals its string.
        return self._kept.setdefault((type(value), value), value)


_SHARED = ("signer", "pec_id", "message_id", "sender", "recipients", "reply_to", "subject", "problem", "original")
