"""What can be found in the receipts about one message, taken together: checks 50 to 62.

Severity follows one principle. Two signed statements that cannot both be true are an ERROR: nobody is believed over the
other. What ought to be there and is not is UNKNOWN. What is odd and leaves every recipient's state is a WARNING; what a
reader may want to know is a NOTE. Reasons are never renamed; the texts may improve.

Numbers: 50 to 62 continue those of the checks on one message in the project's specification.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pecverify.reasons import Severity

if TYPE_CHECKING:
    from pecverify.problem import Language


class ExchangeRule(NamedTuple):
    """One row of the table."""

    check: int
    """The number of the check that finds it."""
    severity: Severity
    """Its weight."""
    english: str
    """The cause in one sentence."""
    italian: str
    """The same in Italian."""
    source: str
    """The section that holds the rule."""


class ExchangeReason(StrEnum):
    """Machine-readable causes. The meaning of each, in two languages, is in its `rule`."""

    PEC_ID_SHARED = "pec-id-shared"
    RECIPIENTS_DIFFER = "recipients-differ"
    MESSAGE_ID_ABSENT = "message-id-absent"
    SUBJECT_DIFFERS = "subject-differs"
    REPLY_TO_DIFFERS = "reply-to-differs"
    SENT_AGAIN = "sent-again"
    SENT_RECIPIENTS_DIFFER = "sent-recipients-differ"
    ACCEPTANCE_MISSING = "acceptance-missing"
    ACCEPTANCE_REPEATED = "acceptance-repeated"
    REFUSAL_REPEATED = "refusal-repeated"
    ENVELOPE_REPEATED = "envelope-repeated"
    REFUSAL_CONTRADICTED = "refusal-contradicted"
    OUTCOME_MISSING = "outcome-missing"
    OUTCOME_REPEATED = "outcome-repeated"
    OUTCOME_CONFLICTING = "outcome-conflicting"
    OUTCOME_FOR_EXTERNAL = "outcome-for-external"
    RECIPIENT_UNLISTED = "recipient-unlisted"
    BEFORE_ACCEPTANCE = "before-acceptance"
    ENVELOPE_INSTANT_DIFFERS = "envelope-instant-differs"
    TAKEN_IN_CHARGE_LATE = "taken-in-charge-late"
    DELIVERY_LATE = "delivery-late"
    NOTICE_EARLY = "notice-early"
    NOTICE_AMBIGUOUS = "notice-ambiguous"
    NOTICE_REPEATED = "notice-repeated"
    DELIVERED_DESPITE_FINAL_NOTICE = "delivered-despite-final-notice"
    DELIVERED_AFTER_FINAL_NOTICE = "delivered-after-final-notice"
    NOTICE_BY_ANOTHER_PROVIDER = "notice-by-another-provider"
    VIRUS_WITHOUT_FAILURE = "virus-without-failure"
    VIRUS_FAILURE_UNEXPLAINED = "virus-failure-unexplained"
    VIRUS_YET_DELIVERED = "virus-yet-delivered"
    CONTENT_DIFFERS = "content-differs"
    BRIEF_CONTENT_DIFFERS = "brief-content-differs"
    ORIGINAL_HEADERS_DIFFER = "original-headers-differ"
    CONTENT_NOT_COMPARED = "content-not-compared"
    ENVELOPE_CONTENT_DIFFERS = "envelope-content-differs"
    SENT_CONTENT_DIFFERS = "sent-content-differs"
    FORM_DIFFERS = "form-differs"
    FORM_NOT_AS_ASKED = "form-not-as-asked"
    SERVICE_LACKS_ACCEPTANCE = "service-lacks-acceptance"
    SERVICE_LACKS_DELIVERY = "service-lacks-delivery"
    SERVICE_LACKS_CONTENT = "service-lacks-content"
    SERVICE_CONTENT_DOUBTFUL = "service-content-doubtful"

    @property
    def rule(self) -> ExchangeRule:
        """This reason's row of the table."""
        return EXCHANGE_RULES[self]

    def text(self, language: Language = "en") -> str:
        """The cause in one sentence, in English or Italian."""
        return self.rule.italian if language == "it" else self.rule.english


_R = ExchangeReason
_ERROR, _UNKNOWN, _WARNING, _NOTE = Severity
_IDENTITY, _KINDS, _OUTCOMES = "RFC 6109 §4.4", "RFC 6109 §3.1", "RFC 6109 §3.3"
_NOTICES, _COPY = "RFC 6109 §3.1.6", "RFC 6109 §3.3.2.1"
_SERVICE = "L. 53/1994 art. 3-bis; DGSIA technical specifications art. 19-bis"

