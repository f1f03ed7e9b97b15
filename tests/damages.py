"""What real programs do to a file, each by the program's own code where the standard library has it."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import mailbox
import quopri
import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage, Message
from email.mime.text import MIMEText
from pathlib import Path
from tempfile import TemporaryDirectory

from fixtures.catalogue.kinds import DELIVERY
from pecverify.damage import DamageKind
from tests import messages
from tests.messages import Edit, original_message, replacing
from tests.pki import base64_lines

Damager = Callable[[bytes], bytes]

SENTENCE = b"Si diffida ad adempiere entro 15 giorni.\r\n"
DOTTED = b"From qui in poi:\r\n.uno\r\n..due\r\n-- \r\nMario Rossi\r\n"


def delivery(text: bytes = DOTTED, entity: Edit = messages.unchanged, **original: object) -> messages.Message:
    """A complete delivery whose original says something that programs like to change."""
    edit = replacing(SENTENCE, SENTENCE + text)
    return replace(DELIVERY, original=original_message(edit=edit, **original), entity=entity)  # type: ignore[arg-type]


# --- editors and shells


def saved_with_byte_order_mark(data: bytes) -> bytes:
    return data.decode("utf-8").encode("utf-8-sig")


def redirected_by_powershell(data: bytes) -> bytes:
    return data.decode("cp1252").encode("utf-16")


def saved_as_utf_8(data: bytes) -> bytes:
    return data.decode("latin-1").encode("utf-8")


def saved_as_latin_1(data: bytes) -> bytes:
    return data.decode("utf-8").encode("latin-1")


def written_in_text_mode(newline: str) -> Damager:
    """Opened as text, whose line ends are translated although they are CRLF already."""

    def write(data: bytes) -> bytes:
        file = io.BytesIO()
        text = io.TextIOWrapper(file, "latin-1", newline=newline)
        text.write(data.decode("latin-1"))
        text.flush()
        return file.getvalue()

    return write


def read_in_text_mode_twice(data: bytes) -> bytes:
    """CR CR LF read with universal newlines: a line end for CR and one for CRLF."""
    return io.TextIOWrapper(io.BytesIO(data.replace(b"\n", b"\r\n")), "latin-1").read().encode("latin-1")


def without_trailing_whitespace(data: bytes) -> bytes:
    """As the commit hook `trailing-whitespace` of pre-commit does it."""
    lines = []
    for line in data.splitlines(keepends=True):
        end = b"\r\n" if line.endswith(b"\r\n") else line[len(line.rstrip(b"\n")) :]
        lines.append(line.removesuffix(end).rstrip() + end)
    return b"".join(lines)


def expanded(data: bytes) -> bytes:
    return data.expandtabs()


def squeezed(data: bytes) -> bytes:
    """As `cat -s` does it: of several empty lines one is left."""
    return re.sub(rb"\r\n(?:\r\n){2,}", b"\r\n\r\n", data)


# --- mailboxes and transport


def in_mbox(data: bytes, *, separator: bool = True) -> bytes:
    with TemporaryDirectory() as folder:
        box = mailbox.mbox(Path(folder) / "box")
        key = box.add(data)
        box.flush()
        kept = box.get_bytes(key, from_=separator)
        box.close()
        return kept


def without_separator(data: bytes) -> bytes:
    return in_mbox(data, separator=False)


def unquoted_once_too_often(data: bytes) -> bytes:
    return re.sub(rb"(?m)^>(>*From )", rb"\1", data)


def quoted_by_mboxrd(data: bytes) -> bytes:
    return re.sub(rb"(?m)^(>*From )", rb">\1", data)


def as_transmitted(data: bytes) -> bytes:
    quoted: bytes = smtplib._quote_periods(data)  # type: ignore[attr-defined]
    return quoted


def unstuffed_twice(data: bytes) -> bytes:
    """The transmitted form undone as `poplib` does it, by two programs in turn."""
    lines = as_transmitted(data).split(b"\r\n")
    for _ in range(2):
        lines = [line[1:] if line.startswith(b"..") else line for line in lines]
    return b"\r\n".join(lines)


# --- mail libraries and lists


def sent_through_a_list(data: bytes) -> bytes:
    """As Mailman's `decorate` adds a footer."""
    message = email.message_from_bytes(data)
    inner: Message = Message()
    for name, value in message.items():
        if name.lower().startswith("content-"):
            inner[name] = value
    inner.set_payload(message.get_payload())
    inner.preamble, inner.epilogue = message.preamble, message.epilogue
    footer = MIMEText("_______\nlista mailing list\n", "plain", "us-ascii")
    del message["Content-Type"], message["MIME-Version"]
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = "multipart/mixed"
    message.set_payload([inner, footer])
    return message.as_bytes()


def forwarded(data: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = "I: ricevuta", "anna@posta.example"
    message.set_content("In allegato.")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename="ricevuta.eml")
    return message.as_bytes(policy=email.policy.SMTP)


