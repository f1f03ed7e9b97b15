"""From arguments to what the library takes: bytes, a trust store, a policy."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pecverify import Limits, Policy, TrustListError, TrustStore
from pecverify.archive import Examiner, Finder
from pecverify.archive.answer import explain
from pecverify.cli import _messages as m
from pecverify.cli._exit import CommandError
from pecverify.cli._text import Style, shown, wants_colour
from pecverify.trust.folder import TrustFolder, default_folder
from pecverify.trust.refresh import list_signers

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from pecverify.cli._messages import Phrase

TROUBLE_SHOWN = 400
"""Characters of what is wrong with trust material."""
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
    def of(cls, arguments: Namespace, *, now: datetime | None = None) -> Demands:
        """What the arguments demand.

        Args:
            arguments: of the command.
            now: in place of the real clock.

        Raises:
            CommandError: a file of certificates cannot be read.
        """
        now = now or datetime.now(UTC)
        style = Style(language=arguments.lang, coloured=wants_colour())
        return cls(
            trust=_load_trust(arguments, style), policy=_make_policy(arguments, now, style), now=now, style=style
        )

    def style_for(self, output: str) -> Style:
        """How to write into an output: colour is decided by standard output, and no file has any."""
        return self.style if output == STANDARD_STREAM else self.style.plain

    def finder(self, include: Iterable[str]) -> Finder:
        """What finds the messages at the places that the user names."""
        standard_input = None if sys.stdin is None else sys.stdin.buffer
        return Finder(limits=self.policy.limits, include=tuple(include), standard_input=standard_input)

    def examiner(self, *, nested: bool = False) -> Examiner:
        """What verifies them."""
        return Examiner(trust=self.trust, policy=self.policy, nested=nested)


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
    with guarding(m.CANNOT_READ, name, demands.style):
        return read_message(name, demands.policy.limits)


@contextmanager
def guarding(phrase: Phrase, name: str, style: Style) -> Iterator[None]:
    """What the system refuses is told by a phrase (`CANNOT_READ`, `CANNOT_WRITE`) with the file's name.

    Raises:
        CommandError: instead of an OSError or ValueError.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        raise CommandError(style.say(phrase, file=name, why=explain(error))) from None


def read_file(name: str, style: Style) -> bytes:
    """The bytes of a file that holds trust material.

    Raises:
        CommandError: it cannot be read.
    """
    with guarding(m.CANNOT_READ, name, style):
        return Path(name).read_bytes()


@contextmanager
def trusting(name: str, style: Style) -> Iterator[None]:
    """What is wrong with the trust material in a file is told with the file's name.

    Raises:
        CommandError: instead of a TrustListError.
    """
    try:
        yield
    except TrustListError as error:
        raise CommandError(style.say(m.CANNOT_TRUST, file=name, why=shown(str(error), TROUBLE_SHOWN))) from None


def find_folder(arguments: Namespace) -> Path:
    """The trust folder that the user named, or the user's own."""
    return default_folder() if arguments.trust_folder is None else Path(arguments.trust_folder)


def load_folder(path: Path, style: Style) -> TrustFolder:
    """What is in a trust folder.

    Raises:
        CommandError: it cannot be read.
    """
    with trusting(str(path), style):
        return TrustFolder.load(path)


def _load_trust(arguments: Namespace, style: Style) -> TrustStore:
    signers = [read_file(name, style) for name in arguments.signers]
    folder = TrustFolder() if arguments.no_trust_folder else load_folder(find_folder(arguments), style)
    trust = TrustStore.from_trust_folder(folder)
    for name in arguments.trust:
        with trusting(name, style):
            trust |= TrustStore.from_certificates(read_file(name, style))
    for name in arguments.trusted_list:
        with trusting(name, style):
            allowed = signers or list_signers(folder)
            trust |= TrustStore.from_trusted_list(read_file(name, style), signers=allowed)
    for name in arguments.directory:
        with trusting(name, style):
            trust |= TrustStore.from_provider_directory(read_file(name, style), signers=signers)
    return trust


def _make_policy(arguments: Namespace, now: datetime, style: Style) -> Policy:
    if arguments.policy == "strict":
        policy = Policy.strict(existed_at=arguments.existed_at, now=now)
    else:
        make = Policy.archival if arguments.policy == "archival" else Policy
        policy = make(at=arguments.at, existed_at=arguments.existed_at, now=now)
    return dataclasses.replace(
        policy,
        crls=tuple(read_file(name, style) for name in arguments.crl),
        ocsp=tuple(read_file(name, style) for name in arguments.ocsp),
        require_revocation=arguments.require_revocation,
    )
