"""A run that was broken off goes on: what its JSON Lines hold whole is not verified again.

The file is both the record and the output. A line that a kill cut short is cut off, and rows of what could not be
verified are dropped, so that they are tried again; then the new rows follow. So each message stands in it once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pecverify.archive import Answer
from pecverify.cli import _messages as m
from pecverify.cli._exit import CommandError
from pecverify.cli._tally import Count, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pecverify.archive import Origin
    from pecverify.archive.bulk import Item
    from pecverify.cli._text import Style


@dataclass(slots=True, kw_only=True)
class FormerRun:
    """What a former run finished."""

    tally: Tally = field(default_factory=Tally)
    """Its counts."""
    _finished: dict[bytes, bytes] = field(default_factory=dict)
    """Digest of an origin to the message's SHA-256: 48 bytes for each message, whatever its name is."""

    @classmethod
    def take_up(cls, path: Path, style: Style) -> FormerRun:
        """Read a former run's rows and leave the file with those that are whole and finished; a new run without it.

        Raises:
            CommandError: the file cannot be read or written, or holds something else.
        """
        run = cls()
        path = Path(os.path.realpath(path))  # a link stays one
        rest = path.with_name(f"{path.name}.resumed")
        try:
            if path.exists() and not (path.is_file() or path.is_dir()):
                raise ValueError  # a device, say: it would be replaced
            with path.open("rb") as file, rest.open("wb") as kept:
                shutil.copymode(path, rest)
                run._keep_finished(file, kept)
            os.replace(rest, path)  # noqa: PTH105 (the same, and says that it replaces)
        except FileNotFoundError:
            pass
        except OSError as error:
            rest.unlink(missing_ok=True)
            raise CommandError(style.say(m.CANNOT_RESUME, file=str(path), why=error.strerror or str(error))) from None
        except (ValueError, LookupError, TypeError, RecursionError):
            rest.unlink(missing_ok=True)
            raise CommandError(style.say(m.CANNOT_RESUME, file=str(path), why=style.say(m.NO_FORMER_RUN))) from None
        run.tally.former = run.tally.messages
        return run

    def mark(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each with the SHA-256 that its message had when it was finished."""
        for item in items:
            finished = self._finished.get(_key(item.origin))
            if finished is None or isinstance(item, Answer):
                yield item
            else:
                yield replace(item, finished_sha256=finished.hex())

    def _keep_finished(self, file: BinaryIO, kept: BinaryIO) -> None:
        for line in file:
            if not line.endswith(b"\n"):
                return  # cut short
            row: dict[str, Any] = json.loads(line)
            count = Count.of_row(row)
            if count.cause is None:
                origin = row["origin"]
                self.tally.add(count)
                self._finished[_digest(origin["path"], origin["member"], origin["offset"])] = bytes.fromhex(
                    origin["sha256"]
                )
                kept.write(line)


def _key(origin: Origin) -> bytes:
    return _digest(origin.path, origin.member, origin.offset)


def _digest(*parts: str | int | None) -> bytes:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest()