EXCHANGE_RULES: dict[ExchangeReason, ExchangeRule] = {
    # --- 50: one message
    _R.PEC_ID_SHARED: ExchangeRule(
        50,
        _ERROR,
        "Receipts about another sender or another Message-ID bear the same PEC id",
        "Ricevute su un altro mittente o un altro Message-ID portano lo stesso identificativo",
        _IDENTITY,
    ),
    _R.RECIPIENTS_DIFFER: ExchangeRule(
        50,
        _ERROR,
        "The receipts do not name the same recipients",
        "Le ricevute non indicano gli stessi destinatari",
        _IDENTITY,
    ),
    _R.MESSAGE_ID_ABSENT: ExchangeRule(
        50,
        _WARNING,
        "Some receipts do not state the Message-ID that the others state",
        "Alcune ricevute non riportano il Message-ID riportato dalle altre",
        _IDENTITY,
    ),
    _R.SUBJECT_DIFFERS: ExchangeRule(
        50,
        _WARNING,
        "The receipts do not state the same subject",
        "Le ricevute non riportano lo stesso oggetto",
        _IDENTITY,
    ),
    _R.REPLY_TO_DIFFERS: ExchangeRule(
        50,
        _WARNING,
        "The receipts do not state the same reply address",
        "Le ricevute non riportano lo stesso indirizzo di risposta",
        _IDENTITY,
    ),
    _R.SENT_AGAIN: ExchangeRule(
        50,
        _NOTE,
        "A message with the same Message-ID and sender was handed in under another PEC id too",
        "Un messaggio con lo stesso Message-ID e mittente è stato presentato anche con un altro identificativo",
        "RFC 6109 §2.2.1",
    ),
    _R.SENT_RECIPIENTS_DIFFER: ExchangeRule(
        50,
        _WARNING,
        "The message sent does not name the recipients that the receipts name",
        "Il messaggio inviato non indica i destinatari indicati dalle ricevute",
        "RFC 6109 §3.1.1",
    ),
    # --- 51: one acceptance
    _R.ACCEPTANCE_MISSING: ExchangeRule(
        51,
        _UNKNOWN,
        "There is no verified acceptance receipt",
        "Manca una ricevuta di accettazione verificata",
        "RFC 6109 §3.1.4",
    ),
    _R.ACCEPTANCE_REPEATED: ExchangeRule(
        51,
        _ERROR,
        "There are acceptance receipts that do not say the same",
        "Ci sono ricevute di accettazione che non dicono la stessa cosa",
        "RFC 6109 §3.1.4",
    ),
    _R.REFUSAL_REPEATED: ExchangeRule(
        51,
        _ERROR,
        "There are notices of non-acceptance that do not say the same",
        "Ci sono avvisi di non accettazione che non dicono la stessa cosa",
        "RFC 6109 §3.1.2",
    ),
    _R.ENVELOPE_REPEATED: ExchangeRule(
        51,
        _ERROR,
        "There are transport envelopes that do not say the same",
        "Ci sono buste di trasporto che non dicono la stessa cosa",
        "RFC 6109 §3.1.5",
    ),
    _R.REFUSAL_CONTRADICTED: ExchangeRule(
        51,
        _ERROR,
        "The message was refused by a notice of non-acceptance, and other receipts say that it travelled",
        "Il messaggio è stato rifiutato con un avviso di non accettazione, e altre ricevute dicono che è partito",
        _KINDS,
    ),
    # --- 52 to 54: one outcome for each recipient
    _R.OUTCOME_MISSING: ExchangeRule(
        52,
        _UNKNOWN,
        "No verified receipt tells what became of the message for this recipient",
        "Nessuna ricevuta verificata dice che cosa è stato del messaggio per questo destinatario",
        "RFC 6109 §3.3.2, §3.3.3",
    ),
    _R.OUTCOME_REPEATED: ExchangeRule(
        52,
        _ERROR,
        "There are receipts of one outcome for this recipient that do not say the same",
        "Ci sono ricevute dello stesso esito per questo destinatario che non dicono la stessa cosa",
        "RFC 6109 §3.3.2, §3.3.3",
    ),
    _R.OUTCOME_CONFLICTING: ExchangeRule(
        52,
        _ERROR,
        "One receipt says that the message was delivered to this recipient, another that it was not",
        "Una ricevuta dice che il messaggio è stato consegnato a questo destinatario, un'altra che non lo è stato",
        "RFC 6109 §3.3.2, §3.3.3",
    ),
    _R.OUTCOME_FOR_EXTERNAL: ExchangeRule(
        53,
        _ERROR,
        "A receipt certifies an outcome for a recipient of ordinary mail",
        "Una ricevuta certifica un esito per un destinatario di posta ordinaria",
        _OUTCOMES,
    ),
    _R.RECIPIENT_UNLISTED: ExchangeRule(
        54,
        _ERROR,
        "A receipt is about an address that is not among the recipients",
        "Una ricevuta riguarda un indirizzo che non è tra i destinatari",
        _OUTCOMES,
    ),
    # --- 55 and 56: in the order of time
    _R.BEFORE_ACCEPTANCE: ExchangeRule(
        55,
        _ERROR,
        "A receipt tells of an event before the message was accepted",
        "Una ricevuta riferisce un evento precedente all'accettazione del messaggio",
        "D.M. 2 Nov 2005 art. 9 (clocks within one minute)",
    ),
    _R.ENVELOPE_INSTANT_DIFFERS: ExchangeRule(
        55,
        _WARNING,
        "The transport envelope does not state the instant of the acceptance",
        "La busta di trasporto non riporta l'istante dell'accettazione",
        "RFC 6109 §3.1.5, §4.1",
    ),
    _R.TAKEN_IN_CHARGE_LATE: ExchangeRule(
        55,
        _WARNING,
        "The message was taken in charge after its outcome for this recipient",
        "Il messaggio è stato preso in carico dopo l'esito per questo destinatario",
        "RFC 6109 §3.2.1",
    ),
    _R.DELIVERY_LATE: ExchangeRule(
        55,
        _WARNING,
        "Delivered more than 24 hours after acceptance, without a notice of delay",
        "Consegnato più di 24 ore dopo l'accettazione, senza un avviso di mancata consegna nei termini",
        _NOTICES,
    ),
    _R.NOTICE_EARLY: ExchangeRule(
        56,
        _WARNING,
        "A notice of delay came earlier than 12 hours (or, the final one, 22 hours) after acceptance",
        "Un avviso di mancata consegna nei termini è arrivato prima di 12 ore (o, quello definitivo, 22 ore)"
        " dall'accettazione",
        _NOTICES,
    ),
    _R.NOTICE_AMBIGUOUS: ExchangeRule(
        56,
        _UNKNOWN,
        "Whether this is the notice of 12 or of 24 hours cannot be told without the instant of acceptance",
        "Se questo sia l'avviso delle 12 o delle 24 ore non si può dire senza l'istante di accettazione",
        _NOTICES,
    ),
    _R.NOTICE_REPEATED: ExchangeRule(
        56,
        _WARNING,
        "There is more than one notice of 12 hours, or of 24 hours, for this recipient",
        "C'è più di un avviso delle 12 ore, o delle 24 ore, per questo destinatario",
        _NOTICES,
    ),
    _R.DELIVERED_DESPITE_FINAL_NOTICE: ExchangeRule(
        56,
        _ERROR,
        "The notice of 24 hours says that there was no delivery in that time, a delivery receipt that there was",
        "L'avviso delle 24 ore dice che in quel tempo non c'è stata consegna, una ricevuta che c'è stata",
        _NOTICES,
    ),
    _R.DELIVERED_AFTER_FINAL_NOTICE: ExchangeRule(
        56,
        _WARNING,
        "Delivered after the notice of 24 hours had declared the transaction ended without success",
        "Consegnato dopo che l'avviso delle 24 ore aveva dichiarato conclusa senza esito la trasmissione",
        _NOTICES,
    ),
    # --- 57 and 58: who says so
    _R.NOTICE_BY_ANOTHER_PROVIDER: ExchangeRule(
        57,
        _WARNING,
        "A notice of delay was not signed by the provider that accepted the message",
        "Un avviso di mancata consegna nei termini non è firmato dal gestore che ha accettato il messaggio",
        _NOTICES,
    ),
    _R.VIRUS_WITHOUT_FAILURE: ExchangeRule(
        58,
        _WARNING,
        "A provider found a virus, and no notice of non-delivery for it is there",
        "Un gestore ha rilevato un virus, e manca il relativo avviso di mancata consegna",
        "RFC 6109 §3.2.3, §3.2.4",
    ),
    _R.VIRUS_FAILURE_UNEXPLAINED: ExchangeRule(
        58,
        _NOTE,
        "Receipts between providers are there, but not the virus detection behind this notice of non-delivery",
        "Ci sono ricevute tra gestori, ma non la rilevazione del virus da cui nasce questo avviso di mancata consegna",
        "RFC 6109 §3.2.3, §3.2.4",
    ),
    _R.VIRUS_YET_DELIVERED: ExchangeRule(
        58,
        _ERROR,
        "A provider found a virus in the message for this recipient, and a receipt says that it was delivered",
        "Un gestore ha rilevato un virus nel messaggio per questo destinatario, e una ricevuta lo dice consegnato",
        "RFC 6109 §3.2.3",
    ),
    # --- 59 to 61: what was delivered
    _R.CONTENT_DIFFERS: ExchangeRule(
        59,
        _ERROR,
        "The complete delivery receipts do not carry the same content",
        "Le ricevute di avvenuta consegna complete non contengono lo stesso contenuto",
        _COPY,
    ),
    _R.BRIEF_CONTENT_DIFFERS: ExchangeRule(
        59,
        _WARNING,
        "The brief delivery receipts do not carry the same content",
        "Le ricevute di avvenuta consegna brevi non contengono lo stesso contenuto",
        "RFC 6109 §3.3.2.2",
    ),
    _R.ORIGINAL_HEADERS_DIFFER: ExchangeRule(
        59,
        _NOTE,
        "The originals in the receipts have the same content under headers that differ, as transport makes them",
        "Gli originali nelle ricevute hanno lo stesso contenuto con intestazioni diverse, come le fa il trasporto",
        _COPY,
    ),
    _R.CONTENT_NOT_COMPARED: ExchangeRule(
        59,
        _NOTE,
        "The originals in the receipts were not compared: their bytes are not at hand",
        "Gli originali nelle ricevute non sono stati confrontati: i loro byte non sono disponibili",
        _COPY,
    ),
    _R.ENVELOPE_CONTENT_DIFFERS: ExchangeRule(
        60,
        _ERROR,
        "The transport envelope does not carry the content that a complete delivery receipt carries",
        "La busta di trasporto non contiene il contenuto di una ricevuta di avvenuta consegna completa",
        "RFC 6109 §3.1.5, §3.3.2.1",
    ),
    _R.SENT_CONTENT_DIFFERS: ExchangeRule(
        60,
        _WARNING,
        "The message sent has not the content that the receipts carry",
        "Il messaggio inviato non ha il contenuto riportato nelle ricevute",
        "RFC 6109 §3.1.5, §3.3.2.1",
    ),
    _R.FORM_DIFFERS: ExchangeRule(
        61,
        _WARNING,
        "The receipts do not state the same requested form of delivery receipt",
        "Le ricevute non riportano la stessa forma di ricevuta richiesta",
        "RFC 6109 §3.1.5, §3.3.2",
    ),
    _R.FORM_NOT_AS_ASKED: ExchangeRule(
        61,
        _WARNING,
        "A primary recipient's delivery receipt carries less than was asked for",
        "La ricevuta di un destinatario principale contiene meno di quanto richiesto",
        "RFC 6109 §3.3.2",
    ),
    # --- 62: service of process
    _R.SERVICE_LACKS_ACCEPTANCE: ExchangeRule(
        62,
        _NOTE,
        "For service of process an acceptance receipt beyond dispute is lacking",
        "Per la notificazione manca una ricevuta di accettazione non contraddetta",
        _SERVICE,
    ),
    _R.SERVICE_LACKS_DELIVERY: ExchangeRule(
        62,
        _NOTE,
        "For service of process a delivery receipt beyond dispute is lacking for this recipient",
        "Per la notificazione manca, per questo destinatario, una ricevuta di avvenuta consegna non contraddetta",
        _SERVICE,
    ),
    _R.SERVICE_LACKS_CONTENT: ExchangeRule(
        62,
        _NOTE,
        "For service of process this recipient's delivery receipt ought to be complete",
        "Per la notificazione la ricevuta di avvenuta consegna di questo destinatario dovrebbe essere completa",
        _SERVICE,
    ),
    _R.SERVICE_CONTENT_DOUBTFUL: ExchangeRule(
        62,
        _NOTE,
        "This recipient's delivery receipt carries an original that does not agree with its certified data",
        "La ricevuta di avvenuta consegna di questo destinatario contiene un originale discorde dai dati certificati",
        _SERVICE,
    ),
}
