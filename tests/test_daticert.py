"""daticert.xml to receipts: every kind, every field, and every way in which a document goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import (
    Acceptance,
    Delivery,
    DeliveryDelay,
    DeliveryError,
    DeliveryFailure,
    Limits,
    NonAcceptance,
    Reason,
    ReceiptForm,
    ReceiptKind,
    Recipient,
    RecipientType,
    Severity,
    TakenInCharge,
    TransportEnvelope,
    VirusDetected,
)
from pecverify._daticert import parse_daticert
from pecverify.receipt import CertifiedReceipt

HEADER = (
    "<intestazione><mittente>ada@pec.example</mittente>"
    '<destinatari tipo="certificato">bruno@pec.example</destinatari>'
    '<destinatari tipo="esterno">carla@mail.example</destinatari>'
    "<risposte>ada@pec.example</risposte><oggetto>Offerta</oggetto></intestazione>"
)
DATE = '<data zona="+0200"><giorno>09/06/2024</giorno><ora>08:07:06</ora></data>'
ID = "<identificativo>opec1.2@pec.example</identificativo>"
PROVIDER = "<gestore-emittente>Gestore S.p.A.</gestore-emittente>"
MSGID = "<msgid>&lt;abc@client.example&gt;</msgid>"


def document(
    kind: str = "accettazione",
    *,
    error: str = ' errore="nessuno"',
    header: str = HEADER,
    facts: str = "",
    prolog: str = '<?xml version="1.0" encoding="UTF-8"?>',
    before: str = PROVIDER + DATE + ID + MSGID,
) -> bytes:
    return f'{prolog}<postacert tipo="{kind}"{error}>{header}<dati>{before}{facts}</dati></postacert>'.encode()


def parse(data: bytes, *, carries_original: bool = False) -> tuple[CertifiedReceipt | None, list[Reason]]:
    receipt, findings = parse_daticert(data, Limits(), carries_original=carries_original)
    assert (receipt is None) == any(finding.severity is Severity.ERROR for finding in findings)
    return receipt, [finding.reason for finding in findings]


def test_every_common_field() -> None:
    receipt, reasons = parse(document())
    assert reasons == []
    assert receipt == Acceptance(
        pec_id="opec1.2@pec.example",
        message_id="abc@client.example",
        sender="ada@pec.example",
        recipients=(
            Recipient(address="bruno@pec.example", type=RecipientType.CERTIFIED),
            Recipient(address="carla@mail.example", type=RecipientType.EXTERNAL),
        ),
        reply_to="ada@pec.example",
        subject="Offerta",
        issuing_provider="Gestore S.p.A.",
        issued_at=datetime(2024, 6, 9, 8, 7, 6, tzinfo=timezone(timedelta(hours=2))),
        error=DeliveryError.NONE,
        error_detail=None,
        problem=None,
    )


FORM = '<ricevuta tipo="breve"/>'
TO = "<consegna>bruno@pec.example</consegna>"
TAKEN = "<ricezione>bruno@pec.example</ricezione><ricezione>carla@pec.example</ricezione>"
DETAIL = "<errore-esteso>5.1.1 - Gestore - indirizzo non valido</errore-esteso>"


@pytest.mark.parametrize(
    ("kind", "error", "facts", "expected", "extra"),
    [
        ("accettazione", "nessuno", "", Acceptance, {}),
        ("non-accettazione", "virus", DETAIL, NonAcceptance, {"error": DeliveryError.VIRUS}),
        (
            "presa-in-carico",
            "nessuno",
            TAKEN,
            TakenInCharge,
            {"taken_for": ("bruno@pec.example", "carla@pec.example")},
        ),
        (
            "avvenuta-consegna",
            "nessuno",
            FORM + TO,
            Delivery,
            {
                "delivered_to": "bruno@pec.example",
                "form": ReceiptForm.BRIEF,
                "recipient": Recipient(address="bruno@pec.example", type=RecipientType.CERTIFIED),
            },
        ),
        (
            "errore-consegna",
            "no-dest",
            TO + DETAIL,
            DeliveryFailure,
            {"delivered_to": "bruno@pec.example", "form": None, "error": DeliveryError.NO_RECIPIENT},
        ),
        ("preavviso-errore-consegna", "nessuno", TO, DeliveryDelay, {"delivered_to": "bruno@pec.example"}),
        (
            "rilevazione-virus",
            "virus",
            TAKEN,
            VirusDetected,
            {"delivered_to": None, "taken_for": ("bruno@pec.example", "carla@pec.example")},
        ),
        ("posta-certificata", "nessuno", FORM, TransportEnvelope, {"form": ReceiptForm.BRIEF}),
    ],
)
def test_every_kind(
    kind: str, error: str, facts: str, expected: type[CertifiedReceipt], extra: dict[str, object]
) -> None:
    receipt, reasons = parse(document(kind, error=f' errore="{error}"', facts=facts))
    assert reasons == []
    assert type(receipt) is expected
    assert expected.kind is ReceiptKind(kind)
    assert {name: getattr(receipt, name) for name in extra} == extra


@pytest.mark.parametrize(
    ("form", "carries_original", "carried"),
    [
        ("completa", True, ReceiptForm.COMPLETE),
        ("breve", True, ReceiptForm.BRIEF),
        ("completa", False, ReceiptForm.CONCISE),
        ("sintetica", False, ReceiptForm.CONCISE),
    ],
)
def test_what_a_delivery_carries(form: str, carries_original: bool, carried: ReceiptForm) -> None:  # noqa: FBT001
    data = document("avvenuta-consegna", facts=f'<ricevuta tipo="{form}"/>{TO}')
    receipt, _ = parse(data, carries_original=carries_original)
    assert isinstance(receipt, Delivery)
    assert receipt.form is ReceiptForm(form)
    assert receipt.carried_form is carried


def test_defaults_of_the_dtd() -> None:
    header = HEADER.replace(' tipo="esterno"', "")
    receipt, reasons = parse(document(error="", header=header))
    assert reasons == []
    assert receipt is not None
    assert receipt.error is DeliveryError.NONE
    assert [recipient.type for recipient in receipt.recipients] == [RecipientType.CERTIFIED] * 2


@pytest.mark.parametrize(
    ("old", "new", "reason", "survives"),
    [
        ("<mittente>ada@pec.example</mittente>", "", Reason.DATICERT_FIELD_MISSING, False),
        (ID, "", Reason.DATICERT_FIELD_MISSING, False),
        (DATE, "", Reason.DATICERT_FIELD_MISSING, False),
        ("<giorno>09/06/2024</giorno>", "", Reason.DATICERT_FIELD_MISSING, False),
        (' zona="+0200"', "", Reason.DATICERT_FIELD_MISSING, False),
        (' tipo="accettazione"', "", Reason.DATICERT_FIELD_MISSING, False),
        ("<risposte>ada@pec.example</risposte>", "", Reason.DATICERT_FIELD_ABSENT, True),
        (PROVIDER, "", Reason.DATICERT_FIELD_ABSENT, True),
        ("accettazione", "mancata-consegna", Reason.KIND_UNKNOWN, False),
        ("accettazione", "errore", Reason.KIND_UNKNOWN, False),
        ('errore="nessuno"', 'errore="boh"', Reason.TOKEN_UNKNOWN, True),
        ('tipo="esterno"', 'tipo="interno"', Reason.TOKEN_UNKNOWN, True),
        ("09/06/2024", "31/06/2024", Reason.DATICERT_VALUE_MALFORMED, False),
        ("09/06/2024", "9/6/2024", Reason.DATICERT_VALUE_MALFORMED, False),
        ("09/06/2024", "٠٩/06/2024", Reason.DATICERT_VALUE_MALFORMED, False),
        ("08:07:06", "24:00:00", Reason.DATICERT_VALUE_MALFORMED, False),
        ("+0200", "+02:00", Reason.DATICERT_VALUE_MALFORMED, False),
        ("+0200", "+0260", Reason.DATICERT_VALUE_MALFORMED, False),
        (">ada@pec.example</mittente>", "></mittente>", Reason.DATICERT_VALUE_MALFORMED, False),
        (">ada@pec.example</mittente>", ">ada@pec.example&#10;b</mittente>", Reason.DATICERT_VALUE_MALFORMED, False),
        ("bruno@pec.example", "brunò@pec.example", Reason.DATICERT_VALUE_MALFORMED, False),
        (
            "<oggetto>Offerta</oggetto>",
            "<oggetto>a</oggetto><oggetto>b</oggetto>",
            Reason.DATICERT_ELEMENT_REPEATED,
            False,
        ),
        (ID, ID + ID, Reason.DATICERT_ELEMENT_REPEATED, False),
        ("</dati>", "</dati><dati/>", Reason.DATICERT_ELEMENT_REPEATED, False),
        (ID + MSGID, MSGID + ID, Reason.DATICERT_ORDER, True),
        ("</dati>", "<nuovo>x</nuovo></dati>", Reason.DATICERT_UNKNOWN_ELEMENT, True),
        ("</dati>", '<msgid xmlns="urn:x">y</msgid></dati>', Reason.DATICERT_UNKNOWN_ELEMENT, True),
        ("<giorno>", '<giorno lingua="it">', Reason.DATICERT_UNKNOWN_ELEMENT, True),
        ("</dati>", "<oggetto>x</oggetto></dati>", Reason.DATICERT_STRUCTURE, False),
        ("Offerta", "<b>Offerta</b>", Reason.DATICERT_STRUCTURE, False),
        ("postacert", "ricevuta", Reason.DATICERT_STRUCTURE, False),
        ("<dati>", "<dati>a", Reason.DATICERT_STRAY_TEXT, True),
        ("ada@pec.example</mittente>", "ada@pec<!-- x -->.example</mittente>", Reason.DATICERT_COMMENT, False),
        ("Offerta", "Off<?x y?>erta", Reason.DATICERT_COMMENT, False),
        ("</postacert>", "", Reason.DATICERT_MALFORMED, False),
        ("</postacert>", "</postacert><postacert/>", Reason.DATICERT_MALFORMED, False),
        ("UTF-8", "UTF-7", Reason.DATICERT_ENCODING, False),
        ("UTF-8", "windows-1252", Reason.DATICERT_ENCODING, False),
        ("?><", '?><!DOCTYPE postacert [<!ENTITY a "b">]><', Reason.DATICERT_DTD_REFUSED, False),
        ("?><", "?><!DOCTYPE postacert [ ]><", Reason.DATICERT_DTD_REFUSED, False),
        ("?><", '?><!DOCTYPE postacert SYSTEM ">" [<!ATTLIST a b CDATA "c">]><', Reason.DATICERT_DTD_REFUSED, False),
        ("?><", '?><!DOCTYPE postacert SYSTEM "Postacert.dtd"><', Reason.DATICERT_DOCTYPE, True),
        ("?><", '?><!DOCTYPE postacert PUBLIC "-//X" "http://x.example/x.dtd"><', Reason.DATICERT_DOCTYPE, True),
        ("?><", '?><?xml-stylesheet type="text/xsl" href="a.xsl"?><', Reason.DATICERT_DOCTYPE, True),
    ],
)
def test_one_deviation(old: str, new: str, reason: Reason, survives: bool) -> None:  # noqa: FBT001
    text = document().decode()
    assert old in text
    receipt, reasons = parse(text.replace(old, new).encode())
    assert reasons == [reason]
    assert (receipt is not None) == survives


def test_entities_of_an_external_dtd_are_refused() -> None:
    prolog = '<!DOCTYPE postacert SYSTEM "x.dtd">'
    _, reasons = parse(document(prolog=prolog).replace(b"Offerta", b"&xxe;"))
    assert Reason.DATICERT_DTD_REFUSED in reasons


@pytest.mark.parametrize("bait", ["<?x <!DOCTYPE postacert>?>", "<!-- <!DOCTYPE postacert> -->"])
@pytest.mark.parametrize(
    "subset", ['<!ENTITY e "Altro">', '<!ATTLIST postacert errore CDATA "virus">', '<!ENTITY % e SYSTEM "x"> %e;']
)
def test_a_declaration_behind_what_only_looks_like_one(bait: str, subset: str) -> None:
    prolog = f"{bait}<!DOCTYPE postacert [{subset}]>"
    receipt, reasons = parse(document(prolog=prolog).replace(b"Offerta", b"&e;"))
    assert (receipt, reasons) == (None, [Reason.DATICERT_DTD_REFUSED])


@pytest.mark.parametrize("blanks", [1, 150, 10_000])
def test_an_encoding_declared_far_away(blanks: int) -> None:
    prolog = f'<?xml version="1.0"{" " * blanks}encoding="UTF-7"?>'
    data = document(prolog=prolog).replace(b"Offerta", b"+AE8-fferta")
    assert parse(data) == (None, [Reason.DATICERT_ENCODING])


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "US-ASCII"])
def test_a_byte_order_mark_that_belies_the_encoding(encoding: str) -> None:
    """Parsers do not agree on which of the two counts (XML 1.0, appendix F)."""
    data = document(prolog=f'<?xml version="1.0" encoding="{encoding}"?>')
    assert parse(b"\xef\xbb\xbf" + data) == (None, [Reason.DATICERT_ENCODING])


@pytest.mark.parametrize(
    ("kind", "facts", "reason"),
    [
        ("avvenuta-consegna", FORM, Reason.DATICERT_FIELD_MISSING),
        ("errore-consegna", "", Reason.DATICERT_FIELD_MISSING),
        ("preavviso-errore-consegna", "", Reason.DATICERT_FIELD_MISSING),
        ("presa-in-carico", "", Reason.DATICERT_FIELD_MISSING),
        ("avvenuta-consegna", TO, Reason.DATICERT_FIELD_ABSENT),
        ("posta-certificata", "", Reason.DATICERT_FIELD_ABSENT),
        ("posta-certificata", '<ricevuta tipo="lunga"/>', Reason.TOKEN_UNKNOWN),
        ("posta-certificata", "<ricevuta/>", Reason.TOKEN_UNKNOWN),
        ("posta-certificata", FORM + FORM, Reason.DATICERT_ELEMENT_REPEATED),
    ],
)
def test_what_a_kind_needs(kind: str, facts: str, reason: Reason) -> None:
    assert parse(document(kind, facts=facts))[1] == [reason]


def test_no_recipient_is_no_receipt() -> None:
    start, stop = HEADER.index("<destinatari"), HEADER.index("<risposte")
    assert parse(document(header=HEADER[:start] + HEADER[stop:]))[1] == [Reason.DATICERT_FIELD_MISSING]


def test_message_id_may_be_absent_or_empty() -> None:
    for msgid in ("", "<msgid/>", "<msgid> </msgid>"):
        receipt, reasons = parse(document(before=PROVIDER + DATE + ID + msgid))
        assert reasons == []
        assert receipt is not None
        assert receipt.message_id is None


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "utf-8", "US-ASCII"])
def test_accepted_encodings(encoding: str) -> None:
    data = document(prolog=f'<?xml version="1.0" encoding="{encoding}"?>').decode().replace("Offerta", "perché")
    if encoding == "US-ASCII":
        data = data.replace("é", "&#233;")
    receipt, reasons = parse(data.encode(encoding))
    assert reasons == []
    assert receipt is not None
    assert receipt.subject == "perché"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_refused(encoding: str) -> None:
    assert parse(document(prolog="").decode().encode(encoding))[1] == [Reason.DATICERT_ENCODING]


def test_a_byte_order_mark_is_fine() -> None:
    assert parse(b"\xef\xbb\xbf" + document())[1] == []


def test_size_limit() -> None:
    data = document()
    at_limit = Limits(daticert_bytes=len(data))
    below = Limits(daticert_bytes=len(data) - 1)
    assert parse_daticert(data, at_limit, carries_original=False)[1] == ()
    receipt, findings = parse_daticert(data, below, carries_original=False)
    assert receipt is None
    assert [finding.reason for finding in findings] == [Reason.LIMIT_EXCEEDED]


def test_billion_laughs_costs_nothing() -> None:
    entities = "".join(f'<!ENTITY e{i} "&e{i - 1};&e{i - 1};">' for i in range(1, 40))
    prolog = f'<!DOCTYPE postacert [<!ENTITY e0 "ha">{entities}]>'
    assert parse(document(prolog=prolog).replace(b"Offerta", b"&e39;"))[1] == [Reason.DATICERT_DTD_REFUSED]


def test_untidiness_is_not_reported_without_end() -> None:
    receipt, reasons = parse(document(facts="<nuovo/>" * 1500))
    assert receipt is not None
    assert reasons == [Reason.DATICERT_UNKNOWN_ELEMENT] * 1000


def test_deep_nesting_is_malformed() -> None:
    assert parse(b"<a>" * 100_000)[1] == [Reason.DATICERT_MALFORMED]


def test_utc_offset_is_kept() -> None:
    receipt, _ = parse(document().replace(b"+0200", b"-0330"))
    assert receipt is not None
    assert receipt.issued_at.utcoffset() == -timedelta(hours=3, minutes=30)
    assert receipt.issued_at == datetime(2024, 6, 9, 11, 37, 6, tzinfo=UTC)


@given(st.binary(max_size=200))
def test_any_bytes_give_findings(data: bytes) -> None:
    receipt, reasons = parse(data)
    assert receipt is None
    assert reasons


@given(st.data())
def test_any_change_of_a_byte_is_survived(data: st.DataObject) -> None:
    original = bytearray(document("avvenuta-consegna", facts=FORM + TO))
    position = data.draw(st.integers(0, len(original) - 1))
    original[position] = data.draw(st.integers(0, 255))
    parse(bytes(original))
