"""What the page and the picture of an exchange say, in English and Italian."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pecverify.receipt import ReceiptForm, ReceiptKind
from pecverify.report import Basis, Recognition, Verdict

if TYPE_CHECKING:
    from pecverify.problem import Language


class Said(NamedTuple):
    """One thing to say."""

    english: str
    """In English."""
    italian: str
    """In Italian."""

    def in_language(self, language: Language) -> str:
        """It in one of them."""
        return self.italian if language == "it" else self.english


WORDS: dict[str, Said] = {
    # --- the whole page
    "title": Said("Certified mail: what the receipts prove", "Posta certificata: che cosa provano le ricevute"),
    "eyebrow": Said("Report on certified mail (PEC)", "Relazione su posta elettronica certificata (PEC)"),
    "skip": Said("Skip to the report", "Vai alla relazione"),
    "as_of": Said("Judged as of {now}", "Situazione al {now}"),
    "contents": Said("Messages", "Messaggi"),
    "nothing": Said("No verified receipt was found.", "Non è stata trovata alcuna ricevuta verificata."),
    "no_subject": Said("(no subject)", "(senza oggetto)"),
    "none": Said("none", "nessuno"),
    "footer": Said(
        "Made by pecverify {version}. This page holds no script and loads nothing.",
        "Prodotto da pecverify {version}. Questa pagina non contiene script e non carica nulla.",
    ),
    # --- verdict
    "accepted_on": Said("Accepted by {provider} on {when}.", "Accettato da {provider} il {when}."),
    "refused_on": Said("Refused by {provider} on {when}.", "Rifiutato da {provider} il {when}."),
    "delivered_count": Said(
        "Delivered to {count} of {total} recipients.",
        "Consegnato a {count} destinatari su {total}.",
    ),
    "service": Said("Service of process", "Notificazione"),
    "serves": Said(
        "The receipts suffice: an acceptance, and a complete delivery for each recipient.",
        "Le ricevute bastano: un'accettazione e una consegna completa per ciascun destinatario.",
    ),
    "does_not_serve": Said("The receipts do not suffice.", "Le ricevute non bastano."),
    "lacks_acceptance": Said(
        "There is no acceptance receipt beyond dispute.",
        "Manca una ricevuta di accettazione non contraddetta.",
    ),
    "lacks_deliveries": Said(
        "{count} of {total} recipients have no complete delivery receipt.",
        "{count} destinatari su {total} non hanno una ricevuta di avvenuta consegna completa.",
    ),
    "contradicted": Said(
        "Verified receipts contradict each other; nobody is believed over the other.",
        "Ricevute verificate si contraddicono; nessuna è creduta più dell'altra.",
    ),
    "an_unknown_provider": Said("a provider without a name", "un gestore senza nome"),
    # --- the message
    "message": Said("The message", "Il messaggio"),
    "subject": Said("Subject", "Oggetto"),
    "sender": Said("Sender", "Mittente"),
    "pec_id": Said("PEC id", "Identificativo"),
    "message_id": Said("Message-ID", "Message-ID"),
    "recipients": Said("Recipients", "Destinatari"),
    "perfected_sender": Said("Perfected for the sender", "Perfezionato per il mittente"),
    "no_receipts": Said("no verified receipt names it", "nessuna ricevuta verificata la indica"),
    # --- recipients
    "course": Said("What became of it", "Che cosa ne è stato"),
    "recipients_caption": Said(
        "Each recipient, the outcome, and what proves it",
        "Ciascun destinatario, l'esito e che cosa lo prova",
    ),
    "recipient": Said("Recipient", "Destinatario"),
    "outcome": Said("Outcome", "Esito"),
    "at": Said("At", "Quando"),
    "certified_by": Said("Certified by", "Certificato da"),
    "carries": Said("The receipt carries", "La ricevuta contiene"),
    "proof": Said("Receipts", "Ricevute"),
    "cc": Said("Cc", "Cc"),
    # --- findings
    "findings": Said("What was found in the receipts together", "Che cosa risulta dalle ricevute insieme"),
    "error": Said("Contradiction", "Contraddizione"),
    "unknown": Said("Missing", "Mancante"),
    "warning": Said("Warning", "Avviso"),
    "note": Said("Note", "Nota"),
    "check_number": Said("check {number}", "controllo {number}"),
    "no_findings": Said("Nothing to remark.", "Nulla da rilevare."),
    # --- receipts
    "evidence": Said("The receipts", "Le ricevute"),
    "evidence_intro": Said(
        "Each was verified by itself: signature, certificate, provider, consistency. Only valid ones count.",
        "Ciascuna è stata verificata da sola: firma, certificato, gestore, coerenza. Solo quelle valide contano.",
    ),
    "evidence_caption": Said("Verified receipts, in the order of time", "Ricevute verificate, in ordine di tempo"),
    "number": Said("No.", "N."),
    "receipt": Said("Receipt", "Ricevuta"),
    "about": Said("About", "Riguarda"),
    "everyone": Said("everyone", "tutti"),
    "verdict": Said("Verdict and reasons", "Esito e motivi"),
    "file": Said("File and its SHA-256", "File e suo SHA-256"),
    "original_hash": Said("original", "originale"),
    "no_hash": Said("hash not known", "impronta non nota"),
    "unnamed": Said("file not known", "file non noto"),
    "taken_from": Said("taken out of bytes {start}-{stop}", "estratta dai byte {start}-{stop}"),
    "more_findings": Said("and {count} more findings", "e altri {count} rilievi"),
    "judged_at": Said("judged at {when}", "valutata al {when}"),
    "apart": Said("Set apart: no evidence", "Messi da parte: non sono prove"),
    "apart_intro": Said(
        "These files claim to belong here and are not valid receipts. Nothing in this report rests on them.",
        "Questi file dichiarano di appartenere a questo messaggio ma non sono ricevute valide. Nulla in questa"
        " relazione si fonda su di essi.",
    ),
    "unattributed": Said("Belonging to no message", "Senza un messaggio a cui appartenere"),
    "unattributed_intro": Said(
        "No verified receipt knows the message that these files are about, if they are about any.",
        "Nessuna ricevuta verificata conosce il messaggio a cui questi file si riferiscono, se si riferiscono a uno.",
    ),
    "unverified": Said("Not verified at all", "Non verificati"),
    "claims": Said("Claims to be", "Dichiara di essere"),
    "finding_error": Said("Error", "Errore"),
    "finding_unknown": Said("Not established", "Non accertato"),
    "finding_warning": Said("Warning", "Avviso"),
    "finding_note": Said("Note", "Nota"),
    # --- chain of trust
    "trust": Said("The chain of trust", "La catena della fiducia"),
    "trust_intro": Said(
        "Who signed, how the provider is known, and the certificates from the signer to the anchor.",
        "Chi ha firmato, come si conosce il gestore, e i certificati dal firmatario all'ancora.",
    ),
    "recognised": Said("How it is known", "Come è riconosciuto"),
    "valid_between": Said("valid from {start} to {stop}", "valido dal {start} al {stop}"),
    # --- limits
    "limits": Said("What this does not prove", "Che cosa questo non prova"),
    "limit_person": Said(
        "PEC does not certify which person used a mailbox.",
        "La PEC non certifica quale persona abbia usato una casella.",
    ),
    "limit_read": Said(
        "Delivered means made available in the mailbox, read or not.",
        "Consegnato significa reso disponibile nella casella, letto o no.",
    ),
    "limit_content": Said(
        "Only a complete delivery receipt proves the content by itself; a brief one proves it together with the"
        " untouched attachments, a concise one not at all.",
        "Solo una ricevuta di avvenuta consegna completa prova da sola il contenuto; una breve lo prova insieme agli"
        " allegati intatti, una sintetica non lo prova.",
    ),
    "limit_law": Said(
        "Whether service of process is valid is for the court: public registers, the proof of service, deadlines and"
        " times of day were not looked at. “Perfected” repeats the instants of the receipts.",
        "Se la notificazione sia valida spetta al giudice: registri pubblici, relata, termini e orari non sono stati"
        " esaminati. “Perfezionato” ripete gli istanti delle ricevute.",
    ),
    "limit_ordinary": Said(
        "Nothing is certified about delivery to ordinary mailboxes.",
        "Nulla è certificato sulla consegna a caselle di posta ordinaria.",
    ),
    "limit_time": Said(
        "Instants are those that the providers certify. Unless a basis other than “stated” is given, nothing outside"
        " the files proves that they existed then.",
        "Gli istanti sono quelli certificati dai gestori. Salvo che sia indicata una base diversa da “dichiarato”,"
        " nulla al di fuori dei file prova che esistessero allora.",
    ),
    "limit_files": Said(
        "This page is a summary and proves nothing itself: the .eml files are the evidence.",
        "Questa pagina è una sintesi e non prova nulla di per sé: le prove sono i file .eml.",
    ),
    # --- again
    "again": Said("How to verify again", "Come verificare di nuovo"),
    "again_keep": Said(
        "Take the .eml files untouched, as they came: not printed, not copied from a mail program by hand.",
        "Prendere i file .eml intatti, come sono arrivati: non stampati, non copiati a mano da un programma di posta.",
    ),
    "again_hash": Said(
        "Compare their SHA-256 with those above:",
        "Confrontare il loro SHA-256 con quelli riportati sopra:",
    ),
    "again_verify": Said(
        "Verify them, without a network, and put them together:",
        "Verificarli, senza rete, e metterli insieme:",
    ),
    "again_openssl": Said(
        "Or ask OpenSSL about one signature; it does not know who may sign PEC:",
        "Oppure chiedere a OpenSSL di una sola firma; non sa chi può firmare PEC:",
    ),
    # --- the picture
    "picture_title": Said("The course of the message in time", "Il percorso del messaggio nel tempo"),
    "picture_description": Said(
        "From acceptance to the outcome for each recipient:",
        "Dall'accettazione all'esito di ciascuno:",
    ),
    "picture_table": Said("The table below says the same in words.", "La tabella seguente dice lo stesso in parole."),
    "picture_scale": Said("elapsed time, logarithmic", "tempo trascorso, scala logaritmica"),
    "picture_scroll": Said("Picture, can be scrolled sideways", "Figura, può scorrere in orizzontale"),
    "accepted_mark": Said("Accepted", "Accettato"),
    "refused_mark": Said("Refused", "Rifiutato"),
    "recipients_counted": Said("{count} recipients", "{count} destinatari"),
    "mark_taken": Said("taken in charge", "preso in carico"),
    "mark_delivered": Said("delivered", "consegnato"),
    "mark_failed": Said("not delivered", "non consegnato"),
    "mark_notice": Said("notice of delay", "avviso di ritardo"),
    "mark_virus": Said("virus found", "virus rilevato"),
    "mark_refused": Said("refused", "rifiutato"),
}
"""By name: in English, in Italian. A word in braces is filled in."""

KINDS: dict[ReceiptKind, Said] = {
    ReceiptKind.ACCEPTED: Said("acceptance", "accettazione"),
    ReceiptKind.NOT_ACCEPTED: Said("non-acceptance", "non accettazione"),
    ReceiptKind.TAKEN_IN_CHARGE: Said("take-in-charge", "presa in carico"),
    ReceiptKind.DELIVERED: Said("delivery", "avvenuta consegna"),
    ReceiptKind.DELIVERY_FAILED: Said("non-delivery", "mancata consegna"),
    ReceiptKind.DELIVERY_DELAYED: Said("notice of delay", "mancata consegna nei termini"),
    ReceiptKind.VIRUS_DETECTED: Said("virus detection", "rilevazione virus"),
    ReceiptKind.TRANSPORT_ENVELOPE: Said("transport envelope", "busta di trasporto"),
    ReceiptKind.ANOMALY_ENVELOPE: Said("anomaly envelope", "busta di anomalia"),
}
FORMS: dict[ReceiptForm, Said] = {
    ReceiptForm.COMPLETE: Said("the whole message", "il messaggio intero"),
    ReceiptForm.BRIEF: Said("hashes of the attachments", "le impronte degli allegati"),
    ReceiptForm.CONCISE: Said("no content", "nessun contenuto"),
}
VERDICTS: dict[Verdict, Said] = {
    Verdict.VALID: Said("valid", "valida"),
    Verdict.INDETERMINATE: Said("indeterminate", "indeterminata"),
    Verdict.INVALID: Said("not valid", "non valida"),
}
RECOGNITIONS: dict[Recognition, Said] = {
    Recognition.DIRECTORY: Said(
        "its certificate is in the providers' directory",
        "il suo certificato è nell'indice dei gestori",
    ),
    Recognition.TRUSTED_LIST: Said(
        "a qualified service of the Italian trusted list",
        "servizio qualificato dell'elenco di fiducia italiano",
    ),
    Recognition.AGID_CA: Said("issued by AgID's authority for PEC", "emesso dall'autorità di AgID per la PEC"),
    Recognition.CUSTOM: Said(
        "by an anchor that the person who verified gave",
        "per un'ancora indicata da chi ha verificato",
    ),
    Recognition.NONE: Said("not recognised", "non riconosciuto"),
}
BASES: dict[Basis, Said] = {
    Basis.STATED: Said("stated", "dichiarato"),
    Basis.GIVEN: Said("given by who verified", "indicato da chi ha verificato"),
    Basis.PROVEN: Said("proven by who verified", "provato da chi ha verificato"),
}
