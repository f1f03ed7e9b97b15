"""What `pecverify exchange` says besides what other commands say, in English and Italian."""

from __future__ import annotations

from pecverify import ReceiptForm
from pecverify.cli._messages import Phrase

NOT_A_ROW = Phrase(
    "{file}, line {line}: not a row of an archive run: {why}",
    "{file}, riga {line}: non è una riga di una verifica di archivio: {why}",
)
NOT_SENT = Phrase("{file}: not a message that was sent: {why}", "{file}: non è un messaggio inviato: {why}")

NO_SUBJECT = Phrase("(no subject)", "(senza oggetto)")
NO_RECEIPTS = Phrase("no verified receipt", "nessuna ricevuta verificata")
ACCEPTED = Phrase("accepted", "accettato")
REFUSED = Phrase("refused", "rifiutato")
BY = Phrase("{when} by {provider}", "{when} da {provider}")
UNKNOWN = Phrase("?", "?")
SERVICE = Phrase("service of process", "notificazione")
SERVES = Phrase(
    "the receipts suffice: acceptance, and a complete delivery for each recipient",
    "le ricevute bastano: accettazione e consegna completa per ciascun destinatario",
)
DOES_NOT_SERVE = Phrase("the receipts do not suffice: {lacking}", "le ricevute non bastano: {lacking}")
LACKS_ACCEPTANCE = Phrase("no acceptance beyond dispute", "manca un'accettazione non contraddetta")
LACKS_DELIVERIES = Phrase(
    "{count} of {total} recipients without a complete delivery",
    "{count} destinatari su {total} senza una consegna completa",
)
IS_CONTRADICTED = Phrase("the receipts contradict each other", "le ricevute si contraddicono")

RECIPIENT = Phrase("recipient", "destinatario")
STATE = Phrase("outcome", "esito")
AT = Phrase("at", "quando")
CERTIFIED_BY = Phrase("certified by", "certificato da")
CARRIES = Phrase("carries", "contiene")
COPY = Phrase("{address} (Cc)", "{address} (Cc)")
FORMS = {
    ReceiptForm.COMPLETE: Phrase("the whole message", "il messaggio intero"),
    ReceiptForm.BRIEF: Phrase("hashes of attachments", "impronte degli allegati"),
    ReceiptForm.CONCISE: Phrase("no content", "nessun contenuto"),
}
CONTRADICTION = Phrase("contradiction", "contraddizione")
MISSING = Phrase("missing", "mancante")
SET_APART = Phrase("Set apart, no evidence:", "Messi da parte, non sono prove:")
UNATTRIBUTED = Phrase(
    "Belonging to no message that a verified receipt knows:",
    "Non appartengono a nessun messaggio noto a una ricevuta verificata:",
)
COPIES = Phrase("{file} and {count} more copies", "{file} e altre {count} copie")
