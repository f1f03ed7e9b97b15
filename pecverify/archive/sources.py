"""Where messages lie: files, folders, Maildir, mbox, zip and tar, each found once and in the same order every time.

What the caller names is always looked at. What merely lies in a folder or an archive is taken if its name or its
beginning says that it is mail or an archive; the rest is passed over, and told to the caller.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import io
import os
import stat
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, TypeAlias

from pecverify.archive._mbox import read_mbox
from pecverify.archive._members import tar_members, zip_members
from pecverify.archive._names import (
    HEAD_BYTES,
    Kind,
    compression_of,
    kind_by_content,
    kind_by_name,
    without_compression,
)
from pecverify.archive._streams import ArchiveError, Readable, Unpacked, peek, read_bounded
from pecverify.archive.answer import Answer, Cause, Origin, Unverified, explain
from pecverify.archive.limits import ArchiveLimits
from pecverify.archive.piece import Piece
from pecverify.policy import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pecverify.archive._members import Member

Source: TypeAlias = "str | os.PathLike[str]"
STANDARD_INPUT = "-"
_JOINED_BY = "!/"
_OPEN_FILES = ("/dev/fd/", "/proc/self/fd/")
"""Where a process finds its own open files by their numbers."""
_MAILDIR = frozenset({"cur", "new"})
_MAILDIR_UNFINISHED = "tmp"


def _ignore(_: Origin) -> None:
    """What is passed over is nobody's concern."""


