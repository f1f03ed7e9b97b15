"""From arguments to what the library takes: bytes, a trust store, a policy."""

from __future__ import annotations

import dataclasses
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pecverify import Limits, Policy, TrustListError, TrustStore
from pecverify.cli import _messages as m
from pecverify.cli._exit import CommandError
from pecverify.cli._text import Style, shown, wants_colour

if TYPE_CHECKING:
    from argparse import Namespace

STANDARD_STREAM = "-"
"""Names standard input or standard output in place of a file."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the user demands of a message, and how to speak of it."""

    trust: TrustStore
    """The built-in anchors and those given."""
    policy: Policy
    """The policy chosen, with the real clock."""
    now: datetime
    """That clock, read once, UTC."""
    style: Style
    """Language and colour."""

    @classmethod
    def of(cls, arguments: Namespace) -> Demands:
        """What the arguments demand.

        Raises:
            CommandError: a file of certificates cannot be read.
        """
        now = datetime.now(UTC)
        style = Style(language=arguments.lang, coloured=wants_colour())
        return cls(trust=_load_trust(arguments.trust, style), policy=_make_policy(arguments, now), now=now, style=style)


def read_message(name: str, limits: Limits) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Args:
        name: the file's name.
        limits: reading stops one byte after `limits.message_bytes`: enough for the verifier to refuse the message.

    Raises:
        OSError: it cannot be read.
        ValueError: no file can have this name.
    """
    if name != STANDARD_STREAM:
        with Path(name).open("rb") as file:
            return file.read(limits.message_bytes + 1)
    if sys.stdin is None:
        message = "standard input is closed"
        raise OSError(message)
    return sys.stdin.buffer.read(limits.message_bytes + 1)


def read_only_message(name: str, demands: Demands) -> bytes:
    """The bytes of the one file that a command is about.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return read_message(name, demands.policy.limits)
    except (OSError, ValueError) as error:
        raise CommandError(demands.style.say(m.CANNOT_READ, file=name, why=explain(error))) from None


def explain(error: OSError | ValueError) -> str:
    """What the system says about a failure, without the file's name in it."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _load_trust(names: list[str], style: Style) -> TrustStore:
    trust = TrustStore.default()
    for name in names:
        try:
            trust |= TrustStore.from_certificates(Path(name).read_bytes())
        except TrustListError as error:
            raise CommandError(style.say(m.CANNOT_TRUST, file=name, why=shown(str(error)))) from None
        except (OSError, ValueError) as error:
            raise CommandError(style.say(m.CANNOT_READ, file=name, why=explain(error))) from None
    return trust


def _make_policy(arguments: Namespace, now: datetime) -> Policy:
    if arguments.policy == "strict":
        return Policy.strict(existed_at=arguments.existed_at, now=now)
    make = Policy.archival if arguments.policy == "archival" else Policy
    return make(at=arguments.at, existed_at=arguments.existed_at, now=now)
