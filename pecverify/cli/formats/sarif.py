"""SARIF 2.1.0, as code-scanning services take it: a result for each finding that keeps a message from being VALID.

Source: OASIS SARIF 2.1.0, errata 01; section numbers below are of that document.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import string
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, TextIO

from pecverify import Reason, Severity, __version__
from pecverify.archive import Cause, Unverified
from pecverify.cli import _messages as m
from pecverify.cli._text import shown
from pecverify.cli.formats._entries import entries_of, explain_unverified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.archive import Answer, Origin
    from pecverify.cli._text import Style
    from pecverify.cli.formats._entries import Entry
    from pecverify.report import JsonValue

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.UNKNOWN: "warning",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
_SENTENCE_SHOWN = 1_000
_BYTES = re.compile(r"bytes (\d+)-(\d+)")
_UNVERIFIED = "unverified-"
# RFC 3986 §2.3, and the separator.
_PLAIN_IN_A_PATH = frozenset((string.ascii_letters + string.digits + "-._~/").encode())


def render(answer: Answer, style: Style) -> tuple[str, ...]:
    """The results of a message and of the receipts inside it, each as JSON on one line; none for what is VALID."""
    return tuple(
        json.dumps(_result(entry, problem, style), separators=(",", ":"))
        for entry in entries_of(answer)
        if not entry.is_carrier
        for problem in _problems(entry, style)
    )


class Writer:
    """Writes the rules, and then each result as soon as it is known."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._before = "\n"
        run: dict[str, JsonValue] = {
            "tool": {"driver": {"name": "pecverify", "version": __version__, "language": "en", "rules": _rules()}},
            "language": style.language,
            "columnKind": "unicodeCodePoints",
            "results": [],
        }
        document = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, separators=(",", ":"))
        start, self._end = document[:-4], document[-4:]  # the results are last: `[` and `]}]}`
        stream.write(start)

    def write(self, rendered: tuple[str, ...]) -> None:
        """Write the results of one message."""
        for result in rendered:
            self._stream.write(self._before + result)
            self._before = ",\n"

    def close(self) -> None:
        """End the document."""
        self._stream.write(f"\n{self._end}\n")


def _rules() -> list[JsonValue]:
    """Every reason and every cause (§3.49); `_RULES` has their places."""
    reasons: list[JsonValue] = [
        {
            "id": reason.value,
            "name": _pascal(reason.name),
            "shortDescription": {"text": reason.rule.english},
            "fullDescription": {"text": f"{reason.rule.english}. Source: {reason.rule.source}."},
            "help": {"text": f"{reason.rule.english} / {reason.rule.italian}. Source: {reason.rule.source}."},
            "defaultConfiguration": {"level": _LEVELS[reason.rule.severity]},
            "properties": {"tags": ["pec", reason.rule.check.value]},
        }
        for reason in Reason
    ]
    causes: list[JsonValue] = [
        {
            "id": f"{_UNVERIFIED}{cause.value}",
            "name": _pascal(f"unverified_{cause.name}"),
            "shortDescription": {"text": f"Not verified: {m.CAUSES[cause].en}"},
            "fullDescription": {"text": f"The message was not verified: {m.CAUSES[cause].en}."},
            "help": {"text": f"Not verified: {m.CAUSES[cause].en} / Non verificato: {m.CAUSES[cause].it}."},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["pec"]},
        }
        for cause in Cause
    ]
    return [*reasons, *causes]


_RULES = {
    rule: index
    for index, rule in enumerate(
        [*(reason.value for reason in Reason), *(_UNVERIFIED + cause.value for cause in Cause)]
    )
}


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


class _Problem(NamedTuple):
    """What a result is about."""

    rule: str
    level: str
    sentence: str
    where: str | None
    """Where the finding lies in the message."""


