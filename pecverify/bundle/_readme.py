"""The texts that lie in every bundle: what it is, and how to check it again."""

from __future__ import annotations

ENGLISH = """\
BUNDLE OF PROOF

This zip holds receipts of Italian certified e-mail (PEC), and what they prove.

receipts/          the receipts, byte for byte as they lay. They are the evidence; nothing else here is.
report.html        what became of each message, to read and print (a browser opens it; it loads nothing)
exchange.json      the same for programs
reports.jsonl      the verification of each receipt, one on each line
trust.json         who was trusted: lists, certificates and their fingerprints. Information: nothing is trusted by it
manifest.json      size and SHA-256 of every file, where each receipt lay, its verdict, and how it was judged
manifest.json.tsr  if it is there: a timestamp (RFC 3161) over manifest.json, and so over every file

To check everything again, without a network:

    pip install 'pecverify[html,timestamp]'
    pecverify bundle --check BUNDLE.zip

That compares every file with manifest.json, verifies every receipt again and makes the other files again. It asks for
the same trust and policy as making the bundle did: see "policy" in manifest.json, and trust.json. The timestamp is
verified with --timestamp-authority AUTHORITY.pem, the certificate of who issued it, from a source that you trust.

Without pecverify: the SHA-256 of a file is told by  sha256sum FILE  (Windows: certutil -hashfile FILE SHA256);
the signature of a receipt by  openssl cms -verify -noverify -in RECEIPT.eml -out /dev/null ; the timestamp by
openssl ts -verify -data manifest.json -in manifest.json.tsr -CAfile AUTHORITY.pem

A file of this zip may be opened and copied. The zip itself is not to be changed: not a file more or less.
"""

ITALIAN = """\
FASCICOLO DI PROVA

Questo zip contiene ricevute di posta elettronica certificata (PEC) e ciò che esse provano.

receipts/          le ricevute, byte per byte com'erano. La prova sono loro; nient'altro qui dentro lo è.
report.html        che cosa è stato di ciascun messaggio, da leggere e stampare (si apre col browser, da solo)
exchange.json      lo stesso per i programmi
reports.jsonl      la verifica di ciascuna ricevuta, una per riga
trust.json         chi è stato considerato attendibile: liste, certificati e impronte. È un'informazione: nessuno
                   diventa attendibile per questo
manifest.json      dimensione e SHA-256 di ogni file, dove si trovava ciascuna ricevuta, il suo esito, i criteri
manifest.json.tsr  se c'è: una marca temporale (RFC 3161) su manifest.json, e con ciò su ogni file

Per ricontrollare tutto, senza rete:

    pip install 'pecverify[html,timestamp]'
    pecverify bundle --check FASCICOLO.zip

Il comando confronta ogni file con manifest.json, verifica di nuovo ogni ricevuta e rifà gli altri file. Servono le
stesse fonti di attendibilità e gli stessi criteri usati per crearlo: si veda "policy" in manifest.json, e trust.json.
La marca temporale si verifica con --timestamp-authority AUTORITA.pem, il certificato di chi l'ha emessa, ottenuto da
una fonte attendibile.

Senza pecverify: lo SHA-256 di un file lo dice  sha256sum FILE  (Windows: certutil -hashfile FILE SHA256);
la firma di una ricevuta  openssl cms -verify -noverify -in RICEVUTA.eml -out /dev/null ; la marca temporale
openssl ts -verify -data manifest.json -in manifest.json.tsr -CAfile AUTORITA.pem

I file di questo zip si possono aprire e copiare. Lo zip non va modificato: né un file in più né uno in meno.
"""
