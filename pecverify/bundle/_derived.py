"""What a bundle holds besides receipts: made from them, the same each time, so that a check can make it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pecverify import __version__
from pecverify.bundle._readme import ENGLISH, ITALIAN
from pecverify.bundle.manifest import EXCHANGE, LEGGIMI, PAGE, README, REPORTS, TRUST
from pecverify.exchange import glean, reconcile_all
from pecverify.trust.facts import describe_trust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify.archive import Answer
    from pecverify.exchange import Reconciliation
    from pecverify.problem import Language
    from pecverify.trust import TrustStore


class Derived:
    """Collects answers, and makes the files from them."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._gleaned: list[Any] = []

    def add(self, answer: Answer) -> None:
        """Take one answer in."""
        self._lines.append(json.dumps(answer.to_dict()).encode("ascii") + b"\n")
        self._gleaned += glean(answer)

    def files(self, trust: TrustStore, *, now: datetime, language: Language) -> Iterator[tuple[str, bytes | None]]:
        """Each file by name, in order of names; None for one that takes an extra which is not installed.

        Args:
            trust: what was trusted.
            now: up to when something is pending.
            language: of the page.
        """
        collected = reconcile_all(self._gleaned, now=now)
        yield LEGGIMI, ITALIAN.encode()
        yield README, ENGLISH.encode()
        yield EXCHANGE, _document(collected.to_dict())
        yield PAGE, _render(collected, language)
        yield REPORTS, b"".join(self._lines)
        yield TRUST, _document(describe_trust(trust))


def _document(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode("ascii")


def _render(collected: Reconciliation, language: Language) -> bytes | None:
    try:
        from pecverify.exchange.page import render_page  # noqa: PLC0415 (an extra)
    except ImportError:
        return None
    return render_page(collected, version=__version__, language=language).encode()
