"""The Reason table: everything that pecverify can find, with its weight, its meaning and where the rule comes from.

Severity follows one principle. What is proven wrong, or an unsigned header that contradicts signed data, is an ERROR.
What could not be established is UNKNOWN. Where two signed statements differ the provider itself was inconsistent: a
WARNING. A harmless deviation is a NOTE. Reasons are never renamed; the texts may improve.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to the verdict."""

    ERROR = "error"
    """Disproved: the verdict is INVALID."""
    UNKNOWN = "unknown"
    """Not established: the verdict is INDETERMINATE unless something is an ERROR."""
    WARNING = "warning"
    """Leaves the verdict; a reader should know."""
    NOTE = "note"
    """Leaves the verdict; for the record."""


class Check(StrEnum):
    """The steps of the procedure in `verify.py`, in their order."""

    MESSAGE_FORMAT = "message-format"
    """The bytes are a message whose root is multipart/signed with exactly two parts."""
    SIGNATURE_FORMAT = "signature-format"
    """The second part is a CMS SignedData with one signer, signed attributes and the signer's certificate."""
    DIGEST = "digest"
    """The messageDigest attribute is the digest of the signed part."""
    SIGNATURE = "signature"
    """The signature over the signed attributes verifies with the signer certificate's key."""
    ALGORITHMS = "algorithms"
    """Digest, signature algorithm and key size are acceptable at the validated instant."""
    CERTIFICATION_DATA = "certification-data"
    """The signed part holds one well-formed daticert.xml, which becomes the typed receipt."""
    INSTANT = "instant"
    """The stated time is plausible and there is an instant to validate at."""
    SIGNER_CERTIFICATE = "signer-certificate"
    """The signer's certificate may sign PEC messages and was valid at the instant."""
    RECOGNITION = "recognition"
    """A source of trust recognises the certificate, or the anchor that a path leads to."""
    REVOCATION = "revocation"
    """Neither the signer's certificate nor one above it was revoked at the instant, by the data given."""
    SENDER_ADDRESS = "sender-address"
    """From is an address of the certificate, in a domain of the provider."""
    CONSISTENCY = "consistency"
    """Headers, certification data, readable text and original message agree."""