def wrapped_anew(data: bytes) -> bytes:
    """Each base64 body decoded and encoded by the standard library, the rest as it serialises it."""
    message = email.message_from_bytes(data)
    for part in message.walk():
        if part["Content-Transfer-Encoding"] == "base64" and "pkcs7" not in part.get_content_type():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            part.set_payload(base64.encodebytes(payload).decode("ascii"))
    return message.as_bytes(policy=email.policy.SMTP)


def folded_anew(data: bytes) -> bytes:
    """Every header written by the standard library."""
    policy = email.policy.SMTP.clone(refold_source="all")
    return email.message_from_bytes(data, policy=policy).as_bytes()


def encoded_anew(data: bytes) -> bytes:
    """Each quoted-printable body decoded and encoded by another encoder, which escapes whatever is no letter."""

    def encode(body: re.Match[bytes]) -> bytes:
        text = quopri.decodestring(body[2]).replace(b"\r\n", b"\n")
        return body[1] + quopri.encodestring(text, quotetabs=True).replace(b"\n", b"\r\n")

    return re.sub(rb"(?s)(quoted-printable\r\n\r\n)(.*?)(?=\r\n--)", encode, data)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A message, what is done to its file, and what must be found."""

    message: messages.Message
    damage: Damager
    kinds: tuple[DamageKind, ...]


PDF = (
    b'Content-Type: application/pdf; name="diffida.pdf"\r\n'
    b'Content-Disposition: attachment; filename="diffida.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)
LONG_PDF = PDF + base64_lines(bytes(range(256)) * 3)
FLOWED = (
    b"Content-Type: text/plain; charset=us-ascii; format=flowed\r\n\r\n"
    b"Con la presente si diffida la controparte ad adempiere alle proprie \r\n"
    b"obbligazioni entro quindici giorni dal ricevimento, con avvertenza che, \r\n"
    b"decorso il termine, si agira' in giudizio.\r\n\r\nCordiali saluti\r\n-- \r\nMario Rossi"
)
DOUBLE_SPACED = b"\r\n\r\nDistinti saluti\r\n"
LONG_SUBJECT = "Diffida e messa in mora, perché il termine è scaduto già da più di sessanta giorni = due mesi"


def _lf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def _crlf(data: bytes) -> bytes:
    return _lf(data).replace(b"\n", b"\r\n")


K = DamageKind
CASES = {
    "byte-order mark": Case(message=delivery(), damage=saved_with_byte_order_mark, kinds=(K.BYTE_ORDER_MARK,)),
    "utf-16": Case(message=delivery(b"perch\xe9\r\n"), damage=redirected_by_powershell, kinds=(K.UTF_16,)),
    "utf-16 of utf-8": Case(
        message=delivery("日本\r\n".encode()), damage=lambda data: data.decode().encode("utf-16"), kinds=(K.UTF_16,)
    ),
    "latin-1 to utf-8": Case(message=delivery(b"perch\xe9\r\n"), damage=saved_as_utf_8, kinds=(K.SAVED_AS_UTF_8,)),
    "windows-1252 to utf-8": Case(
        message=delivery(b"10 \x80\r\n"),
        damage=lambda data: data.decode("cp1252").encode(),
        kinds=(K.SAVED_AS_UTF_8,),
    ),
    "utf-8 to latin-1": Case(
        message=delivery("perché\r\n".encode()), damage=saved_as_latin_1, kinds=(K.SAVED_AS_LATIN_1,)
    ),
    "utf-8 to windows-1252": Case(
        message=delivery("10 €\r\n".encode()),
        damage=lambda data: data.decode().encode("cp1252"),
        kinds=(K.SAVED_AS_LATIN_1,),
    ),
    "mbox": Case(message=delivery(), damage=in_mbox, kinds=(K.MBOX_SEPARATOR, K.FROM_QUOTING)),
    "quoted by mbox": Case(message=delivery(), damage=without_separator, kinds=(K.FROM_QUOTING,)),
    "quoted by mbox, one was quoted already": Case(
        message=delivery(b"From qui\r\n>From altri\r\n"), damage=without_separator, kinds=(K.FROM_QUOTING,)
    ),
    "quoted by mbox, many": Case(
        message=delivery(b"From qui\r\n" + 9 * b">From altri\r\n"), damage=without_separator, kinds=(K.FROM_QUOTING,)
    ),
    "quoted by mboxrd": Case(
        message=delivery(b"From qui\r\n>From altri\r\n"), damage=quoted_by_mboxrd, kinds=(K.FROM_QUOTING,)
    ),
    "unquoted once too often": Case(
        message=delivery(b"From qui\r\n>>From altri\r\n"), damage=unquoted_once_too_often, kinds=(K.FROM_QUOTING,)
    ),
    "blank lines in front": Case(
        message=delivery(), damage=lambda data: b" \r\n\n" + data, kinds=(K.LEADING_BLANK_LINES,)
    ),
    "dots stuffed": Case(message=delivery(), damage=as_transmitted, kinds=(K.DOT_STUFFING,)),
    "dots unstuffed twice": Case(message=delivery(b"..due\r\n"), damage=unstuffed_twice, kinds=(K.DOT_STUFFING,)),
    "one dot lost": Case(
        message=delivery(b"http:\r\n.example\r\n"),
        damage=lambda data: data.replace(b"\n.example", b"\nexample"),
        kinds=(K.DOT_STUFFING,),
    ),
    "CR CR LF": Case(message=delivery(), damage=written_in_text_mode("\r\n"), kinds=(K.LINE_ENDS,)),
    "CR": Case(message=delivery(), damage=lambda data: data.replace(b"\r\n", b"\r"), kinds=(K.LINE_ENDS,)),
    "signed with LF": Case(message=delivery(entity=_lf), damage=_crlf, kinds=(K.LINE_ENDS,)),
    "an original with LF": Case(
        message=replace(delivery(), original=_lf(delivery().original or b"")), damage=_crlf, kinds=(K.LINE_ENDS,)
    ),
    "lines doubled": Case(message=delivery(), damage=read_in_text_mode_twice, kinds=(K.LINES_DOUBLED,)),
    "tabs": Case(message=delivery(b"\tvoce\r\n\t\tsottovoce\r\n"), damage=expanded, kinds=(K.TABS_TO_BLANKS,)),
    "tabs of four": Case(
        message=delivery(b"a\tb\r\n"), damage=lambda data: data.replace(b"\t", b"    "), kinds=(K.TABS_TO_BLANKS,)
    ),
    "a tab within a line": Case(
        message=replace(delivery(b"a\tb\r\n"), header=replacing(b"\r\n\t", b"\r\n ", -1)),
        damage=lambda data: data.replace(b"\t", b"  "),
        kinds=(K.TABS_TO_BLANKS,),
    ),
    "trailing blanks": Case(message=delivery(), damage=without_trailing_whitespace, kinds=(K.TRAILING_BLANKS,)),
    "trailing blanks of flowed text": Case(
        message=delivery(attachment=FLOWED), damage=without_trailing_whitespace, kinds=(K.TRAILING_BLANKS,)
    ),
    "a trailing blank anywhere": Case(
        message=delivery(b"uno \r\ndue\r\n"), damage=without_trailing_whitespace, kinds=(K.TRAILING_BLANKS,)
    ),
    "trailing blanks of folds and empty fields": Case(
        message=delivery(
            attachment=PDF.replace(b"; name=", b"; \r\n name=").replace(b"Content-D", b"X-Nota: \r\nContent-D")
        ),
        damage=without_trailing_whitespace,
        kinds=(K.TRAILING_BLANKS,),
    ),
    "empty lines squeezed": Case(message=delivery(DOUBLE_SPACED), damage=squeezed, kinds=(K.EMPTY_LINE,)),
    "an empty line added": Case(
        message=delivery(DOUBLE_SPACED),
        damage=replacing(b"\r\nDistinti", b"\r\n\r\nDistinti"),
        kinds=(K.EMPTY_LINE,),
    ),
    "no line end before the boundary": Case(
        message=delivery(),
        damage=replacing(b"--\r\n\r\n------3C5B9E71A0D84F26", b"--\r\n------3C5B9E71A0D84F26"),
        kinds=(K.EMPTY_LINE,),
    ),
    "base64": Case(message=delivery(attachment=LONG_PDF), damage=wrapped_anew, kinds=(K.BASE64_REWRAPPED,)),
    "headers": Case(message=delivery(), damage=folded_anew, kinds=(K.HEADERS_RESPELLED,)),
    "headers and base64": Case(
        message=delivery(attachment=LONG_PDF),
        damage=messages.chain(wrapped_anew, folded_anew),
        kinds=(K.BASE64_REWRAPPED, K.HEADERS_RESPELLED),
    ),
    "quoted-printable": Case(
        message=replace(delivery(), subject=LONG_SUBJECT),
        damage=encoded_anew,
        kinds=(K.QUOTED_PRINTABLE_REENCODED,),
    ),
    "a list": Case(message=delivery(), damage=sent_through_a_list, kinds=(K.LIST_WRAPPING,)),
    "forwarded": Case(message=delivery(), damage=forwarded, kinds=(K.CARRIED,)),
    "cut in the closing boundary": Case(message=delivery(), damage=lambda data: data[:-12], kinds=(K.END_CUT_OFF,)),
    "cut before the closing boundary": Case(
        message=delivery(), damage=lambda data: data[: data.rindex(b"\r\n--")], kinds=(K.END_CUT_OFF,)
    ),
    "saved as UTF-8 with a byte-order mark": Case(
        message=delivery(b"perch\xe9\r\n"),
        damage=messages.chain(saved_as_utf_8, saved_with_byte_order_mark),
        kinds=(K.BYTE_ORDER_MARK, K.SAVED_AS_UTF_8),
    ),
    "mbox, then trailing blanks": Case(
        message=delivery(b"-- \r\nMario Rossi\r\n"),
        damage=messages.chain(in_mbox, without_trailing_whitespace),
        kinds=(K.MBOX_SEPARATOR, K.TRAILING_BLANKS),
    ),
}
