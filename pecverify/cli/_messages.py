"""Everything that the commands say, in English and Italian.

A word in braces is filled in by `Style.say`, which escapes it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from pecverify import (
    Basis,
    Check,
    DelayNotice,
    Outcome,
    ReceiptForm,
    ReceiptKind,
    RecipientType,
    Recognition,
    Severity,
    Verdict,
)
from pecverify.archive import Cause

Language: TypeAlias = Literal["en", "it"]


class Phrase(NamedTuple):
    """One thing to say."""

    en: str
    """In English."""
    it: str
    """In Italian."""


# --- what goes wrong with files
CANNOT_READ = Phrase("{file}: cannot be read: {why}", "{file}: non si può leggere: {why}")
CANNOT_WRITE = Phrase("{file}: cannot be written: {why}", "{file}: non si può scrivere: {why}")
CANNOT_TRUST = Phrase("{file}: cannot be trusted: {why}", "{file}: non può essere considerato attendibile: {why}")
EXTRA_MISSING = Phrase(
    "this needs an extra that is not installed: pip install '{extra}'",
    "serve un componente non installato: pip install '{extra}'",
)
CANNOT_RESUME = Phrase("{file}: cannot be resumed: {why}", "{file}: non si può riprendere: {why}")
NO_FORMER_RUN = Phrase("it is not the JSON Lines of a run", "non contiene le JSON Lines di un'esecuzione")
OUTPUT_IS_SOURCE = Phrase(
    "{file}: is to be verified: nothing is written over it", "{file}: è da verificare: non viene sovrascritto"
)
NOT_TO_A_TERMINAL = Phrase(
    "this format is not for a terminal: name a file with -o",
    "questo formato non è per un terminale: indicare un file con -o",
)
OUTPUT_CLOSED = Phrase("standard output is closed", "standard output è chiuso")
EXISTS = Phrase(
    "{file}: exists already; use --force to overwrite it", "{file}: esiste già; usare --force per sovrascriverlo"
)
NO_ORIGINAL = Phrase("{file}: carries no original message", "{file}: non contiene un messaggio originale")
NO_SIGNED_ORIGINAL = Phrase(
    "{file}: carries no original message under a signature that holds",
    "{file}: non contiene un messaggio originale coperto da una firma integra",
)
NOT_EXTRACTED = Phrase("{file}: nothing written", "{file}: non è stato scritto nulla")
EXTRACTED_NOT_VALID = Phrase(
    "{file}: the original was written although the verdict is not valid",
    "{file}: l'originale è stato scritto anche se l'esito non è valido",
)
SAME_FILE = Phrase(
    "{file}: is the file to be repaired; the copy must have a name of its own",
    "{file}: è il file da riparare; la copia deve avere un nome suo",
)
NOTHING_TO_REPAIR = Phrase(
    "{file}: nothing to repair: its digest and its signature hold",
    "{file}: nulla da riparare: l'impronta e la firma sono integre",
)
NOT_REPAIRED = Phrase(
    "{file}: nothing written: no damage was found that can be undone. Either it is of a kind that is not known, or the"
    " content was changed.",
    "{file}: non è stato scritto nulla: non è stato trovato un danno che si possa annullare. O è di un tipo non noto, o"
    " il contenuto è stato modificato.",
)
NOT_ALL_TRIED = Phrase(
    "The file is too large for everything to be tried.", "Il file è troppo grande perché si potesse provare tutto."
)
UNDONE = Phrase("{file}: damaged; this was undone:", "{file}: danneggiato; è stato annullato questo:")

# --- archives
NOT_VERIFIED = Phrase("{file}: {why}: {detail}", "{file}: {why}: {detail}")
CAUSES = {
    Cause.UNREADABLE: Phrase("cannot be read", "non si può leggere"),
    Cause.DAMAGED: Phrase("damaged", "danneggiato"),
    Cause.ORIGINAL_LOST: Phrase(
        "the message as it was sent is not in it", "non contiene il messaggio come è stato trasmesso"
    ),
    Cause.ENCRYPTED: Phrase("encrypted", "cifrato"),
    Cause.LINK: Phrase("a link inside an archive is not followed", "un collegamento in un archivio non viene seguito"),
    Cause.LIMIT_EXCEEDED: Phrase("larger than is allowed", "più grande di quanto è ammesso"),
    Cause.EXTRA_MISSING: Phrase("a component is not installed", "un componente non è installato"),
    Cause.DEFECT: Phrase("pecverify failed over it", "pecverify ha fallito"),
    Cause.WORKER_DIED: Phrase("the process that verified it died", "il processo che lo verificava è terminato"),
}
MESSAGES_COUNT = Phrase("{count} messages", "{count} messaggi")
UNVERIFIED_COUNT = Phrase("{count} not verified", "{count} non verificati")
KINDS_COUNTED = Phrase("Kinds", "Tipi")
REASONS_COUNTED = Phrase("First reasons of what is not valid", "Primi motivi di ciò che non è valido")
CAUSES_COUNTED = Phrase("Not verified", "Non verificati")
FORMER_COUNT = Phrase("{count} of them by a former run", "{count} dei quali in un'esecuzione precedente")
PASSED_OVER_COUNT = Phrase("{count} other files are no mail", "{count} altri file non sono messaggi")

# --- the verdict
VERDICTS = {
    Verdict.VALID: Phrase("VALID", "VALIDO"),
    Verdict.INDETERMINATE: Phrase("INDETERMINATE", "INDETERMINATO"),
    Verdict.INVALID: Phrase("INVALID", "NON VALIDO"),
}
WARNINGS = {
    Verdict.INDETERMINATE: Phrase(
        "INDETERMINATE: not a pass. That this message is genuine could not be established.",
        "INDETERMINATO: non è un esito positivo. Non è stato possibile accertare che questo messaggio sia autentico.",
    ),
    Verdict.INVALID: Phrase(
        "INVALID: do not rely on this message. It is not a genuine, undamaged PEC message.",
        "NON VALIDO: non fare affidamento su questo messaggio. Non è un messaggio PEC autentico e integro.",
    ),
}
TAKEN_OUT = Phrase("{file} (taken out of bytes {span})", "{file} (estratta dai byte {span})")

# --- what a message states
STATED_NOT_VERIFIED = Phrase("The message states (not verified):", "Il messaggio dichiara (non verificato):")
NOTHING_STATED = Phrase(
    "Nothing that the message says has been verified, and nothing of it is shown.",
    "Nulla di ciò che il messaggio dice è stato verificato, e nulla è mostrato.",
)
KIND = Phrase("kind", "tipo")
ISSUED_AT = Phrase("issued at", "data")
SENDER = Phrase("sender", "mittente")
RECIPIENTS = Phrase("recipients", "destinatari")
DELIVERED_TO = Phrase("about recipient", "riguarda")
TAKEN_FOR = Phrase("taken for", "ricezione per")
SUBJECT = Phrase("subject", "oggetto")
PEC_ID = Phrase("PEC id", "identificativo")
MESSAGE_ID = Phrase("Message-ID", "Message-ID")
ERROR_DETAIL = Phrase("error stated", "errore dichiarato")
PROVIDER = Phrase("provider", "gestore")
CLAIMED_PROVIDER = Phrase("claimed provider", "gestore dichiarato")
RECOGNITION = Phrase("recognition", "riconoscimento")
AND_MORE = Phrase("and {count} more", "e altri {count}")

KINDS = {
    ReceiptKind.ACCEPTED: Phrase("acceptance receipt", "ricevuta di accettazione"),
    ReceiptKind.NOT_ACCEPTED: Phrase("notice of non-acceptance", "avviso di non accettazione"),
    ReceiptKind.TAKEN_IN_CHARGE: Phrase("take-in-charge receipt", "ricevuta di presa in carico"),
    ReceiptKind.DELIVERED: Phrase("delivery receipt", "ricevuta di avvenuta consegna"),
    ReceiptKind.DELIVERY_FAILED: Phrase("notice of non-delivery", "avviso di mancata consegna"),
    ReceiptKind.DELIVERY_DELAYED: Phrase(
        "notice of non-delivery within the time allowed", "avviso di mancata consegna per superamento del tempo massimo"
    ),
    ReceiptKind.VIRUS_DETECTED: Phrase("notice of virus detection", "avviso di rilevazione virus"),
    ReceiptKind.TRANSPORT_ENVELOPE: Phrase("transport envelope", "busta di trasporto"),
    ReceiptKind.ANOMALY_ENVELOPE: Phrase("anomaly envelope", "busta di anomalia"),
}
RECIPIENT_TYPES = {
    RecipientType.CERTIFIED: Phrase("certified", "posta certificata"),
    RecipientType.EXTERNAL: Phrase("ordinary mail", "posta ordinaria"),
    None: Phrase("type unknown", "tipo ignoto"),
}
RECOGNITIONS = {
    Recognition.DIRECTORY: Phrase(
        "its certificate is in the providers' directory", "il suo certificato è nell'indice dei gestori"
    ),
    Recognition.TRUSTED_LIST: Phrase(
        "a qualified service of the Italian trusted list", "servizio qualificato dell'elenco di fiducia italiano"
    ),
    Recognition.AGID_CA: Phrase("issued by AgID's authority for PEC", "emesso dall'autorità di AgID per la PEC"),
    Recognition.CUSTOM: Phrase("by an anchor that you gave", "per un'ancora indicata da chi verifica"),
    Recognition.NONE: Phrase("not recognised", "non riconosciuto"),
}

# --- findings and checks
SEVERITIES = {
    Severity.ERROR: Phrase("error", "errore"),
    Severity.UNKNOWN: Phrase("unknown", "ignoto"),
    Severity.WARNING: Phrase("warning", "avviso"),
    Severity.NOTE: Phrase("note", "nota"),
}
CHECKS = {
    Check.MESSAGE_FORMAT: Phrase("Message format", "Formato del messaggio"),
    Check.SIGNATURE_FORMAT: Phrase("Signature format", "Formato della firma"),
    Check.DIGEST: Phrase("Digest of the signed part", "Impronta della parte firmata"),
    Check.SIGNATURE: Phrase("Signature", "Firma"),
    Check.ALGORITHMS: Phrase("Algorithms", "Algoritmi"),
    Check.CERTIFICATION_DATA: Phrase("Certification data (daticert.xml)", "Dati di certificazione (daticert.xml)"),
    Check.INSTANT: Phrase("Instant", "Istante"),
    Check.SIGNER_CERTIFICATE: Phrase("Signer's certificate", "Certificato del firmatario"),
    Check.RECOGNITION: Phrase("Recognition of the provider", "Riconoscimento del gestore"),
    Check.REVOCATION: Phrase("Revocation", "Revoca"),
    Check.SENDER_ADDRESS: Phrase("Sender's address", "Indirizzo del mittente"),
    Check.CONSISTENCY: Phrase("Consistency", "Coerenza"),
}
OUTCOMES = {
    Outcome.PASSED: Phrase("passed", "superato"),
    Outcome.FAILED: Phrase("FAILED", "FALLITO"),
    Outcome.UNKNOWN: Phrase("UNKNOWN", "IGNOTO"),
    Outcome.NOT_RUN: Phrase("not run", "non eseguito"),
}

# --- headings of `show`
CERTIFIES = Phrase("What it certifies", "Che cosa certifica")
PROBLEM = Phrase("What went wrong", "Che cosa è andato storto")
CHECKED = Phrase("Checks", "Controlli")
PATH = Phrase("Certificate path", "Percorso dei certificati")
TIMES = Phrase("Times", "Tempi")
ORIGINAL = Phrase("Original message", "Messaggio originale")
READ_THE_WARNINGS = Phrase(
    "There are warnings: read them under the checks below.", "Ci sono avvisi: leggerli sotto i controlli, più avanti."
)

# --- certificate path, times, original
NO_PATH = Phrase("No signer's certificate was found.", "Non è stato trovato un certificato del firmatario.")
CERTIFICATE_VALIDITY = Phrase(
    "valid from {start} to {end}; SHA-256 {sha256}", "valido dal {start} al {end}; SHA-256 {sha256}"
)
VALID_NOW = Phrase(
    "The signer's certificate is within its validity today.",
    "Il certificato del firmatario è oggi in corso di validità.",
)
NOT_VALID_NOW = Phrase(
    "The signer's certificate is outside its validity today.",
    "Il certificato del firmatario è oggi fuori dal periodo di validità.",
)
STATED_AT = Phrase("stated by the message", "dichiarato dal messaggio")
SIGNING_TIME = Phrase("signing time", "istante di firma")
HEADER_DATE = Phrase("Date header (unsigned)", "intestazione Date (non firmata)")
VALIDATED_AT = Phrase("validated at", "verificato al")
NO_TIME = Phrase("none", "nessuno")
BASES = {
    Basis.STATED: Phrase(
        "The certificate was judged at the instant that the message itself states. Nothing outside of the file proves"
        " that it existed then.",
        "Il certificato è stato valutato all'istante dichiarato dal messaggio stesso. Nulla al di fuori del file prova"
        " che esso esistesse allora.",
    ),
    Basis.GIVEN: Phrase(
        "The certificate was judged at an instant given by the person who verifies, not at the one that the message"
        " states.",
        "Il certificato è stato valutato a un istante indicato da chi verifica, non a quello dichiarato dal messaggio.",
    ),
    Basis.PROVEN: Phrase(
        "The certificate was judged at an instant at which the person who verifies says to have proof that the file"
        " existed.",
        "Il certificato è stato valutato a un istante in cui chi verifica dichiara di poter provare che il file"
        " esisteva.",
    ),
}
ORIGINAL_IS_HERE = Phrase(
    "postacert.eml, {size} bytes, lies in bytes {span} of this message, under its signature.",
    "postacert.eml, {size} byte, si trova nei byte {span} di questo messaggio, coperto dalla sua firma.",
)

# --- what each kind certifies. Source of what it proves: RFC 6109 §3; CAD (D.Lgs. 82/2005) art. 6, 45, 48
THE_PROVIDER = Phrase("the provider that signed", "il gestore firmatario")
PROVIDER_NAMED = Phrase("the provider {name}", "il gestore {name}")
THE_MESSAGE = Phrase("the message", "il messaggio")
MESSAGE_NAMED = Phrase("the message “{subject}”", "il messaggio “{subject}”")
ON_AT = Phrase("on {day} at {time} ({zone})", "il {day} alle {time} ({zone})")
STATEMENTS = {
    ReceiptKind.ACCEPTED: Phrase(
        "{provider} certifies that {when} it accepted {message} from {sender}, addressed to {recipients}.",
        "{provider} certifica che {when} ha accettato {message} di {sender}, indirizzato a {recipients}.",
    ),
    ReceiptKind.NOT_ACCEPTED: Phrase(
        "{provider} certifies that {when} it refused {message} from {sender}, addressed to {recipients}: it was not"
        " sent.",
        "{provider} certifica che {when} ha rifiutato {message} di {sender}, indirizzato a {recipients}: non è stato"
        " inviato.",
    ),
    ReceiptKind.TAKEN_IN_CHARGE: Phrase(
        "{provider} certifies that {when} it took charge of {message} from {sender}, for {taken_for}.",
        "{provider} certifica che {when} ha preso in carico {message} di {sender}, per {taken_for}.",
    ),
    ReceiptKind.DELIVERED: Phrase(
        "{provider} certifies that {when} {message} from {sender} was delivered: made available in the mailbox"
        " {delivered_to}.",
        "{provider} certifica che {when} {message} di {sender} è stato consegnato, cioè reso disponibile, nella casella"
        " {delivered_to}.",
    ),
    ReceiptKind.DELIVERY_FAILED: Phrase(
        "{provider} certifies that {when} {message} from {sender} could not be delivered to {delivered_to}.",
        "{provider} certifica che {when} {message} di {sender} non è risultato consegnabile a {delivered_to}.",
    ),
    ReceiptKind.DELIVERY_DELAYED: Phrase(
        "{provider} certifies that {when} {message} from {sender} to {delivered_to} had not been delivered within the"
        " time allowed.",
        "{provider} certifica che {when} {message} di {sender} per {delivered_to} non risultava consegnato nel tempo"
        " previsto.",
    ),
    ReceiptKind.VIRUS_DETECTED: Phrase(
        "{provider} certifies that {when} it found a virus in {message} from {sender}, addressed to {taken_for}.",
        "{provider} certifica che {when} ha rilevato un virus in {message} di {sender}, indirizzato a {taken_for}.",
    ),
    ReceiptKind.TRANSPORT_ENVELOPE: Phrase(
        "{provider} certifies that {when} it accepted {message} from the mailbox {sender}, addressed to {recipients}.",
        "{provider} certifica che {when} ha accettato {message} dalla casella {sender}, indirizzato a {recipients}.",
    ),
    ReceiptKind.ANOMALY_ENVELOPE: Phrase(
        "It certifies nothing: {provider} handed over mail that is not certified, in an envelope that it signed.",
        "Non certifica nulla: {provider} ha recapitato posta non certificata, in una busta che ha firmato.",
    ),
}
LIMITS = {
    ReceiptKind.ACCEPTED: Phrase(
        "This proves that the message was sent, when and to whom; not its content, nor that it was delivered.",
        "Questo prova l'invio, quando e a chi; non il contenuto del messaggio, né la consegna.",
    ),
    ReceiptKind.TAKEN_IN_CHARGE: Phrase(
        "This is a hand-over between providers; it does not prove delivery.",
        "È un passaggio tra gestori; non prova la consegna.",
    ),
    ReceiptKind.VIRUS_DETECTED: Phrase(
        "This is a notice between providers; the sender gets a notice of non-delivery.",
        "È un avviso tra gestori; al mittente arriva un avviso di mancata consegna.",
    ),
    ReceiptKind.TRANSPORT_ENVELOPE: Phrase(
        "PEC does not certify which person used the mailbox.",
        "La PEC non certifica quale persona abbia usato la casella.",
    ),
    ReceiptKind.DELIVERED: Phrase(
        "Delivered means available in the mailbox, whether the message was read or not.",
        "Consegnato significa disponibile nella casella, che il messaggio sia stato letto o no.",
    ),
}
CONTENTS = {
    ReceiptForm.COMPLETE: Phrase(
        "The receipt carries the whole original message, so that it proves the content too.",
        "La ricevuta contiene l'intero messaggio originale, quindi prova anche il contenuto.",
    ),
    ReceiptForm.BRIEF: Phrase(
        "The receipt carries the message with its attachments replaced by hashes: it proves their content only together"
        " with the untouched originals.",
        "La ricevuta contiene il messaggio con gli allegati sostituiti da impronte: ne prova il contenuto solo insieme"
        " agli originali intatti.",
    ),
    ReceiptForm.CONCISE: Phrase(
        "The receipt does not carry the message: it does not prove the content.",
        "La ricevuta non contiene il messaggio: non ne prova il contenuto.",
    ),
}
ENVELOPE_CONTENT = Phrase(
    "The envelope carries the message as it was accepted.", "La busta contiene il messaggio come è stato accettato."
)
CONTENT_DOUBTFUL = Phrase(
    "It carries an original message that does not agree with the certified data: whether it proves the content"
    " must be judged from the warnings.",
    "Contiene un messaggio originale che non concorda con i dati certificati: se ne provi il contenuto va"
    " valutato dagli avvisi.",
)
NOTICES = {
    (DelayNotice.FIRST, DelayNotice.SECOND): Phrase(
        "This is the notice of 12 hours, after which delivery may still follow, or the final one of 24 hours: only the"
        " time of acceptance tells which.",
        "È l'avviso delle 12 ore, dopo il quale la consegna può ancora seguire, oppure quello definitivo delle 24 ore:"
        " solo l'ora di accettazione dice quale.",
    ),
    (DelayNotice.SECOND,): Phrase(
        "This is the final notice: the message was not delivered within 24 hours.",
        "È l'avviso definitivo: il messaggio non è stato consegnato entro 24 ore.",
    ),
}
CAUSE = Phrase("cause", "causa")
STATUS_CODE = Phrase("code", "codice")
REPORTED_BY = Phrase("reported by", "segnalato da")
STATED_REASON = Phrase("stated reason", "motivo dichiarato")
ADVICE = Phrase("what to do", "che cosa fare")

RECOGNISES = Phrase("recognised by", "riconosciuto da")
DOES_NOT_RECOGNISE = Phrase("not recognised by", "non riconosciuto da")

# --- pecverify trust
BUILT_IN = Phrase("Built-in anchors", "Ancore incorporate")
TRUST_FOLDER = Phrase("Trust folder {folder}", "Cartella della fiducia {folder}")
TRUST_FOLDER_EMPTY = Phrase("nothing in it yet", "ancora vuota")
LIST_OF_LISTS = Phrase("EU list of lists", "Elenco europeo degli elenchi di fiducia")
TRUSTED_LIST = Phrase("Italian trusted list", "Elenco di fiducia italiano")
DIRECTORY = Phrase("Providers' directory", "Indice dei gestori")
TRUSTED_CERTIFICATE = Phrase("Trusted certificate", "Certificato attendibile")
SEQUENCE = Phrase("sequence", "sequenza")
ISSUED = Phrase("issued", "emesso")
NEXT_UPDATE = Phrase("next update", "prossimo aggiornamento")
CLOSED_LIST = Phrase("none: the list is closed", "nessuno: l'elenco è chiuso")
OVERDUE = Phrase("OVERDUE", "SCADUTO")
SIGNED_BY = Phrase("signed by", "firmato da")
SIGNED_AT = Phrase("signed at", "firmato il")
SIGNER_FINGERPRINT = Phrase("signer's SHA-256", "SHA-256 del firmatario")
FINGERPRINT = Phrase("file's SHA-256", "SHA-256 del file")
ENTRIES = Phrase("entries", "voci")
VERIFIED = Phrase("verified", "verificato")
REFUSED = Phrase("refused", "rifiutato")
KEPT = Phrase("verified and kept", "verificato e conservato")
NO_LIST_OF_LISTS = Phrase("not a list of lists", "non è l'elenco degli elenchi")
EDITION_OF = Phrase("edition of {date}", "edizione del {date}")
NO_EDITION = Phrase("no edition was in force then", "nessuna edizione era in vigore")
ANY_NAME = Phrase("any name: it has no constraints", "qualsiasi nome: non ha vincoli")
MAIL_DOMAINS_TITLE = Phrase(
    "Mail domains that AgID's authority for PEC could certify",
    "Domini che l'autorità di AgID per la PEC poteva certificare",
)
ORGANIZATIONS_TITLE = Phrase(
    "Organisations that AgID's authority for PEC could certify",
    "Organizzazioni che l'autorità di AgID per la PEC poteva certificare",
)

# --- reports for CI services
UNVERIFIED = Phrase("NOT VERIFIED", "NON VERIFICATO")
CARRIER = Phrase(
    "ordinary mail that carries receipts: they count, it does not",
    "posta ordinaria che contiene ricevute: contano quelle, non il messaggio",
)
AND_MORE_ANNOTATIONS = Phrase(
    "{errors} more errors and {warnings} more warnings are in the log: the service shows few for each step",
    "Altri {errors} errori e {warnings} avvisi sono nel log: il servizio ne mostra pochi per ogni passo",
)
VERDICT = Phrase("verdict", "esito")
MESSAGES = Phrase("messages", "messaggi")
MESSAGE = Phrase("message", "messaggio")
CARRIERS = Phrase("ordinary mail around them", "posta ordinaria che le contiene")
REASONS = Phrase("reasons", "motivi")
WHY = Phrase("why", "perché")
NOT_VALID = Phrase("What is not valid", "Che cosa non è valido")
AND_MORE_ROWS = Phrase(
    "{count} more did not fit here: they are in the log.", "Altri {count} non entrano qui: sono nel log."
)