def _problems(entry: Entry, style: Style) -> Iterator[_Problem]:
    """Each decisive finding, or why there is no report."""
    if isinstance(entry.result, Unverified):
        cause = entry.result.cause
        yield _Problem(_UNVERIFIED + cause.value, "error", explain_unverified(entry.result, style), None)
        return
    for finding in entry.result.decisive_findings:
        sentence = shown(finding.text(style.language), _SENTENCE_SHOWN)
        yield _Problem(finding.reason.value, _LEVELS[finding.severity], sentence, finding.where)


def _result(entry: Entry, problem: _Problem, style: Style) -> dict[str, JsonValue]:
    """A result (§3.27)."""
    properties: dict[str, JsonValue] = {"sha256": entry.origin.sha256}
    if not isinstance(entry.result, Unverified):
        properties["verdict"] = entry.result.verdict.value
    return {
        "ruleId": problem.rule,
        "ruleIndex": _RULES[problem.rule],
        "level": problem.level,
        "message": {"text": _message_string(f"{entry.name}: {entry.title(style)}: {problem.sentence}")},
        "locations": [_location(entry, problem)],
        "partialFingerprints": _fingerprints(entry, problem),
        "properties": properties,
    }


def _message_string(text: str) -> str:
    """The text without placeholders and links (§3.11.5, §3.11.6).

    A reader that does not know these escapes still finds no link, as nothing stands between the brackets and the
    parenthesis that would make one.
    """
    for character, escaped in (("\\", "\\\\"), ("[", "\\["), ("]", "\\]"), ("{", "{{"), ("}", "}}"), ("](", "] (")):
        text = text.replace(character, escaped)
    return text


def _location(entry: Entry, problem: _Problem) -> dict[str, JsonValue]:
    """The file and the bytes in it; inside of an archive, the archive and the names of what is in it.

    Line 1 is there for services that show nothing without a line.
    """
    origin = entry.origin
    location: dict[str, JsonValue] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(origin.path)},
            "region": {"startLine": 1, **_bytes_region(entry, problem)},
        }
    }
    if origin.member is not None or origin.offset is not None:
        logical: dict[str, JsonValue] = {"fullyQualifiedName": entry.name}
        if origin.member is None:
            logical |= {"name": str(origin.offset), "kind": "message-at-offset"}
        else:
            logical |= {"name": shown(origin.member), "kind": "archive-member"}
        location["logicalLocations"] = [logical]
    return location


def _bytes_region(entry: Entry, problem: _Problem) -> dict[str, JsonValue]:
    """Which bytes of the file (§3.30.11): none where its bytes are not the message's own."""
    origin = entry.origin
    if origin.member is not None:
        return {}
    if origin.offset is not None:  # lines of it may have been quoted: where it begins is all that is sure
        return {"byteOffset": origin.offset}
    span = None if isinstance(entry.result, Unverified) else entry.result.taken_from
    if span is None and (named := _BYTES.fullmatch(problem.where or "")) is not None:
        span = (int(named[1]), int(named[2]))
    return {} if span is None else {"byteOffset": span[0], "byteLength": span[1] - span[0]}


def _fingerprints(entry: Entry, problem: _Problem) -> dict[str, JsonValue]:
    """What makes a result the same one in another run, wherever the message lies by then (§3.27.17).

    `primaryLocationLineHash` is the one that a code-scanning service looks for, in its own form.
    """
    span = None if isinstance(entry.result, Unverified) else entry.result.taken_from
    message = entry.origin.sha256 or _identify(entry.origin)
    digest = hashlib.sha256(json.dumps((message, span, problem.rule, problem.where)).encode()).hexdigest()
    return {"messageAndReason/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"}


def _identify(origin: Origin) -> list[JsonValue]:
    return [origin.path, origin.member, origin.offset]


def _uri(path: str) -> str:
    """A file's name as a URI reference (RFC 3986 §4.2, RFC 8089): relative where the name is."""
    pure = PurePath(path)
    text = pure.as_posix()
    try:
        name = os.fsencode(text)
    except UnicodeEncodeError:  # a name that no file can have here
        name = text.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(byte) if byte in _PLAIN_IN_A_PATH else f"%{byte:02X}" for byte in name)
    return f"file:///{quoted.lstrip('/')}" if pure.is_absolute() else quoted
