"""What `pecverify bundle` says besides what other commands say, in English and Italian."""

from __future__ import annotations

from pecverify.bundle import FileState, TimestampState
from pecverify.cli._messages import Phrase

NO_RECEIPTS = Phrase("no receipt was found: no bundle is written", "nessuna ricevuta trovata: nessun fascicolo scritto")
WRITTEN = Phrase("{file}: {count} receipts: {verdicts}", "{file}: {count} ricevute: {verdicts}")
FINGERPRINT = Phrase("SHA-256 of manifest.json", "SHA-256 di manifest.json")
CANNOT_BUNDLE = Phrase("{file}: {why}", "{file}: {why}")

NO_BUNDLE = Phrase("no bundle of proof: {why}", "non è un fascicolo di prova: {why}")
MADE_WITH = Phrase("made with", "creato con")
POLICY = Phrase("policy", "criteri")
UP_TO = Phrase("as of", "alla data")
OTHERWISE = Phrase("checked with other", "controllato con altri")
LEFT_OUT = Phrase("left out when it was made", "esclusi alla creazione")
TIMESTAMP = Phrase("timestamp", "marca temporale")
TIMESTAMPS = {
    TimestampState.ABSENT: Phrase("none", "nessuna"),
    TimestampState.NOT_VERIFIED: Phrase(
        "present, not verified: it takes --timestamp-authority", "presente, non verificata: serve --timestamp-authority"
    ),
    TimestampState.VERIFIED: Phrase("verified: {at} by {signer}", "verificata: {at} da {signer}"),
    TimestampState.REFUSED: Phrase("REFUSED: {reason}: {detail}", "RIFIUTATA: {reason}: {detail}"),
}
FILES = {
    FileState.INTACT: Phrase("intact", "integro"),
    FileState.NOT_REPRODUCED: Phrase("not what these receipts give", "non è ciò che risulta da queste ricevute"),
    FileState.NOT_COMPARED: Phrase("intact, not made again", "integro, non rifatto"),
    FileState.CHANGED: Phrase("CHANGED", "MODIFICATO"),
    FileState.UNREADABLE: Phrase("UNREADABLE", "ILLEGGIBILE"),
    FileState.MISSING: Phrase("MISSING", "MANCANTE"),
    FileState.EXTRA: Phrase("NOT IN THE MANIFEST", "NON NEL MANIFESTO"),
}
FROM = Phrase("from {file}", "da {file}")
RECORDED = Phrase("recorded: {report}", "registrato: {report}")
FOUND = Phrase("now: {report}", "ora: {report}")
PROVEN = Phrase("at the timestamp: {report}", "alla marca temporale: {report}")
NOT_VERIFIED = Phrase("not verified: {why}", "non verificata: {why}")