@dataclass(frozen=True, kw_only=True)
class Finder:
    """Finds the messages at the places that a caller names."""

    limits: Limits = field(default_factory=Limits)
    """Of one message: no more than `message_bytes` and one byte of it are read."""
    archive_limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    """Of archives."""
    include: tuple[str, ...] = ()
    """Patterns of file names, as a shell has them: what matches is a message, whatever it looks like."""
    passed_over: Callable[[Origin], None] = _ignore
    """Called with each file that is no mail."""
    standard_input: Readable | None = None
    """What `-` reads: one message, or one archive that can be read in order (not zip)."""

    def find(self, sources: Iterable[Source]) -> Iterator[Piece | Answer]:
        """The messages in order, and an Answer for each thing that cannot be read.

        Args:
            sources: files, folders, `-`, and patterns of names (`**` goes into folders), where no file is called so.
                What lies inside another of them is found once. A folder's files come before its folders, each by name.

        Raises:
            TypeError: a source is no text and no path. Nothing on hostile content.
        """
        named = [os.fsdecode(os.fspath(source)) for source in sources]
        for path in _outermost([place for name in named for place in _expanded(name)]):
            if path == STANDARD_INPUT:
                yield from self._standard_input(Origin(path=path))
            else:
                yield from self._place(path)

    def _standard_input(self, origin: Origin) -> Iterator[Piece | Answer]:
        if self.standard_input is None:
            unreadable = Unverified(cause=Cause.UNREADABLE, detail="standard input is closed")
            yield Answer(origin=origin, result=unreadable)
        else:
            yield from self._stream(origin, self.standard_input, is_named=True)

    def _place(self, path: str) -> Iterator[Piece | Answer]:
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 (a hostile name stays text)
        except (OSError, ValueError) as error:
            yield _unreadable(path, error)
            return
        if stat.S_ISDIR(mode):
            yield from self._folder(path)
        elif stat.S_ISREG(mode) and not path.startswith(_OPEN_FILES):
            yield from self._file(path, is_named=True)
        else:  # a pipe can be read once, and another process has other open files
            yield from self._opened(path, lambda file: self._stream(Origin(path=path), file, is_named=True))

    def _folder(self, top: str) -> Iterator[Piece | Answer]:
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(
                        (item.name, item.is_dir(follow_symlinks=False), _is_file(item)) for item in listing
                    )
            except OSError as error:
                yield _unreadable(folder, error)
                continue
            within = [name for name, is_folder, _ in entries if is_folder]
            if set(within) >= _MAILDIR:
                within = [name for name in within if name != _MAILDIR_UNFINISHED]
            is_mail = _is_part_of_maildir(folder)
            for name, is_folder, is_file in entries:
                path = os.path.join(folder, name)  # noqa: PTH118 (as above)
                if is_file:
                    yield from self._file(path, is_mail=is_mail)
                elif not is_folder:
                    self.passed_over(Origin(path=path))
            waiting += [os.path.join(folder, name) for name in reversed(within)]  # noqa: PTH118 (as above)

    def _file(self, path: str, *, is_named: bool = False, is_mail: bool = False) -> Iterator[Piece | Answer]:
        """A regular file: a message is left to whoever verifies it, an archive is opened."""
        origin = Origin(path=path)
        kind = Kind.MESSAGE if is_mail or self._is_included(path) else kind_by_name(path)
        if kind is Kind.MESSAGE:
            yield Piece(origin=origin)
            return
        if kind is None:
            try:
                with open(path, "rb") as file:  # noqa: PTH123 (as above)
                    kind = kind_by_content(file.read(HEAD_BYTES))
            except (OSError, ValueError) as error:
                yield _unreadable(path, error)
                return
        if kind is Kind.MESSAGE or (kind is Kind.OTHER and is_named):
            yield Piece(origin=origin)
        elif kind is Kind.OTHER:
            self.passed_over(origin)
        else:
            opened_kind = kind
            yield from self._opened(path, lambda file: self._archive(opened_kind, origin, file, 0, is_named=is_named))

    def _opened(
        self, path: str, read: Callable[[io.BufferedReader], Iterator[Piece | Answer]]
    ) -> Iterator[Piece | Answer]:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 (as above)
                yield from read(file)
        except (OSError, ValueError) as error:
            yield _unreadable(path, error)

    def _archive(
        self, kind: Kind, origin: Origin, source: Readable, depth: int, *, is_named: bool = False
    ) -> Iterator[Piece | Answer]:
        """What is in an archive or a compressed file, or in an mbox."""
        try:
            if kind is Kind.MBOX:
                for offset, message in read_mbox(source, self.limits.message_bytes):
                    yield Piece(origin=replace(origin, offset=offset), content=message, from_mbox=True)
            elif depth >= self.archive_limits.depth:
                raise ArchiveError(Cause.LIMIT_EXCEEDED, f"archives in archives, deeper than {depth}")
            elif kind is Kind.COMPRESSED:
                name = without_compression(origin.path if origin.member is None else origin.member)
                unpacked = self._unpacked(source)
                yield from self._stream(origin, unpacked, depth + 1, name=name, is_named=is_named)
            elif kind is Kind.TAR:
                yield from self._members(tar_members(self._unpacked_tar(source), self.archive_limits), origin, depth)
            else:
                yield from self._members(zip_members(self._seekable(source), self.archive_limits), origin, depth)
        except ArchiveError as error:
            yield Answer(origin=origin, result=error.as_value())

    def _members(self, members: Iterable[Member], origin: Origin, depth: int) -> Iterator[Piece | Answer]:
        opened: set[int] = set()  # hashes of names: there may be a million
        for member in members:
            inner = origin
            if member.name is not None:
                name = member.name if origin.member is None else f"{origin.member}{_JOINED_BY}{member.name}"
                if _JOINED_BY in member.name:  # it does not lie in an archive of that name
                    name = _with_offset(name, member)
                if kind_by_name(member.name) is not Kind.MESSAGE:
                    # Of two archives of one name, as `tar --append` leaves them, each has messages of its own.
                    while hash(name) in opened:
                        name = _with_offset(name, member)
                    opened.add(hash(name))
                inner = replace(origin, member=name, offset=member.offset)
            if not isinstance(member.content, Unverified):
                yield from self._stream(inner, member.content, depth + 1, name=member.name)
            elif member.name is None or kind_by_name(member.name) is not None:
                yield Answer(origin=inner, result=member.content)
            else:  # a link, say, that has no name of mail
                self.passed_over(inner)

    def _stream(
        self, origin: Origin, source: Readable, depth: int = 0, *, name: str | None = None, is_named: bool = False
    ) -> Iterator[Piece | Answer]:
        """What can be read once, in order: an entry of an archive, a pipe."""
        try:
            kind = None if name is None else Kind.MESSAGE if self._is_included(name) else kind_by_name(name)
            if kind is None:
                head, source = peek(source)
                kind = kind_by_content(head)
            if kind is Kind.MESSAGE or (kind is Kind.OTHER and is_named):
                yield Piece(origin=origin, content=read_bounded(source, self.limits.message_bytes))
            elif kind is Kind.OTHER:
                self.passed_over(origin)
            else:
                yield from self._archive(kind, origin, source, depth, is_named=is_named)
        except ArchiveError as error:
            yield Answer(origin=origin, result=error.as_value())

    def _unpacked(self, source: Readable) -> Unpacked:
        head, stream = peek(source)
        compression = compression_of(head)
        if compression is None:
            raise ArchiveError(Cause.DAMAGED, "it is not compressed, or by nothing known")
        return Unpacked(stream, compression, self.archive_limits)

    def _unpacked_tar(self, source: Readable) -> Readable:
        """A tar file's name does not always tell how it is compressed."""
        head, stream = peek(source)
        compression = compression_of(head)
        return stream if compression is None else Unpacked(stream, compression, self.archive_limits)

    def _seekable(self, source: Readable) -> IO[bytes]:
        """A zip file has its directory at its end: one that cannot be searched is held in memory."""
        if isinstance(source, io.BufferedReader) and source.seekable():
            return source
        data = read_bounded(source, self.limits.message_bytes)
        if len(data) > self.limits.message_bytes:
            raise ArchiveError(Cause.LIMIT_EXCEEDED, f"an archive in an archive of over {len(data) - 1} bytes")
        return io.BytesIO(data)

    def _is_included(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.include)


