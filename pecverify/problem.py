"""A failure explains itself: what went wrong with a delivery, and what the sender can do next.

Rules of this module:

- AgID's note 12 gives `errore-esteso` the shape `<code> - <provider> - <reason>`, where the code is an enhanced status
  code (RFC 3463). Providers leave parts out or write other dashes, so whatever stands in its place is taken and the
  rest is `reason`: a provider is never guessed.
- The code says more than the free text, and the free text more than the token `errore`; a virus is a virus whatever
  the code.
- The advice states facts about mail. What a failed delivery means in law depends on the rules of the case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "it"]


class ProblemCause(StrEnum):
    """Why a message was not delivered, or not accepted."""

    UNKNOWN_ADDRESS = "unknown-address"
    """The address or its domain does not exist."""
    MAILBOX_FULL = "mailbox-full"
    """The mailbox has no room left."""
    MAILBOX_DISABLED = "mailbox-disabled"
    """The mailbox exists but takes no mail."""
    REFUSED = "refused"
    """A provider refused the message: its size, its content or a rule of security."""
    TIMEOUT = "timeout"
    """The recipient's provider could not be reached, or did not answer in time."""
    VIRUS = "virus"
    """A virus was found in the message."""
    OTHER = "other"
    """Anything else, or nothing that is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProblem:
    """What `errore` and `errore-esteso` of one receipt mean."""

    status_code: str | None
    """The enhanced status code (RFC 3463), e.g. `5.1.1`; None if none is stated."""
    provider: str | None
    """The provider that reports the problem, in its own words; None if it stands not in its place."""
    reason: str | None
    """The free text, white space collapsed. Hostile text: escape it before you print it."""
    cause: ProblemCause
    """The cause, as far as the receipt states it."""
    permanent: bool
    """Whether a permanent failure is stated: a code of class 5. False without a code says nothing."""

    def describe(self, language: Language = "en") -> str:
        """The cause in one sentence, in English or Italian."""
        return _DESCRIPTIONS[language][self.cause]

    def advice(self, language: Language = "en") -> str:
        """What the sender can do next, in English or Italian: facts about mail, no legal advice."""
        cause = self.cause
        if cause is ProblemCause.TIMEOUT and not self.permanent:
            return f"{_WAIT_ADVICE[language]} {_KEEP_ADVICE[language]}"
        return f"{_ADVICE[language][cause]} {_KEEP_ADVICE[language]}"


def explain_problem(error: str | None, error_detail: str | None, kind: str) -> DeliveryProblem | None:
    """What the error fields of a receipt mean.

    Args:
        error: `postacert/@errore` as on the wire: `no-dest`, `no-dominio`, `virus`, `altro`, `nessuno`; None if absent.
        error_detail: `errore-esteso` as written; None if absent. Only its first 2,000 characters are read.
        kind: `postacert/@tipo` as on the wire, e.g. `errore-consegna`.

    Returns:
        The problem; None where no error is stated. A notice `preavviso-errore-consegna` is a problem by itself.

    Raises:
        Nothing on hostile input.

    Source: RFC 6109 §3.1.6, §4.4; AgID note 12 of 5 October 2015; RFC 3463 §2, §3.
    """
    detail = " ".join((error_detail or "")[:_DETAIL_READ].split())
    if not any(character.isalnum() for character in detail):
        detail = ""
    delayed = kind == _DELAY_NOTICE
    if error in (None, "nessuno") and not detail and not delayed:
        return None
    status_code, provider, reason = _split_detail(detail)
    return DeliveryProblem(
        status_code=status_code,
        provider=provider,
        reason=reason,
        cause=_determine_cause(error, status_code, reason, delayed=delayed),
        permanent=status_code is not None and status_code.startswith("5"),
    )


_DELAY_NOTICE = "preavviso-errore-consegna"
_DETAIL_READ = 2_000

# Perhaps after the SMTP reply code that a server prints before it: `550 5.1.1`.
_STATUS_CODE = re.compile(r"(?:[245]\d\d[ -])?#?([245]\.\d{1,3}\.\d{1,3})(?![.\d])[ :;,]*", re.ASCII)
# A hyphen must stand alone, since names have hyphens (`Trust-Mail`); the longer dashes need no space.
_SEPARATOR = re.compile("(?<!\\S)[-\u2010\u2011\u2212](?!\\S)|[\u2012-\u2015]")
_ANY_DASH = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def _split_detail(detail: str) -> tuple[str | None, str | None, str | None]:
    """Code, provider and reason of a detail whose white space is single spaces.

    Source: AgID note 12: `<code> - <provider> - <reason>`.
    """
    match = _STATUS_CODE.match(detail)
    code, rest = (match.group(1), detail[match.end() :]) if match else (None, detail)
    if not rest or rest[0] not in _ANY_DASH:
        return code, *_split_trailing(rest, code)
    provider, *reasons = _fields(rest[1:], 2)
    if not reasons:  # one field after the code is the reason: `5.1.1 - indirizzo non valido`
        return code, None, provider or None
    return code, provider or None, reasons[0] or None


def _split_trailing(rest: str, code: str | None) -> tuple[str | None, str | None]:
    """Provider and reason where no dash follows the code: `5.1.1 User unknown - Provider - reason`."""
    match _fields(rest, 3):
        case [own_text, provider, reason] if code is not None:
            return provider or None, " - ".join(filter(None, (own_text, reason)))
    return None, rest or None


def _fields(text: str, count: int) -> list[str]:
    return [field.strip() for field in _SEPARATOR.split(text, maxsplit=count - 1)]


def _determine_cause(error: str | None, status_code: str | None, reason: str | None, *, delayed: bool) -> ProblemCause:
    if error == "virus":
        return ProblemCause.VIRUS
    stated = _cause_of_text(reason or "") if status_code is None else _cause_of_code(status_code)
    if stated is not ProblemCause.OTHER:
        return stated
    if delayed:
        return ProblemCause.TIMEOUT
    if error in ("no-dest", "no-dominio"):
        return ProblemCause.UNKNOWN_ADDRESS
    return ProblemCause.OTHER


# RFC 3463 §3: subjects 1 addressing, 2 mailbox, 3 mail system, 4 network and routing, 6 content, 7 security and policy.
_CAUSES_OF_SUBJECTS = {
    "1": ProblemCause.UNKNOWN_ADDRESS,
    "4": ProblemCause.TIMEOUT,
    "6": ProblemCause.REFUSED,
    "7": ProblemCause.REFUSED,
}
_CAUSES_OF_CODES = {
    "1.5": ProblemCause.OTHER,  # the address is valid
    "1.7": ProblemCause.OTHER,  # the sender's address is not
    "1.8": ProblemCause.OTHER,
    "2.1": ProblemCause.MAILBOX_DISABLED,
    "2.2": ProblemCause.MAILBOX_FULL,
    "2.3": ProblemCause.REFUSED,  # too long for the mailbox
    "3.4": ProblemCause.REFUSED,  # too big for the system
}


def _cause_of_code(status_code: str) -> ProblemCause:
    subject_and_detail = status_code.partition(".")[2]
    subject = subject_and_detail.partition(".")[0]
    default = _CAUSES_OF_SUBJECTS.get(subject, ProblemCause.OTHER)
    return _CAUSES_OF_CODES.get(subject_and_detail, default)


# Bounded gaps keep the search linear. The noun matters: an "errore sconosciuto" says nothing about the address.
_CAUSES_OF_TEXTS = (
    (ProblemCause.VIRUS, re.compile(r"\bvirus\b|\bmalware\b")),
    (
        ProblemCause.MAILBOX_FULL,
        re.compile(
            r"\b(?:casella|mailbox|spazio|quota)\b[^.;]{0,30}\b(?:pien[ao]|full|esaurit[ao]|superata|exceeded)\b"
        ),
    ),
    (
        ProblemCause.MAILBOX_DISABLED,
        re.compile(
            r"\b(?:casella|utente|account|mailbox|indirizzo|user)\b[^.;]{0,30}"
            r"\b(?:disabilitat|disattivat|sospes|bloccat|revocat|non attiv|non abilitat|disabled|suspended|inactive)"
        ),
    ),
    (
        ProblemCause.UNKNOWN_ADDRESS,
        re.compile(
            r"\b(?:casella|utente|mailbox|indirizzo|destinatario|dominio|user|address|recipient|domain)\b[^.;]{0,30}"
            r"\b(?:non valid|inesistent|sconosciut|non esist|non trovat|errat|unknown|not found|invalid|does not exist)"
            r"|\b(?:no such|unknown|invalid) (?:user|mailbox|address|recipient|domain)\b"
        ),
    ),
    (
        ProblemCause.TIMEOUT,
        re.compile(
            r"\btempo massimo\b|\btime-?out\b|\btimed out\b|\bnon raggiungibil|\bunreachable\b|\bnon risponde\b"
        ),
    ),
    (ProblemCause.REFUSED, re.compile(r"\brifiutat|\brespint|\brefused\b|\brejected\b|\bnot accepted\b")),
)


def _cause_of_text(text: str) -> ProblemCause:
    folded = text.casefold()
    return next((cause for cause, pattern in _CAUSES_OF_TEXTS if pattern.search(folded)), ProblemCause.OTHER)


_DESCRIPTIONS: dict[Language, dict[ProblemCause, str]] = {
    "en": {
        ProblemCause.UNKNOWN_ADDRESS: "The recipient's address, or its domain, does not exist.",
        ProblemCause.MAILBOX_FULL: "The recipient's mailbox is full.",
        ProblemCause.MAILBOX_DISABLED: "The recipient's mailbox is disabled and takes no mail.",
        ProblemCause.REFUSED: "A provider refused the message.",
        ProblemCause.TIMEOUT: "The message could not be handed over in the time allowed.",
        ProblemCause.VIRUS: "A provider found a virus in the message.",
        ProblemCause.OTHER: "The receipt states no cause that is known.",
    },
    "it": {
        ProblemCause.UNKNOWN_ADDRESS: "L'indirizzo del destinatario, o il suo dominio, non esiste.",
        ProblemCause.MAILBOX_FULL: "La casella del destinatario è piena.",
        ProblemCause.MAILBOX_DISABLED: "La casella del destinatario è disabilitata e non riceve messaggi.",
        ProblemCause.REFUSED: "Un gestore ha rifiutato il messaggio.",
        ProblemCause.TIMEOUT: "Non è stato possibile consegnare il messaggio nel tempo previsto.",
        ProblemCause.VIRUS: "Un gestore ha rilevato un virus nel messaggio.",
        ProblemCause.OTHER: "La ricevuta non dichiara una causa nota.",
    },
}

_ADVICE: dict[Language, dict[ProblemCause, str]] = {
    "en": {
        ProblemCause.UNKNOWN_ADDRESS: (
            "Check the spelling of the address, then look the recipient up in the public registers: INI-PEC for"
            " companies and professionals, IPA for public administrations, INAD for persons. Send a new message to the"
            " address found there."
        ),
        ProblemCause.MAILBOX_FULL: (
            "Only the holder can make room. Send the message again later, or reach the recipient by another channel and"
            " ask for the mailbox to be emptied."
        ),
        ProblemCause.MAILBOX_DISABLED: (
            "Look in the public registers (INI-PEC, IPA, INAD) whether the recipient has another PEC address, or use"
            " another channel."
        ),
        ProblemCause.REFUSED: (
            "Read the provider's reason: it may be the size, an attachment or the sender's address. Send the message"
            " again once the cause is removed, or ask your provider."
        ),
        ProblemCause.TIMEOUT: (
            "This message will not be tried again. Send it again later; if that fails too, check the address in the"
            " public registers (INI-PEC, IPA, INAD) or use another channel."
        ),
        ProblemCause.VIRUS: (
            "Check the attachments and the computer they come from with an up-to-date antivirus, then send the message"
            " again without the infected file."
        ),
        ProblemCause.OTHER: "Read the provider's reason, if there is one, and ask your provider; then send it again.",
    },
    "it": {
        ProblemCause.UNKNOWN_ADDRESS: (
            "Controllare come è scritto l'indirizzo, poi cercare il destinatario nei registri pubblici: INI-PEC per"
            " imprese e professionisti, IPA per le pubbliche amministrazioni, INAD per le persone. Inviare un nuovo"
            " messaggio all'indirizzo che vi risulta."
        ),
        ProblemCause.MAILBOX_FULL: (
            "Solo il titolare può liberare spazio. Inviare di nuovo il messaggio più tardi, oppure raggiungere il"
            " destinatario per un altro canale e chiedere che la casella sia svuotata."
        ),
        ProblemCause.MAILBOX_DISABLED: (
            "Cercare nei registri pubblici (INI-PEC, IPA, INAD) se il destinatario ha un altro indirizzo PEC, oppure"
            " usare un altro canale."
        ),
        ProblemCause.REFUSED: (
            "Leggere il motivo dato dal gestore: può riguardare la dimensione, un allegato o l'indirizzo del mittente."
            " Inviare di nuovo il messaggio una volta rimossa la causa, oppure rivolgersi al proprio gestore."
        ),
        ProblemCause.TIMEOUT: (
            "Per questo messaggio non ci saranno altri tentativi. Inviarlo di nuovo più tardi; se non riesce,"
            " controllare l'indirizzo nei registri pubblici (INI-PEC, IPA, INAD) o usare un altro canale."
        ),
        ProblemCause.VIRUS: (
            "Controllare con un antivirus aggiornato gli allegati e il computer da cui provengono, poi inviare di nuovo"
            " il messaggio senza il file infetto."
        ),
        ProblemCause.OTHER: (
            "Leggere il motivo dato dal gestore, se c'è, e rivolgersi al proprio gestore; poi inviare di nuovo il"
            " messaggio."
        ),
    },
}

_WAIT_ADVICE: dict[Language, str] = {
    "en": (
        "A delivery receipt may still arrive, up to 24 hours after acceptance. If none has come by then, or a second"
        " notice has, the message was not delivered: check the address in the public registers (INI-PEC, IPA, INAD) and"
        " send it again, or use another channel."
    ),
    "it": (
        "Una ricevuta di consegna può ancora arrivare, fino a 24 ore dall'accettazione. Se per allora non è arrivata, o"
        " è arrivato un secondo avviso, il messaggio non è stato consegnato: controllare l'indirizzo nei registri"
        " pubblici (INI-PEC, IPA, INAD) e inviarlo di nuovo, o usare un altro canale."
    ),
}

_KEEP_ADVICE: dict[Language, str] = {
    "en": (
        "Keep this notice whole, as the .eml file it came in, together with the acceptance receipt if there is one."
        " What a failed delivery means in law depends on the rules of your case."
    ),
    "it": (
        "Conservare questo avviso intero, nel file .eml in cui è arrivato, insieme alla ricevuta di accettazione se"
        " c'è. Quali effetti giuridici abbia la mancata consegna dipende dalle norme del caso concreto."
    ),
}