class SubIndication(StrEnum):
    """ETSI EN 319 102-1 sub-indications, the closest one for each reason."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    """The signature does not conform to a base standard."""
    HASH_FAILURE = "HASH_FAILURE"
    """A hash of signed data does not match."""
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    """The signature value does not verify."""
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    """An attribute of the signature does not match the constraints."""
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    """The certificate path does not match the constraints."""
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    """The certificate path cannot be validated for another cause."""
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    """An algorithm or key size is not acceptable."""
    EXPIRED = "EXPIRED"
    """Signed after the certificate expired."""
    NOT_YET_VALID = "NOT_YET_VALID"
    """Signed before the certificate was issued."""
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    """The signing certificate cannot be identified."""
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    """No path leads to a trust anchor."""
    REVOKED = "REVOKED"
    """The signing certificate was revoked, and the signature made afterwards."""
    TRY_LATER = "TRY_LATER"
    """What is known of revocation does not suffice; later data may."""
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    """The certificate is outside its validity and nothing proves that the signature existed before."""
    NO_POE = "NO_POE"
    """No proof that a signed object existed at an instant."""
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    """The signed data cannot be obtained."""


class Reason(StrEnum):
    """Machine-readable causes. The meaning of each, in two languages, is in its `rule`."""

    NOT_A_MESSAGE = "not-a-message"
    NOT_PEC = "not-pec"
    NESTED_RECEIPT = "nested-receipt"
    MIME_MALFORMED = "mime-malformed"
    MESSAGE_TRUNCATED = "message-truncated"
    LIMIT_EXCEEDED = "limit-exceeded"
    UNSIGNED_CONTENT = "unsigned-content"
    MICALG_MISMATCH = "micalg-mismatch"
    HEADERS_NOT_ORIGINAL = "headers-not-original"

    CMS_MALFORMED = "cms-malformed"
    ECONTENT_PRESENT = "econtent-present"
    SIGNER_COUNT = "signer-count"
    SIGNED_ATTRIBUTES_MISSING = "signed-attributes-missing"
    SIGNED_ATTRIBUTES_INVALID = "signed-attributes-invalid"
    SIGNED_ATTRIBUTES_ORDER = "signed-attributes-order"
    CONTENT_TYPE_MISMATCH = "content-type-mismatch"
    CERTIFICATE_MISSING = "certificate-missing"
    CERTIFICATE_MALFORMED = "certificate-malformed"
    SIGNER_AMBIGUOUS = "signer-ambiguous"
    SIGNER_REFERENCE_MISMATCH = "signer-reference-mismatch"
    BER_ENCODING = "ber-encoding"

    DIGEST_MISMATCH = "digest-mismatch"
    LINE_ENDINGS_CANONICALISED = "line-endings-canonicalised"
    MBOX_QUOTING_UNDONE = "mbox-quoting-undone"

    SIGNATURE_INVALID = "signature-invalid"

    ALGORITHM_REFUSED = "algorithm-refused"
    ALGORITHM_MISMATCH = "algorithm-mismatch"
    ALGORITHM_WEAK = "algorithm-weak"
    DIGEST_WEAK = "digest-weak"
    KEY_EXPONENT_SMALL = "key-exponent-small"

    DATICERT_MISSING = "daticert-missing"
    DATICERT_REPEATED = "daticert-repeated"
    ORIGINAL_REPEATED = "original-repeated"
    ORIGINAL_TRANSFER_ENCODED = "original-transfer-encoded"
    DATICERT_MALFORMED = "daticert-malformed"
    DATICERT_ENCODING = "daticert-encoding"
    DATICERT_DTD_REFUSED = "daticert-dtd-refused"
    DATICERT_DOCTYPE = "daticert-doctype"
    DATICERT_COMMENT = "daticert-comment"
    DATICERT_STRUCTURE = "daticert-structure"
    DATICERT_ELEMENT_REPEATED = "daticert-element-repeated"
    DATICERT_FIELD_MISSING = "daticert-field-missing"
    DATICERT_VALUE_MALFORMED = "daticert-value-malformed"
    KIND_UNKNOWN = "kind-unknown"
    DATICERT_FIELD_ABSENT = "daticert-field-absent"
    DATICERT_ORDER = "daticert-order"
    DATICERT_UNKNOWN_ELEMENT = "daticert-unknown-element"
    DATICERT_STRAY_TEXT = "daticert-stray-text"
    TOKEN_UNKNOWN = "token-unknown"

    INSTANT_UNKNOWN = "instant-unknown"
    STATED_IN_FUTURE = "stated-in-future"
    SIGNING_TIME_MISMATCH = "signing-time-mismatch"

    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    OUT_OF_BOUNDS_NO_POE = "out-of-bounds-no-poe"
    KEY_USAGE_INVALID = "key-usage-invalid"
    EXTENDED_KEY_USAGE_INVALID = "extended-key-usage-invalid"
    SIGNER_IS_CA = "signer-is-ca"
    CRITICAL_EXTENSION_UNKNOWN = "critical-extension-unknown"
    CERTIFICATE_ADDRESS_INVALID = "certificate-address-invalid"
    CERTIFICATE_PROFILE = "certificate-profile"
    CERTIFICATE_ADDRESSES_MANY = "certificate-addresses-many"

    ISSUER_FORGED = "issuer-forged"
    PROVIDER_NOT_RECOGNISED = "provider-not-recognised"
    ANCHOR_NOT_IN_FORCE = "anchor-not-in-force"
    SERVICE_NOT_GRANTED = "service-not-granted"
    SERVICE_NOT_REGISTERED_EMAIL = "service-not-registered-email"
    TRUST_LIST_STALE = "trust-list-stale"
    TRUST_SOURCE_UNVERIFIED = "trust-source-unverified"
    PROVIDER_NAME_MISMATCH = "provider-name-mismatch"
    NAME_CONSTRAINTS_VIOLATED = "name-constraints-violated"
    PATH_LENGTH_EXCEEDED = "path-length-exceeded"
    PATH_INVALID = "path-invalid"

    CERTIFICATE_REVOKED = "certificate-revoked"
    CERTIFICATE_REVOKED_LATER = "certificate-revoked-later"
    REVOCATION_UNKNOWN = "revocation-unknown"
    REVOCATION_DATA_REFUSED = "revocation-data-refused"

    FROM_NOT_IN_CERTIFICATE = "from-not-in-certificate"
    FROM_MISSING = "from-missing"
    PROVIDER_DOMAIN_MISMATCH = "provider-domain-mismatch"

    HEADER_REPEATED = "header-repeated"
    HEADER_CONTRADICTS_SIGNED = "header-contradicts-signed"
    HEADER_ABSENT = "header-absent"
    SECURITY_HEADER_MISMATCH = "security-header-mismatch"
    SUBJECT_MISMATCH = "subject-mismatch"
    MESSAGE_ID_MISMATCH = "message-id-mismatch"
    MESSAGE_ID_REUSED = "message-id-reused"
    PEC_ID_MALFORMED = "pec-id-malformed"
    TO_MISMATCH = "to-mismatch"
    DATE_MISMATCH = "date-mismatch"
    ZONE_UNEXPECTED = "zone-unexpected"
    RECIPIENT_UNLISTED = "recipient-unlisted"
    RECIPIENT_NOT_CERTIFIED = "recipient-not-certified"
    ERROR_INCONSISTENT = "error-inconsistent"
    ERROR_DETAIL_INCONSISTENT = "error-detail-inconsistent"
    TEXT_MISMATCH = "text-mismatch"
    ORIGINAL_MISSING = "original-missing"
    ORIGINAL_UNEXPECTED = "original-unexpected"
    ORIGINAL_UNREADABLE = "original-unreadable"
    ORIGINAL_MESSAGE_ID_MISMATCH = "original-message-id-mismatch"
    ORIGINAL_SENDER_MISMATCH = "original-sender-mismatch"
    ORIGINAL_RECIPIENTS_MISMATCH = "original-recipients-mismatch"
    ORIGINAL_SUBJECT_MISMATCH = "original-subject-mismatch"
    ORIGINAL_REPLY_TO_MISMATCH = "original-reply-to-mismatch"
    ORIGINAL_FORM_MISMATCH = "original-form-mismatch"
    BRIEF_PART_NOT_HASHED = "brief-part-not-hashed"
    ENVELOPE_DISPLAY_NAME = "envelope-display-name"
    ENVELOPE_ADDRESSES_MISMATCH = "envelope-addresses-mismatch"
    ISSUER_ROLE_MISMATCH = "issuer-role-mismatch"
    ANOMALY_NOT_CERTIFIED = "anomaly-not-certified"
    ANOMALY_MALFORMED = "anomaly-malformed"

    DAMAGE_REPAIRABLE = "damage-repairable"

    @property
    def rule(self) -> Rule:
        """This reason's row of the table."""
        return RULES[self]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the Reason table."""

    check: Check
    """The step of the procedure that finds it."""
    severity: Severity
    """Its weight, unless the policy says otherwise (`algorithm-weak`, `digest-weak`)."""
    sub_indication: SubIndication | None
    """ETSI EN 319 102-1 sub-indication; None for what leaves the verdict."""
    english: str
    """The cause in one sentence."""
    italian: str
    """The same in Italian."""
    source: str
    """The section that holds the rule."""


RULES: dict[Reason, Rule] = {
    # --- message format
    Reason.NOT_A_MESSAGE: Rule(
        Check.MESSAGE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The bytes do not begin with the header of an e-mail message",
        "I byte non iniziano con l'intestazione di un messaggio e-mail",
        "RFC 5322 §2.1",
    ),
    Reason.NOT_PEC: Rule(
        Check.MESSAGE_FORMAT,
        Severity.ERROR,
        SubIndication.SIGNED_DATA_NOT_FOUND,
        "The message is not a PEC message: its root is not multipart/signed with an S/MIME signature",
        "Il messaggio non è un messaggio PEC: la sua radice non è multipart/signed con firma S/MIME",
        "RFC 6109 §2.1",
    ),
    Reason.NESTED_RECEIPT: Rule(
        Check.MESSAGE_FORMAT,
        Severity.ERROR,
        SubIndication.SIGNED_DATA_NOT_FOUND,
        "A receipt lies inside this message; it is not this message's own and must be taken out to be verified",
        "Dentro questo messaggio c'è una ricevuta: non è del messaggio stesso e va estratta per essere verificata",
        "RFC 6109 §2.1",
    ),
    Reason.MIME_MALFORMED: Rule(
        Check.MESSAGE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The MIME structure breaks a rule on which readers would disagree",
        "La struttura MIME viola una regola sulla quale i programmi di lettura divergerebbero",
        "RFC 2045, RFC 2046 §5.1, RFC 1847 §2.1",
    ),
    Reason.MESSAGE_TRUNCATED: Rule(
        Check.MESSAGE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The message ends before its closing boundary",
        "Il messaggio termina prima del delimitatore di chiusura",
        "RFC 2046 §5.1.1",
    ),
    Reason.LIMIT_EXCEEDED: Rule(
        Check.MESSAGE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The input exceeds a limit of the policy",
        "L'input supera un limite della policy",
        "pecverify Limits",
    ),
    Reason.UNSIGNED_CONTENT: Rule(
        Check.MESSAGE_FORMAT,
        Severity.WARNING,
        None,
        "Text outside the signed part could be mistaken for content",
        "Testo al di fuori della parte firmata potrebbe essere scambiato per contenuto",
        "RFC 1847 §2.1",
    ),
    Reason.MICALG_MISMATCH: Rule(
        Check.MESSAGE_FORMAT,
        Severity.NOTE,
        None,
        "The micalg parameter does not name the digest algorithm in use",
        "Il parametro micalg non indica l'algoritmo di digest usato",
        "RFC 8551 §3.5.3.2",
    ),
    Reason.HEADERS_NOT_ORIGINAL: Rule(
        Check.MESSAGE_FORMAT,
        Severity.NOTE,
        None,
        "The outer header was put together from an Outlook file and is not the original;"
        " byte positions count in the message so made",
        "L'intestazione esterna è stata ricomposta da un file di Outlook e non è quella originale;"
        " le posizioni dei byte si riferiscono al messaggio così ottenuto",
        "MS-OXOSMIME §2.1.3.1, MS-OXOMSG §2.2.1.61",
    ),
    # --- signature format
    Reason.CMS_MALFORMED: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The signature part is not a well-formed CMS SignedData",
        "La parte di firma non è un CMS SignedData ben formato",
        "RFC 5652 §5.1",
    ),
    Reason.ECONTENT_PRESENT: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The detached signature carries content of its own",
        "La firma separata contiene un proprio contenuto",
        "RFC 5652 §5.2, RFC 8551 §3.5.3",
    ),
    Reason.SIGNER_COUNT: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The signature does not have exactly one SignerInfo",
        "La firma non ha esattamente un SignerInfo",
        "RFC 5652 §5.3, RFC 6109 §2.1",
    ),
    Reason.SIGNED_ATTRIBUTES_MISSING: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The signature has no signed attributes",
        "La firma non ha attributi firmati",
        "RFC 8551 §2.5",
    ),
    Reason.SIGNED_ATTRIBUTES_INVALID: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "A mandatory signed attribute is missing, repeated or malformed",
        "Un attributo firmato obbligatorio manca, è ripetuto o è malformato",
        "RFC 5652 §11",
    ),
    Reason.SIGNED_ATTRIBUTES_ORDER: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.NOTE,
        None,
        "The signed attributes are not in DER order",
        "Gli attributi firmati non sono in ordine DER",
        "RFC 5652 §5.4",
    ),
    Reason.CONTENT_TYPE_MISMATCH: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "The signed content type is not id-data",
        "Il tipo di contenuto firmato non è id-data",
        "RFC 5652 §11.1, RFC 8551 §2.4.2",
    ),
    Reason.CERTIFICATE_MISSING: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "The signer's certificate is not in the signature",
        "Il certificato del firmatario non è nella firma",
        "RFC 6109 §2.1",
    ),
    Reason.CERTIFICATE_MALFORMED: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "The signer's certificate is not a well-formed X.509 certificate",
        "Il certificato del firmatario non è un certificato X.509 ben formato",
        "RFC 5280 §4.1",
    ),
    Reason.SIGNER_AMBIGUOUS: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "More than one embedded certificate fits the signer identifier",
        "Più di un certificato incorporato corrisponde all'identificativo del firmatario",
        "RFC 5652 §5.3",
    ),
    Reason.SIGNER_REFERENCE_MISMATCH: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.ERROR,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "The signing-certificate attribute names another certificate",
        "L'attributo signing-certificate indica un altro certificato",
        "RFC 5035 §5.4",
    ),
    Reason.BER_ENCODING: Rule(
        Check.SIGNATURE_FORMAT,
        Severity.NOTE,
        None,
        "The outer structure of the signature is BER, not DER",
        "La struttura esterna della firma è in BER, non in DER",
        "RFC 5652 §2",
    ),
    # --- digest
    Reason.DIGEST_MISMATCH: Rule(
        Check.DIGEST,
        Severity.ERROR,
        SubIndication.HASH_FAILURE,
        "The signed part was changed after signing",
        "La parte firmata è stata modificata dopo la firma",
        "RFC 5652 §5.4, §11.2",
    ),
    Reason.LINE_ENDINGS_CANONICALISED: Rule(
        Check.DIGEST,
        Severity.NOTE,
        None,
        "The digest holds once bare LF line ends are turned back into CRLF",
        "Il digest corrisponde dopo aver riportato i fine riga LF a CRLF",
        "RFC 8551 §3.1.1",
    ),
    Reason.MBOX_QUOTING_UNDONE: Rule(
        Check.DIGEST,
        Severity.NOTE,
        None,
        "The digest holds once the mbox quoting of lines beginning with From is undone",
        "Il digest corrisponde dopo aver tolto il > che il formato mbox antepone alle righe che iniziano con From",
        "RFC 4155, Appendix A",
    ),
    # --- signature
    Reason.SIGNATURE_INVALID: Rule(
        Check.SIGNATURE,
        Severity.ERROR,
        SubIndication.SIG_CRYPTO_FAILURE,
        "The signature does not verify with the key of the signer's certificate",
        "La firma non è verificata dalla chiave del certificato del firmatario",
        "RFC 5652 §5.6",
    ),
    # --- algorithms
    Reason.ALGORITHM_REFUSED: Rule(
        Check.ALGORITHMS,
        Severity.ERROR,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "An algorithm, key or parameter set is not accepted at all",
        "Un algoritmo, una chiave o dei parametri non sono accettati in alcun caso",
        "RFC 8551 §2.1, RFC 8017",
    ),
    Reason.ALGORITHM_MISMATCH: Rule(
        Check.ALGORITHMS,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The algorithms that the signature names contradict each other",
        "Gli algoritmi indicati dalla firma si contraddicono",
        "RFC 5652 §5.1, §5.3",
    ),
    Reason.ALGORITHM_WEAK: Rule(
        Check.ALGORITHMS,
        Severity.UNKNOWN,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "An RSA key under 2048 bits, or a certificate signed with SHA-1, no longer proves who signed",
        "Una chiave RSA sotto i 2048 bit, o un certificato firmato con SHA-1, non prova più chi ha firmato",
        "ETSI TS 119 312",
    ),
    Reason.DIGEST_WEAK: Rule(
        Check.ALGORITHMS,
        Severity.WARNING,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "The message digest is SHA-1",
        "Il digest del messaggio è SHA-1",
        "RFC 8551 §2.1, ETSI TS 119 312",
    ),
    Reason.KEY_EXPONENT_SMALL: Rule(
        Check.ALGORITHMS,
        Severity.WARNING,
        None,
        "The RSA public exponent is smaller than 65537",
        "L'esponente pubblico RSA è minore di 65537",
        "RFC 8017",
    ),
    # --- certification data
    Reason.DATICERT_MISSING: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The signed part holds no daticert.xml",
        "La parte firmata non contiene daticert.xml",
        "RFC 6109 §4.3",
    ),
    Reason.DATICERT_REPEATED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The signed part holds more than one daticert.xml",
        "La parte firmata contiene più di un daticert.xml",
        "RFC 6109 §4.3",
    ),
    Reason.ORIGINAL_REPEATED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The signed part holds more than one original message",
        "La parte firmata contiene più di un messaggio originale",
        "RFC 6109 §4.3",
    ),
    Reason.ORIGINAL_TRANSFER_ENCODED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.NOTE,
        None,
        "postacert.eml travels in a transfer encoding that message/rfc822 does not allow; it was decoded",
        "postacert.eml viaggia in una codifica che message/rfc822 non ammette; è stato decodificato",
        "RFC 2046 §5.2.1",
    ),
    Reason.DATICERT_MALFORMED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "daticert.xml is not well-formed XML",
        "daticert.xml non è XML ben formato",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_ENCODING: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "daticert.xml is in a character encoding that is not accepted",
        "daticert.xml è in una codifica di caratteri non accettata",
        "RFC 6109 §4.3.3",
    ),
    Reason.DATICERT_DTD_REFUSED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "daticert.xml declares entities or an internal DTD subset",
        "daticert.xml dichiara entità o un sottoinsieme DTD interno",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_DOCTYPE: Rule(
        Check.CERTIFICATION_DATA,
        Severity.NOTE,
        None,
        "daticert.xml has a DOCTYPE or a processing instruction, which was not followed",
        "daticert.xml ha un DOCTYPE o un'istruzione di elaborazione, che non è stato seguito",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_COMMENT: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "A comment or processing instruction lies inside a value of daticert.xml",
        "Un commento o un'istruzione di elaborazione sta dentro un valore di daticert.xml",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_STRUCTURE: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "An element of daticert.xml is not where or what the DTD says",
        "Un elemento di daticert.xml non è dove o come prescrive la DTD",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_ELEMENT_REPEATED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "An element of daticert.xml that may occur once is repeated",
        "Un elemento di daticert.xml che può comparire una sola volta è ripetuto",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_FIELD_MISSING: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "daticert.xml lacks a value without which it certifies nothing",
        "A daticert.xml manca un valore senza il quale non certifica nulla",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_VALUE_MALFORMED: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "A value of daticert.xml does not have the prescribed form",
        "Un valore di daticert.xml non ha la forma prescritta",
        "RFC 6109 §4.4",
    ),
    Reason.KIND_UNKNOWN: Rule(
        Check.CERTIFICATION_DATA,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "The kind of message in daticert.xml is none that the rules know",
        "Il tipo di messaggio in daticert.xml non è tra quelli previsti",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_FIELD_ABSENT: Rule(
        Check.CERTIFICATION_DATA,
        Severity.WARNING,
        None,
        "daticert.xml lacks a prescribed value",
        "A daticert.xml manca un valore prescritto",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_ORDER: Rule(
        Check.CERTIFICATION_DATA,
        Severity.WARNING,
        None,
        "The elements of daticert.xml are not in the order of the DTD",
        "Gli elementi di daticert.xml non sono nell'ordine della DTD",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_UNKNOWN_ELEMENT: Rule(
        Check.CERTIFICATION_DATA,
        Severity.WARNING,
        None,
        "daticert.xml holds an element or attribute that the DTD does not know; it was ignored",
        "daticert.xml contiene un elemento o attributo ignoto alla DTD; è stato ignorato",
        "RFC 6109 §4.4",
    ),
    Reason.DATICERT_STRAY_TEXT: Rule(
        Check.CERTIFICATION_DATA,
        Severity.NOTE,
        None,
        "Loose text lies between the elements of daticert.xml; it was ignored",
        "Tra gli elementi di daticert.xml c'è del testo; è stato ignorato",
        "RFC 6109 §4.4",
    ),
    Reason.TOKEN_UNKNOWN: Rule(
        Check.CERTIFICATION_DATA,
        Severity.WARNING,
        None,
        "A value of daticert.xml is none of those that the DTD lists",
        "Un valore di daticert.xml non è tra quelli elencati dalla DTD",
        "RFC 6109 §4.4",
    ),
    # --- instant
    Reason.INSTANT_UNKNOWN: Rule(
        Check.INSTANT,
        Severity.UNKNOWN,
        SubIndication.NO_POE,
        "The message states no time, so that its certificate cannot be judged",
        "Il messaggio non dichiara un istante, perciò il certificato non può essere giudicato",
        "RFC 6109 §2.2.2",
    ),
    Reason.STATED_IN_FUTURE: Rule(
        Check.INSTANT,
        Severity.ERROR,
        SubIndication.NOT_YET_VALID,
        "The stated time lies after the instant of the verification or of the proof",
        "L'istante dichiarato è successivo a quello della verifica o della prova",
        "RFC 6109 §4.1",
    ),
    Reason.SIGNING_TIME_MISMATCH: Rule(
        Check.INSTANT,
        Severity.WARNING,
        None,
        "signingTime and the stated time differ by more than the tolerance",
        "signingTime e l'istante dichiarato differiscono oltre la tolleranza",
        "RFC 6109 §4.1, D.M. 2 Nov 2005 art. 9",
    ),
    # --- signer certificate
    Reason.CERTIFICATE_EXPIRED: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.EXPIRED,
        "The signer's certificate had expired at the stated time",
        "Il certificato del firmatario era scaduto all'istante dichiarato",
        "RFC 6109 §2.2.2, RFC 5280 §6.1.3",
    ),
    Reason.CERTIFICATE_NOT_YET_VALID: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.NOT_YET_VALID,
        "The signer's certificate was not yet valid",
        "Il certificato del firmatario non era ancora valido",
        "RFC 6109 §2.2.2, RFC 5280 §6.1.3",
    ),
    Reason.OUT_OF_BOUNDS_NO_POE: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.UNKNOWN,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        "The certificate has expired at the validated instant and nothing proves that the receipt existed before",
        "Il certificato è scaduto all'istante di validazione e nulla prova che la ricevuta esistesse prima",
        "ETSI EN 319 102-1 §5.2.6",
    ),
    Reason.KEY_USAGE_INVALID: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The certificate's key usage does not allow digital signatures",
        "Il keyUsage del certificato non consente firme digitali",
        "RFC 6109 §5.5.2, RFC 8550 §4.4.2",
    ),
    Reason.EXTENDED_KEY_USAGE_INVALID: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The certificate's extended key usage does not allow e-mail protection",
        "L'extendedKeyUsage del certificato non consente la protezione della posta",
        "RFC 8550 §4.4.4",
    ),
    Reason.SIGNER_IS_CA: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The signer's certificate is that of a certification authority",
        "Il certificato del firmatario è di un'autorità di certificazione",
        "RFC 6109 §5.5.2",
    ),
    Reason.CRITICAL_EXTENSION_UNKNOWN: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "A certificate has a critical extension that is not understood",
        "Un certificato ha un'estensione critica non riconosciuta",
        "RFC 5280 §4.2",
    ),
    Reason.CERTIFICATE_ADDRESS_INVALID: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "An address in the certificate is not a plain ASCII address",
        "Un indirizzo del certificato non è un semplice indirizzo ASCII",
        "RFC 5280 §4.2.1.6",
    ),
    Reason.CERTIFICATE_PROFILE: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.NOTE,
        None,
        "The certificate deviates from the PEC profile in a way that genuine old ones do",
        "Il certificato devia dal profilo PEC come fanno vecchi certificati genuini",
        "RFC 6109 §5.5.2",
    ),
    Reason.CERTIFICATE_ADDRESSES_MANY: Rule(
        Check.SIGNER_CERTIFICATE,
        Severity.NOTE,
        None,
        "The certificate holds more than one address",
        "Il certificato contiene più di un indirizzo",
        "RFC 6109 §5.5.1",
    ),
    # --- recognition
    Reason.ISSUER_FORGED: Rule(
        Check.RECOGNITION,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The certificate claims a built-in authority as its issuer, whose key did not sign it",
        "Il certificato dichiara come emittente un'autorità nota, la cui chiave non lo ha firmato",
        "RFC 5280 §6.1.3",
    ),
    Reason.PROVIDER_NOT_RECOGNISED: Rule(
        Check.RECOGNITION,
        Severity.UNKNOWN,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        "No recognised authority vouches for the signer's certificate",
        "Nessuna autorità riconosciuta garantisce il certificato del firmatario",
        "RFC 6109 §2.2.2",
    ),
    Reason.ANCHOR_NOT_IN_FORCE: Rule(
        Check.RECOGNITION,
        Severity.UNKNOWN,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        "The authority that issued the certificate is not known to have been in force at the instant",
        "L'autorità che ha emesso il certificato non risulta in vigore all'istante considerato",
        "RFC 6109 §2.2.2",
    ),
    Reason.SERVICE_NOT_GRANTED: Rule(
        Check.RECOGNITION,
        Severity.WARNING,
        None,
        "The trusted list knows the signer's service, which had no granted status at the instant",
        "L'elenco di fiducia conosce il servizio del firmatario, ma all'istante di verifica non era granted",
        "ETSI TS 119 612 §5.5.4, ETSI TS 119 615 §4.4",
    ),
    Reason.SERVICE_NOT_REGISTERED_EMAIL: Rule(
        Check.RECOGNITION,
        Severity.NOTE,
        None,
        "The trusted list has the certificate under a service that is not registered e-mail, as PEC is",
        "L'elenco di fiducia riporta il certificato per un servizio che non è di posta elettronica, come la PEC",
        "ETSI TS 119 612 §5.5.1.1",
    ),
    Reason.TRUST_LIST_STALE: Rule(
        Check.RECOGNITION,
        Severity.WARNING,
        None,
        "The trusted list is past its next update: a newer issue may say otherwise",
        "L'elenco di fiducia ha superato la data del prossimo aggiornamento: un'edizione più recente può dire altro",
        "ETSI TS 119 612 §5.3.15",
    ),
    Reason.TRUST_SOURCE_UNVERIFIED: Rule(
        Check.RECOGNITION,
        Severity.WARNING,
        None,
        "A source of trust was loaded without verifying its signature",
        "Una fonte di fiducia è stata caricata senza verificarne la firma",
        "pecverify: from_trusted_list_unsafe, from_provider_directory_unsafe",
    ),
    Reason.PROVIDER_NAME_MISMATCH: Rule(
        Check.RECOGNITION,
        Severity.WARNING,
        None,
        "Neither organization nor common name of the certificate contains the provider's name in the directory",
        "Né l'organizzazione né il common name del certificato contengono il nome del gestore nell'indice",
        "RFC 6109 §5.5.1",
    ),
    Reason.NAME_CONSTRAINTS_VIOLATED: Rule(
        Check.RECOGNITION,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The certificate's names are not among those that the issuing authority may certify",
        "I nomi del certificato non sono tra quelli che l'autorità emittente può certificare",
        "RFC 5280 §4.2.1.10",
    ),
    Reason.PATH_LENGTH_EXCEEDED: Rule(
        Check.RECOGNITION,
        Severity.ERROR,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The path is longer than an authority on it allows",
        "Il percorso di certificazione è più lungo di quanto consenta un'autorità",
        "RFC 5280 §4.2.1.9",
    ),
    Reason.PATH_INVALID: Rule(
        Check.RECOGNITION,
        Severity.UNKNOWN,
        SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
        "A path to an anchor exists, and an intermediate certificate on it is not valid",
        "Esiste un percorso verso un'ancora, ma un certificato intermedio non è valido",
        "RFC 5280 §6.1",
    ),
    # --- revocation
    Reason.CERTIFICATE_REVOKED: Rule(
        Check.REVOCATION,
        Severity.ERROR,
        SubIndication.REVOKED,
        "A certificate of the path had been revoked at the instant",
        "Un certificato del percorso era revocato all'istante di verifica",
        "RFC 5280 §6.3, RFC 6109 §2.2.2",
    ),
    Reason.CERTIFICATE_REVOKED_LATER: Rule(
        Check.REVOCATION,
        Severity.NOTE,
        None,
        "A certificate of the path was revoked after the instant",
        "Un certificato del percorso è stato revocato dopo l'istante di verifica",
        "RFC 5280 §5.3, ETSI EN 319 102-1 §5.2.6",
    ),
    Reason.REVOCATION_UNKNOWN: Rule(
        Check.REVOCATION,
        Severity.UNKNOWN,
        SubIndication.TRY_LATER,
        "No revocation data given tells whether a certificate of the path was revoked at the instant",
        "Nessun dato di revoca fornito dice se un certificato del percorso era revocato all'istante di verifica",
        "RFC 5280 §6.3.3, RFC 6960 §3.2",
    ),
    Reason.REVOCATION_DATA_REFUSED: Rule(
        Check.REVOCATION,
        Severity.WARNING,
        None,
        "Revocation data given cannot be used",
        "Un dato di revoca fornito non è utilizzabile",
        "RFC 5280 §5, §6.3.3, RFC 6960 §3.2",
    ),
    # --- sender address
    Reason.FROM_NOT_IN_CERTIFICATE: Rule(
        Check.SENDER_ADDRESS,
        Severity.ERROR,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "From is not an address of the signer's certificate",
        "Il mittente (From) non è un indirizzo del certificato del firmatario",
        "RFC 6109 §2.1, §5.5.1",
    ),
    Reason.FROM_MISSING: Rule(
        Check.SENDER_ADDRESS,
        Severity.UNKNOWN,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "There is no readable From to compare with the certificate",
        "Manca un From leggibile da confrontare con il certificato",
        "RFC 6109 §2.1",
    ),
    Reason.PROVIDER_DOMAIN_MISMATCH: Rule(
        Check.SENDER_ADDRESS,
        Severity.UNKNOWN,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "The domain of From is not among those that the directory says the provider manages",
        "Il dominio di From non è tra quelli che l'indice attribuisce al gestore",
        "RFC 6109 §7",
    ),
    # --- consistency
    Reason.HEADER_REPEATED: Rule(
        Check.CONSISTENCY,
        Severity.ERROR,
        SubIndication.FORMAT_FAILURE,
        "A header field that may occur once is repeated",
        "Un campo di intestazione che può comparire una sola volta è ripetuto",
        "RFC 5322 §3.6",
    ),
    Reason.HEADER_CONTRADICTS_SIGNED: Rule(
        Check.CONSISTENCY,
        Severity.ERROR,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "An unsigned header field contradicts the signed data",
        "Un campo di intestazione non firmato contraddice i dati firmati",
        "RFC 6109 §3",
    ),
    Reason.HEADER_ABSENT: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "A prescribed header field is absent",
        "Manca un campo di intestazione prescritto",
        "RFC 6109 §3",
    ),
    Reason.SECURITY_HEADER_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "X-VerificaSicurezza and the error in the certification data do not agree",
        "X-VerificaSicurezza e l'errore nei dati di certificazione non concordano",
        "RFC 6109 §3.1.3, §3.2.4",
    ),
    Reason.SUBJECT_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The Subject header is not the kind's prefix followed by the certified subject",
        "L'oggetto non è il prefisso del tipo seguito dall'oggetto certificato",
        "RFC 6109 §3",
    ),
    Reason.MESSAGE_ID_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The envelope's Message-ID is not the certified identifier",
        "Il Message-ID della busta non è l'identificativo certificato",
        "RFC 6109 §2.2.1",
    ),
    Reason.MESSAGE_ID_REUSED: Rule(
        Check.CONSISTENCY,
        Severity.NOTE,
        None,
        "The receipt's own Message-ID equals the identifier of the envelope",
        "Il Message-ID della ricevuta coincide con l'identificativo della busta",
        "RFC 6109 §2.2.1",
    ),
    Reason.PEC_ID_MALFORMED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The PEC identifier does not have the form name@domain",
        "L'identificativo PEC non ha la forma nome@dominio",
        "RFC 6109 §2.2.1",
    ),
    Reason.TO_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The receipt is not addressed to the certified sender",
        "La ricevuta non è indirizzata al mittente certificato",
        "RFC 6109 §2.1",
    ),
    Reason.DATE_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The Date header and the certified time differ by more than a minute",
        "L'intestazione Date e l'istante certificato differiscono di oltre un minuto",
        "RFC 6109 §4.1",
    ),
    Reason.ZONE_UNEXPECTED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The zone is not that of Italian legal time at that instant",
        "Il fuso non è quello dell'ora legale italiana in quell'istante",
        "RFC 6109 §4.2",
    ),
    Reason.RECIPIENT_UNLISTED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The recipient that the receipt is about is not among the certified recipients",
        "Il destinatario a cui si riferisce la ricevuta non è tra i destinatari certificati",
        "RFC 6109 §4.4",
    ),
    Reason.RECIPIENT_NOT_CERTIFIED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The receipt is about a recipient with an ordinary mailbox",
        "La ricevuta riguarda un destinatario di posta ordinaria",
        "RFC 6109 §4.4",
    ),
    Reason.ERROR_INCONSISTENT: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The error code does not fit the kind of receipt",
        "Il codice di errore non si addice al tipo di ricevuta",
        "RFC 6109 §4.4",
    ),
    Reason.ERROR_DETAIL_INCONSISTENT: Rule(
        Check.CONSISTENCY,
        Severity.NOTE,
        None,
        "The error description is absent where there is an error, or present where there is none",
        "La descrizione dell'errore manca dove c'è un errore, o è presente dove non c'è",
        "RFC 6109 §4.4",
    ),
    Reason.TEXT_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.NOTE,
        None,
        "The readable text does not repeat a value of the certification data",
        "Il testo leggibile non riporta un valore dei dati di certificazione",
        "RFC 6109 §3, §4.3.1",
    ),
    Reason.ORIGINAL_MISSING: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The original message is not attached, though the form that was asked for has it",
        "Il messaggio originale non è allegato, benché la forma richiesta lo preveda",
        "RFC 6109 §3.1.5, §3.3.2",
    ),
    Reason.ORIGINAL_UNEXPECTED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "An original message is attached to a kind of receipt that must not carry one",
        "Un messaggio originale è allegato a un tipo di ricevuta che non deve contenerlo",
        "RFC 6109 §3.1.2, §3.1.6, §3.2.3",
    ),
    Reason.ORIGINAL_UNREADABLE: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The header of the attached original cannot be read; it was not compared",
        "L'intestazione dell'originale allegato non è leggibile; non è stata confrontata",
        "RFC 6109 §4.3.2",
    ),
    Reason.ORIGINAL_MESSAGE_ID_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The original's Message-ID or X-Riferimento-Message-ID is not the certified one",
        "Il Message-ID o X-Riferimento-Message-ID dell'originale non è quello certificato",
        "RFC 6109 §2.2.1",
    ),
    Reason.ORIGINAL_SENDER_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The original's From is not the certified sender",
        "Il From dell'originale non è il mittente certificato",
        "RFC 6109 §3.1.1",
    ),
    Reason.ORIGINAL_RECIPIENTS_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The original's To and Cc are not the certified recipients",
        "To e Cc dell'originale non sono i destinatari certificati",
        "RFC 6109 §3.1.1",
    ),
    Reason.ORIGINAL_SUBJECT_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The original's Subject is not the certified subject",
        "L'oggetto dell'originale non è quello certificato",
        "RFC 6109 §4.4",
    ),
    Reason.ORIGINAL_REPLY_TO_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The original's Reply-To is not the certified one",
        "Il Reply-To dell'originale non è quello certificato",
        "RFC 6109 §4.4",
    ),
    Reason.ORIGINAL_FORM_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The form of receipt that the original asks for is not the certified one",
        "La forma di ricevuta chiesta dall'originale non è quella certificata",
        "RFC 6109 §3.1.5, §3.3.2",
    ),
    Reason.BRIEF_PART_NOT_HASHED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "A named part of the brief receipt is not a hash of 40 hexadecimal digits",
        "Una parte con nome della ricevuta breve non è un hash di 40 cifre esadecimali",
        "RFC 6109 §3.3.2.2",
    ),
    Reason.ENVELOPE_DISPLAY_NAME: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The envelope's From does not name the certified sender",
        "Il From della busta non nomina il mittente certificato",
        "RFC 6109 §2.1, §3.1.5",
    ),
    Reason.ENVELOPE_ADDRESSES_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The envelope's To, Cc or Reply-To are not those of the original",
        "To, Cc o Reply-To della busta non sono quelli dell'originale",
        "RFC 6109 §2.1.1.2, §3.1.5",
    ),
    Reason.ISSUER_ROLE_MISMATCH: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "By the directory another provider manages the mail domain for which this message was issued",
        "Secondo l'indice un altro gestore ha in carico il dominio di posta per il quale il messaggio è stato emesso",
        "RFC 6109 §3.1, §3.3, §7",
    ),
    Reason.ANOMALY_NOT_CERTIFIED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "An anomaly envelope certifies nothing of the message that it carries",
        "Una busta di anomalia non certifica nulla del messaggio che contiene",
        "RFC 6109 §3.2.2",
    ),
    Reason.ANOMALY_MALFORMED: Rule(
        Check.CONSISTENCY,
        Severity.WARNING,
        None,
        "The anomaly envelope does not hold exactly a text and the received message",
        "La busta di anomalia non contiene esattamente un testo e il messaggio ricevuto",
        "RFC 6109 §3.2.2",
    ),
    # --- found by `damage.diagnose`, never in the report of the file itself
    Reason.DAMAGE_REPAIRABLE: Rule(
        Check.DIGEST,
        Severity.NOTE,
        None,
        "The file was damaged after it was signed; with the damage undone, its digest is the signed one",
        "Il file è stato danneggiato dopo la firma; eliminato il danno, la sua impronta è quella firmata",
        "RFC 8551 §3.1.1, §3.1.2; RFC 5652 §5.4",
    ),
}
