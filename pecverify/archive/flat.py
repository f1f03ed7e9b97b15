"""The flat row: one message, or one receipt inside another, in plain values that fit a table.

`COLUMNS` alone says what a row holds: the Arrow schema, Spark's schema, the header of the CSV and the list in
docs/tables.md are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pecverify.archive.answer import Unverified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pecverify.archive.answer import Answer, Origin
    from pecverify.receipt import Receipt
    from pecverify.report import Report

Value: TypeAlias = "str | int | bool | datetime | list[str] | list[dict[str, str | None]] | None"
Row: TypeAlias = "dict[str, Value]"

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""The first instant that a row holds. Before 1900 Spark asks which calendar is meant, and fails the job."""
LATEST = datetime(2261, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""The last one. In 2262 the nanoseconds end in which many tools count."""


class ColumnType(StrEnum):
    """What the values of a column are. Each may be null."""

    TEXT = "text"
    """Unicode text, hostile unless the column says otherwise; lone surrogates are written as `\\udcXX`."""
    TOKEN = "token"  # noqa: S105 (no password)
    """One of the few words of an enumeration, as in the JSON."""
    INTEGER = "integer"
    """A signed integer of 64 bits."""
    FLAG = "flag"
    """True or false."""
    INSTANT = "instant"
    """An instant in UTC, to the microsecond, from `EARLIEST` to `LATEST`; null if it lies outside."""
    TEXTS = "list of texts"
    """Texts, in order."""
    RECIPIENTS = "list of recipients"
    """Pairs of `address` (text) and `type` (`certificato`, `esterno` or null), in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one row is about."""

    origin: Origin
    """Where the message lay."""
    report: Report | None
    """What was established."""
    unverified: Unverified | None
    """Why there is no report."""
    is_carrier: bool
    """Whether it is ordinary mail that merely carries receipts."""

    @property
    def receipt(self) -> Receipt | None:
        """What the message states, if its signature holds."""
        return None if self.report is None else self.report.receipt


class Column(NamedTuple):
    """One column of the table."""

    name: str
    """Its name, never changed."""
    type: ColumnType
    """What its values are."""
    meaning: str
    """What it says, in one sentence of Markdown."""
    extract: Callable[[Entry], Any]
    """Its value before it is made plain; None for null."""


def flat_rows(answer: Answer) -> Iterator[Row]:
    """What came of one message: a row for itself, and one for each receipt inside it that was verified too."""
    own = answer.result
    yield _row(
        Entry(
            origin=answer.origin,
            report=None if isinstance(own, Unverified) else own,
            unverified=own if isinstance(own, Unverified) else None,
            is_carrier=answer.is_carrier,
        )
    )
    for report in answer.nested:
        yield _row(Entry(origin=answer.origin, report=report, unverified=None, is_carrier=False))


def _row(entry: Entry) -> Row:
    values = ((column, column.extract(entry)) for column in COLUMNS)
    return {column.name: None if value is None else _PLAIN[column.type](value) for column, value in values}


def _visible(text: str) -> str:
    r"""The text with lone surrogates written as \udcXX: no table takes them. Nothing else is changed."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _within_bounds(instant: datetime) -> datetime | None:
    return instant.astimezone(UTC) if EARLIEST <= instant <= LATEST else None


_PLAIN: dict[ColumnType, Callable[[Any], Value]] = {
    ColumnType.TEXT: _visible,
    ColumnType.TOKEN: str,
    ColumnType.INTEGER: int,
    ColumnType.FLAG: bool,
    ColumnType.INSTANT: _within_bounds,
    ColumnType.TEXTS: lambda texts: [_visible(text) for text in texts],
    ColumnType.RECIPIENTS: lambda recipients: [
        {"address": _visible(one.address), "type": None if one.type is None else one.type.value} for one in recipients
    ],
}


def _at(path: str) -> Callable[[Entry], Any]:
    """What lies at a path of attributes; None where a step is None, or the receipt's kind has no such field."""
    steps = path.split(".")

    def extract(entry: Entry) -> Any:  # noqa: ANN401 (as the path says)
        value: Any = entry
        for step in steps:
            value = getattr(value, step, None)
        return value

    return extract


def _start(path: str) -> Callable[[Entry], int | None]:
    span = _at(path)
    return lambda entry: None if (found := span(entry)) is None else found[0]


def _stop(path: str) -> Callable[[Entry], int | None]:
    span = _at(path)
    return lambda entry: None if (found := span(entry)) is None else found[1]


def _kind(entry: Entry) -> str | None:
    return None if entry.receipt is None else entry.receipt.kind.name.lower()


def _first_reason(entry: Entry) -> StrEnum | None:
    decisive = () if entry.report is None else entry.report.decisive_findings
    return decisive[0].reason if decisive else None


def _reasons(entry: Entry) -> list[str] | None:
    if entry.report is None:
        return None
    return list(dict.fromkeys(finding.reason.value for finding in entry.report.findings))


def _stated_offset(entry: Entry) -> int | None:
    issued_at: datetime | None = getattr(entry.receipt, "issued_at", None)
    offset = None if issued_at is None else issued_at.utcoffset()
    return None if offset is None else offset // timedelta(minutes=1)


_T = ColumnType
COLUMNS: tuple[Column, ...] = (
    # --- where it lay
    Column("path", _T.TEXT, "The file, as it was named or found.", _at("origin.path")),
    Column("member", _T.TEXT, "Its name inside an archive; null for a file of its own.", _at("origin.member")),
    Column("offset", _T.INTEGER, "The byte at which it begins in a file of many messages.", _at("origin.offset")),
    Column(
        "sha256",
        _T.TEXT,
        "SHA-256 of the message's bytes, 64 hexadecimal digits; for a receipt inside another message, of that one.",
        _at("origin.sha256"),
    ),
    Column(
        "taken_from_start",
        _T.INTEGER,
        "For a receipt inside another message, the byte at which it begins there.",
        _start("report.taken_from"),
    ),
    Column("taken_from_stop", _T.INTEGER, "The byte after its last one.", _stop("report.taken_from")),
    # --- what came of it
    Column(
        "is_carrier",
        _T.FLAG,
        "Whether it is ordinary mail that merely carries receipts: they have rows of their own and count, it does not."
        " Never null.",
        _at("is_carrier"),
    ),
    Column("verdict", _T.TOKEN, "`valid`, `indeterminate` or `invalid`; null if unverified.", _at("report.verdict")),
    Column(
        "unverified_cause", _T.TOKEN, "Why there is no verdict, e.g. `unreadable`, `damaged`.", _at("unverified.cause")
    ),
    Column("unverified_detail", _T.TEXT, "What the system or the reader said.", _at("unverified.detail")),
    Column(
        "decisive_reason",
        _T.TOKEN,
        "The reason of the first finding that keeps the verdict from `valid`, e.g. `digest-mismatch`.",
        _first_reason,
    ),
    Column(
        "reasons",
        _T.TEXTS,
        "The reasons of all findings, each once, errors first, then unknowns, warnings and notes; empty if nothing was"
        " found, null if unverified.",
        _reasons,
    ),
    # --- what the message states
    Column("kind", _T.TOKEN, "The kind of receipt, e.g. `accepted`, `delivered`, `delivery_failed`.", _kind),
    Column("pec_id", _T.TEXT, "`identificativo`: shared by every receipt about a message.", _at("receipt.pec_id")),
    Column("message_id", _T.TEXT, "`msgid`: the Message-ID of the sender's client.", _at("receipt.message_id")),
    Column("sender", _T.TEXT, "`mittente`: address of the original sender.", _at("receipt.sender")),
    Column("recipients", _T.RECIPIENTS, "`destinatari`: all To and Cc recipients.", _at("receipt.recipients")),
    Column("reply_to", _T.TEXT, "`risposte`.", _at("receipt.reply_to")),
    Column("delivered_to", _T.TEXT, "`consegna`: the recipient that it is about.", _at("receipt.delivered_to")),
    Column("taken_for", _T.TEXTS, "`ricezione`: the recipients covered.", _at("receipt.taken_for")),
    Column("subject", _T.TEXT, "`oggetto` of the original message.", _at("receipt.subject")),
    Column("issued_at", _T.INSTANT, "`data`: when the certified event happened.", _at("receipt.issued_at")),
    Column(
        "issued_at_offset_minutes",
        _T.INTEGER,
        "The offset from UTC that `data` states: add it to `issued_at` for the time on the receipt.",
        _stated_offset,
    ),
    Column("error", _T.TOKEN, "`@errore`: `nessuno`, `no-dest`, `no-dominio`, `virus`, `altro`.", _at("receipt.error")),
    Column("error_detail", _T.TEXT, "`errore-esteso`, as written.", _at("receipt.error_detail")),
    Column("problem_cause", _T.TOKEN, "What the error means, e.g. `mailbox-full`.", _at("receipt.problem.cause")),
    Column("problem_status_code", _T.TEXT, "The RFC 3463 code in `errore-esteso`.", _at("receipt.problem.status_code")),
    Column("problem_permanent", _T.FLAG, "Whether the failure is final.", _at("receipt.problem.permanent")),
    Column("form", _T.TOKEN, "The form of delivery receipt that the sender asked for.", _at("receipt.form")),
    Column(
        "carried_form",
        _T.TOKEN,
        "What a delivery receipt in fact carries: `completa`, `breve`, `sintetica`.",
        _at("receipt.carried_form"),
    ),
    Column(
        "issuing_provider",
        _T.TEXT,
        "`gestore-emittente`: how the issuing provider names itself.",
        _at("receipt.issuing_provider"),
    ),
    # --- who signed
    Column(
        "provider_name", _T.TEXT, "The name by which the signer is known to people.", _at("report.signer.provider.name")
    ),
    Column(
        "provider_organization",
        _T.TEXT,
        "The organisation in the signer's certificate.",
        _at("report.signer.provider.organization"),
    ),
    Column("signer_addresses", _T.TEXTS, "The addresses in that certificate.", _at("report.signer.addresses")),
    Column(
        "certificate_sha256",
        _T.TEXT,
        "SHA-256 of that certificate, 64 hexadecimal digits.",
        _at("report.signer.certificate.sha256"),
    ),
    Column("certificate_not_before", _T.INSTANT, "Start of its validity.", _at("report.signer.certificate.not_before")),
    Column("certificate_not_after", _T.INSTANT, "End of its validity.", _at("report.signer.certificate.not_after")),
    Column("key", _T.TEXT, "Type and size of its key, e.g. `RSA 2048`.", _at("report.signer.key")),
    Column("digest_algorithm", _T.TEXT, "The message digest, e.g. `sha256`.", _at("report.signer.digest_algorithm")),
    Column(
        "signature_algorithm",
        _T.TEXT,
        "`rsassa-pkcs1v15`, `rsassa-pss` or `ecdsa`.",
        _at("report.signer.signature_algorithm"),
    ),
    Column(
        "recognition",
        _T.TOKEN,
        "How the signer is known to be a provider: `directory`, `trusted-list`, `agid-ca`, `custom` or `none`.",
        _at("report.signer.recognition"),
    ),
    Column("recognised_by", _T.TEXT, "The statement that says so, in one line.", _at("report.signer.recognised_by")),
    # --- when
    Column("signing_time", _T.INSTANT, "The signed attribute signingTime.", _at("report.times.signing_time")),
    Column("header_date", _T.INSTANT, "The Date header: unsigned.", _at("report.times.header_date")),
    Column(
        "validated_at",
        _T.INSTANT,
        "The instant at which certificate and algorithms were judged.",
        _at("report.times.validated_at"),
    ),
    Column("basis", _T.TOKEN, "Where that comes from: `stated`, `given` or `proven`.", _at("report.times.basis")),
    # --- what it carries
    Column(
        "original_start",
        _T.INTEGER,
        "The byte of the receipt at which the original message (postacert.eml) begins.",
        _start("report.original_span"),
    ),
    Column("original_stop", _T.INTEGER, "The byte after its last one.", _stop("report.original_span")),
)
"""The columns, in order. New ones may come at the end of a group; none changes its name or meaning."""
