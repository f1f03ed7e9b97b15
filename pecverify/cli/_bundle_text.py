"""The check of a bundle in lines: the outcome first, then every file, and of each receipt what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify.bundle import FileState
from pecverify.cli import _bundle_messages as b
from pecverify.cli._facts import align, format_instant, name_origin, paint_verdict
from pecverify.cli._text import Ink, Style, escape, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.bundle import BundleCheck, FileCheck, Manifest, ReceiptCheck, RecordedReceipt, TimestampCheck
    from pecverify.cli._facts import Fact

_INKS = {FileState.INTACT: Ink.GOOD, FileState.NOT_REPRODUCED: Ink.DOUBT, FileState.NOT_COMPARED: Ink.DOUBT}


def describe_check(name: str, checked: BundleCheck, style: Style) -> Iterator[str]:
    """The lines.

    Args:
        name: of the bundle.
        checked: what came of it.
        style: how to say it.
    """
    yield f"{escape(name)}: {paint_verdict(checked.verdict, style)}"
    if checked.manifest is None:
        yield f"  {style.say(b.NO_BUNDLE, why=shown(checked.problem or ''))}"
        return
    yield from align(_facts(checked, checked.manifest, style), style)
    yield ""
    receipts = {receipt.recorded.file: receipt for receipt in checked.receipts}
    for file in checked.files:
        yield from _describe_file(file, receipts.get(file.path), style)


def _facts(checked: BundleCheck, manifest: Manifest, style: Style) -> Iterator[Fact]:
    yield b.MADE_WITH, f"pecverify {shown(manifest.pecverify)}"
    yield b.POLICY, manifest.policy.name.value
    yield b.UP_TO, format_instant(manifest.now)
    if checked.differences:
        yield b.OTHERWISE, ", ".join(checked.differences)
    if manifest.unverified:
        yield b.LEFT_OUT, ", ".join(shown(name_origin(each.origin)) for each in manifest.unverified)
    yield b.TIMESTAMP, _describe_timestamp(checked.timestamp, style)
    yield b.FINGERPRINT, manifest.sha256


def _describe_timestamp(timestamp: TimestampCheck, style: Style) -> str:
    return style.say(
        b.TIMESTAMPS[timestamp.state],
        at="" if timestamp.at is None else format_instant(timestamp.at),
        signer="" if timestamp.signer is None else shown(timestamp.signer.subject),
        reason=timestamp.reason or "",
        detail=shown(timestamp.detail or ""),
    )


def _describe_file(file: FileCheck, receipt: ReceiptCheck | None, style: Style) -> Iterator[str]:
    state = style.paint(style.say(b.FILES[file.state]), _INKS.get(file.state, Ink.BAD))
    detail = "" if file.detail is None else f" ({shown(file.detail)})"
    if receipt is None:
        yield f"  {shown(file.path)}: {state}{detail}"
        return
    came_to = "" if receipt.found is None else f", {_describe_receipt(receipt.found, style)}"
    origin = style.say(b.FROM, file=shown(name_origin(receipt.recorded.origin)))
    yield f"  {file.path}: {state}{detail}{came_to}, {origin}"
    if receipt.detail is not None:
        yield f"    {style.say(b.NOT_VERIFIED, why=shown(receipt.detail))}"
    elif receipt.found is not None and not receipt.agrees:
        yield f"    {style.say(b.RECORDED, report=_explain(receipt.recorded))}"
        yield f"    {style.say(b.FOUND, report=_explain(receipt.found))}"
    if receipt.proven is not None and receipt.proven != receipt.found:
        yield f"    {style.say(b.PROVEN, report=_explain(receipt.proven))}"


def _describe_receipt(receipt: RecordedReceipt, style: Style) -> str:
    painted = paint_verdict(receipt.report.verdict, style)
    return painted if receipt.report.kind is None else f"{painted} {receipt.report.kind}"


def _explain(receipt: RecordedReceipt) -> str:
    reports = (receipt.report, *receipt.nested)
    return "; ".join(f"{report.verdict.value} {', '.join(report.reasons)}".strip() for report in reports)
