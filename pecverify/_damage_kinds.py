"""The kinds of damage that can be undone, and what each is called in English and Italian."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pecverify.problem import Language


class DamageKind(StrEnum):
    """What can happen to a file and be undone. The text of each, in two languages, is `describe()`."""

    BYTE_ORDER_MARK = "byte-order-mark"
    UTF_16 = "utf-16"
    MBOX_SEPARATOR = "mbox-separator"
    LEADING_BLANK_LINES = "leading-blank-lines"
    LIST_WRAPPING = "list-wrapping"
    CARRIED = "carried"
    END_CUT_OFF = "end-cut-off"
    LINE_ENDS = "line-ends"
    LINES_DOUBLED = "lines-doubled"
    SAVED_AS_UTF_8 = "saved-as-utf-8"
    SAVED_AS_LATIN_1 = "saved-as-latin-1"
    FROM_QUOTING = "from-quoting"
    DOT_STUFFING = "dot-stuffing"
    TABS_TO_BLANKS = "tabs-to-blanks"
    TRAILING_BLANKS = "trailing-blanks"
    EMPTY_LINE = "empty-line"
    BASE64_REWRAPPED = "base64-rewrapped"
    QUOTED_PRINTABLE_REENCODED = "quoted-printable-reencoded"
    HEADERS_RESPELLED = "headers-respelled"

    def describe(self, language: Language = "en") -> str:
        """What happened, in one sentence, in English or Italian."""
        english, italian = _TEXTS[self]
        return italian if language == "it" else english


_TEXTS: dict[DamageKind, tuple[str, str]] = {
    DamageKind.BYTE_ORDER_MARK: (
        "An editor put a UTF-8 byte-order mark in front",
        "Un editor ha messo all'inizio un byte-order mark UTF-8",
    ),
    DamageKind.UTF_16: (
        "The file was saved as UTF-16, as PowerShell's redirection does",
        "Il file è stato salvato in UTF-16, come fa la redirezione di PowerShell",
    ),
    DamageKind.MBOX_SEPARATOR: (
        "The line that separates messages in an mbox was left in front",
        "All'inizio è rimasta la riga che separa i messaggi in un mbox",
    ),
    DamageKind.LEADING_BLANK_LINES: ("Blank lines were put in front", "All'inizio sono state messe righe vuote"),
    DamageKind.LIST_WRAPPING: (
        "A mailing list put the message into one of its own, with a part added",
        "Una mailing list ha messo il messaggio dentro uno suo, con una parte aggiunta",
    ),
    DamageKind.CARRIED: (
        "The receipt lies inside another message, as when it is forwarded",
        "La ricevuta sta dentro un altro messaggio, come quando viene inoltrata",
    ),
    DamageKind.END_CUT_OFF: (
        "The end of the file is missing, after everything that is signed",
        "Manca la fine del file, dopo tutto ciò che è firmato",
    ),
    DamageKind.LINE_ENDS: (
        "Line ends were changed: CR CR LF, CR alone, or CRLF where LF was signed",
        "I fine riga sono stati cambiati: CR CR LF, CR da solo, o CRLF dove era firmato LF",
    ),
    DamageKind.LINES_DOUBLED: (
        "An empty line was put after every line",
        "Dopo ogni riga è stata messa una riga vuota",
    ),
    DamageKind.SAVED_AS_UTF_8: (
        "The file was read as Latin-1 and saved as UTF-8",
        "Il file è stato letto come Latin-1 e salvato in UTF-8",
    ),
    DamageKind.SAVED_AS_LATIN_1: (
        "The file was read as UTF-8 and saved as Latin-1",
        "Il file è stato letto come UTF-8 e salvato in Latin-1",
    ),
    DamageKind.FROM_QUOTING: (
        "Lines that begin with 'From ' were quoted with '>', as in an mbox, or unquoted once too often",
        "Davanti a 'From ' a inizio riga è stato messo '>', come in un mbox, o è stato tolto una volta di troppo",
    ),
    DamageKind.DOT_STUFFING: (
        "Lines that begin with a dot got a second one, as in SMTP, or lost one",
        "Le righe che iniziano con un punto ne hanno avuto un secondo, come in SMTP, o ne hanno perso uno",
    ),
    DamageKind.TABS_TO_BLANKS: ("Tabs were turned into blanks", "Le tabulazioni sono diventate spazi"),
    DamageKind.TRAILING_BLANKS: (
        "Blanks at the end of lines were removed, as editors and commit hooks do",
        "Sono stati tolti gli spazi a fine riga, come fanno editor e hook di commit",
    ),
    DamageKind.EMPTY_LINE: (
        "An empty line was removed or added",
        "È stata tolta o aggiunta una riga vuota",
    ),
    DamageKind.BASE64_REWRAPPED: (
        "Base64 was wrapped at another width",
        "Il base64 è stato mandato a capo a un'altra larghezza",
    ),
    DamageKind.QUOTED_PRINTABLE_REENCODED: (
        "Quoted-printable was encoded anew",
        "Il quoted-printable è stato ricodificato",
    ),
    DamageKind.HEADERS_RESPELLED: (
        "A mail library wrote the headers of parts anew: folds, quotes, the case of a charset",
        "Una libreria di posta ha riscritto le intestazioni delle parti: a capo, virgolette, maiuscole nel charset",
    ),
}
