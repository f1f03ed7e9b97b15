"""`pecverify bundle`: make a bundle of proof, check one again, and have one timestamped."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

from pecverify import Verdict
from pecverify.bundle import BundleError, attach_timestamp, check_bundle, make_bundle, request_timestamp
from pecverify.cli import _bundle_messages as b
from pecverify.cli import _messages as m
from pecverify.cli._bundle_text import describe_check
from pecverify.cli._demands import STANDARD_STREAM, Demands, guarding, read_file, trusting
from pecverify.cli._exit import CommandError, ExitStatus
from pecverify.cli._facts import describe_unverified
from pecverify.cli._output import open_output
from pecverify.cli._text import shown

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pecverify.bundle import Manifest, RecordedReceipt
    from pecverify.cli._text import Style

_Result = TypeVar("_Result")
_MOST_IN_MEMORY = 64_000_000


def run(arguments: Namespace) -> ExitStatus:
    """Make a bundle, or do with one what an option says.

    Returns:
        The worst verdict; NOT_DONE where something that was found is not in the bundle.

    Raises:
        CommandError: a file cannot be read or written, is no bundle, or an extra is missing.
    """
    demands = Demands.of(arguments, now=arguments.now)
    if arguments.check is not None:
        return _check(arguments, demands)
    if arguments.request is not None:
        return _request(arguments, demands.style)
    if arguments.attach is not None:
        return _attach(arguments, demands.style)
    return _make(arguments, demands)


def _make(arguments: Namespace, demands: Demands) -> ExitStatus:
    style = demands.style
    finder, examiner = demands.finder(arguments.include), demands.examiner(nested=arguments.nested)

    def make(file: IO[bytes]) -> Manifest:
        manifest = make_bundle(
            arguments.paths,
            file,
            examiner=examiner,
            now=demands.now,
            finder=finder,
            language=style.language,
            jobs=arguments.jobs,
        )
        _tell_left_out(manifest, style)
        if not manifest.receipts:
            raise CommandError(style.say(b.NO_RECEIPTS))
        return manifest

    manifest = _write(arguments, style, make, sources=arguments.paths, extra="pecverify[html]")
    if arguments.output != STANDARD_STREAM:
        print("\n".join(_describe_made(arguments.output, manifest, style)))
    verdicts = [verdict for receipt in manifest.receipts for verdict in _counted(receipt)]
    return ExitStatus.NOT_DONE if manifest.unverified else ExitStatus.of(*verdicts)


def _tell_left_out(manifest: Manifest, style: Style) -> None:
    for each in manifest.unverified:
        print(f"pecverify: {describe_unverified(each.origin, each.cause, each.detail, style)}", file=sys.stderr)


def _describe_made(name: str, manifest: Manifest, style: Style) -> Iterator[str]:
    count = Counter(verdict for receipt in manifest.receipts for verdict in _counted(receipt))
    verdicts = ", ".join(f"{count[verdict]} {style.say(m.VERDICTS[verdict])}" for verdict in Verdict if count[verdict])
    yield style.say(b.WRITTEN, file=name, count=str(len(manifest.receipts)), verdicts=verdicts)
    yield f"{style.say(b.FINGERPRINT)}: {manifest.sha256}"


def _counted(receipt: RecordedReceipt) -> Iterator[Verdict]:
    if not receipt.is_carrier:
        yield receipt.report.verdict
    yield from (report.verdict for report in receipt.nested)


def _check(arguments: Namespace, demands: Demands) -> ExitStatus:
    style = demands.style
    authority = [read_file(name, style) for name in arguments.timestamp_authority]
    with _open_bundle(arguments.check, style) as file, trusting(", ".join(arguments.timestamp_authority), style):
        try:
            checked = check_bundle(file, examiner=demands.examiner(), authority=authority, jobs=arguments.jobs)
        except ImportError:
            raise CommandError(style.say(m.EXTRA_MISSING, extra="pecverify[timestamp]")) from None
    for line in describe_check(arguments.check, checked, style):
        print(line)
    return ExitStatus.of(checked.verdict)


def _request(arguments: Namespace, style: Style) -> ExitStatus:
    with _open_bundle(arguments.request, style) as bundle:
        _write(
            arguments,
            style,
            lambda file: file.write(request_timestamp(bundle, nonce=arguments.nonce)),
            sources=[arguments.request],
            extra="pecverify[timestamp]",
        )
    return ExitStatus.VALID


def _attach(arguments: Namespace, style: Style) -> ExitStatus:
    (name,) = arguments.paths
    token = read_file(name, style)
    with _open_bundle(arguments.attach, style) as bundle:
        _write(
            arguments,
            style,
            lambda file: attach_timestamp(bundle, token, file),
            sources=[arguments.attach, name],
            extra="pecverify[timestamp]",
        )
    return ExitStatus.VALID


def _open_bundle(name: str, style: Style) -> IO[bytes]:
    """Open for reading.

    Raises:
        CommandError: it cannot be opened.
    """
    with guarding(m.CANNOT_READ, name, style):
        return Path(name).open("rb")


def _write(
    arguments: Namespace,
    style: Style,
    write: Callable[[IO[bytes]], _Result],
    *,
    sources: Iterable[str],
    extra: str,
) -> _Result:
    """Write the output whole or not at all, and over nothing that is there unless it is wanted.

    Raises:
        CommandError: it exists already, cannot be written, a bundle is none, or an extra is missing.
    """
    name = arguments.output
    is_file = name != STANDARD_STREAM
    is_new = is_file and not os.path.lexists(name)
    if is_file and not is_new and not arguments.force:
        raise CommandError(style.say(m.EXISTS, file=name))
    # A bundle may be written into a folder that is one of its sources: it is none itself.
    files = [source for source in sources if Path(source).is_file()]
    is_ours = False
    try:
        with (
            open_output(name, style, binary=True, append=True, sources=files) as stream,
            _Draft(cast("IO[bytes]", stream)) as draft,
        ):
            is_ours = is_new
            result = write(draft)
            if is_file and Path(name).is_file():
                is_ours = True
                stream.truncate(0)
            draft.copy()
            return result
    except BaseException as error:
        if is_ours:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, ImportError):
            raise CommandError(style.say(m.EXTRA_MISSING, extra=extra)) from None
        if isinstance(error, BundleError):
            raise CommandError(style.say(b.CANNOT_BUNDLE, file=_named(arguments), why=shown(str(error)))) from None
        raise


class _Draft(tempfile.SpooledTemporaryFile[bytes]):
    """What is to be written: what is in the output stays until there is something to put in its place.

    It has the output's number, for that is the file which is no source of itself.
    """

    def __init__(self, output: IO[bytes]) -> None:
        super().__init__(_MOST_IN_MEMORY)
        self._output = output

    def fileno(self) -> int:
        return self._output.fileno()

    def copy(self) -> None:
        """Write it into the output."""
        self.seek(0)
        shutil.copyfileobj(self, self._output)


def _named(arguments: Namespace) -> str:
    """The bundle that a message is about."""
    named: Sequence[str | None] = (arguments.request, arguments.attach)
    return next((name for name in named if name is not None), arguments.output)