def is_mail(path: str) -> bool:
    """Whether a file, if there is one, is a message or an archive by its name or its beginning; nothing is raised."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) == 0:  # noqa: PTH113, PTH202 (as above)
            return False
        if kind_by_name(path) is not None:
            return True
        with open(path, "rb") as file:  # noqa: PTH123 (as above)
            return kind_by_content(file.read(HEAD_BYTES)) is not Kind.OTHER
    except (OSError, ValueError):
        return False


def _with_offset(name: str, member: Member) -> str:
    return f"{name} (byte {member.offset})"


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file or a link to one. Of a link that cannot be followed its own reading will tell why."""
    try:
        return entry.is_file()
    except OSError as error:
        return error.errno != errno.ELOOP


def _is_part_of_maildir(folder: str) -> bool:
    above, name = os.path.split(os.path.abspath(folder))  # noqa: PTH100 (as above)
    return name in _MAILDIR and all(os.path.isdir(os.path.join(above, part)) for part in _MAILDIR)  # noqa: PTH112, PTH118


def _expanded(name: str) -> list[str]:
    """The files that a pattern matches; the name itself where it is none, or none match."""
    if name == STANDARD_INPUT or not glob.has_magic(name) or os.path.lexists(name):
        return [name]
    return sorted(set(_matching(name))) or [name]


def _matching(pattern: str) -> Iterator[str]:
    """What a pattern matches. `**` goes into no links: with two that lead round in a circle, glob's never ends."""
    before, mark, after = pattern.partition("**")
    if not mark or before[-1:] not in ("", "/") or after[:1] not in ("", "/"):
        yield from glob.iglob(pattern)  # noqa: PTH207 (as above)
        return
    for top in glob.iglob(before) if before else (os.curdir,):  # noqa: PTH207 (as above)
        for folder, within, _ in os.walk(top):
            within[:] = [name for name in within if not name.startswith(".")]
            inside = glob.escape(folder if before else folder[2:]).rstrip("/")
            yield from _matching(inside + after if before or inside else after[1:] or os.curdir)


def _outermost(paths: list[str]) -> list[str]:
    """Each place once, in order, without those that lie inside another one."""
    if len(paths) == 1:
        return paths
    real = {path: _real(path) for path in paths}
    every = set(real.values())
    seen: set[str] = set()
    kept = []
    for path in paths:
        place = real[path]
        if place in seen or any(above in every for above in _folders_above(place)):
            continue
        if os.path.isfile(path) and any(above in every for above in _folders_above(_where(path))):  # noqa: PTH113
            continue
        seen.add(place)
        kept.append(path)
    return kept


def _real(path: str) -> str:
    try:
        return path if path == STANDARD_INPUT else os.path.realpath(path)
    except (OSError, ValueError):  # no file can be called so: it will be said
        return path


def _where(path: str) -> str:
    """Where the name itself lies, be it a link or not."""
    folder, name = os.path.split(path)
    return os.path.join(_real(folder or os.curdir), name)  # noqa: PTH118 (as above)


def _folders_above(path: str) -> Iterator[str]:
    while (above := os.path.dirname(path)) != path:  # noqa: PTH120 (as above)
        yield above
        path = above


def _unreadable(path: str, error: OSError | ValueError) -> Answer:
    return Answer(origin=Origin(path=path), result=Unverified(cause=Cause.UNREADABLE, detail=explain(error)))
