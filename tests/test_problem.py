from __future__ import annotations

import pickle
from typing import get_args

import pytest

from pecverify.problem import DeliveryProblem, Language, ProblemCause, explain_problem

FAILURE = "errore-consegna"
DELAY = "preavviso-errore-consegna"


def explain(error: str | None, detail: str | None, kind: str = FAILURE) -> DeliveryProblem:
    problem = explain_problem(error, detail, kind)
    assert problem is not None
    return problem


@pytest.mark.parametrize("error", ["nessuno", None])
@pytest.mark.parametrize("detail", [None, "", " \r\n\t", " - ", "\u2014"])
def test_no_error_is_no_problem(error: str | None, detail: str | None) -> None:
    assert explain_problem(error, detail, "accettazione") is None


@pytest.mark.parametrize(
    ("detail", "code", "provider", "reason"),
    [
        ("5.1.1 - Gestore S.p.A. - indirizzo non valido", "5.1.1", "Gestore S.p.A.", "indirizzo non valido"),
        ("5.1.1 \u2013 Gestore \u2014 indirizzo non valido", "5.1.1", "Gestore", "indirizzo non valido"),
        ("5.1.1\u2013Gestore\u2013indirizzo non valido", "5.1.1", "Gestore", "indirizzo non valido"),
        ("5.1.1- Trust-Mail - indirizzo", "5.1.1", "Trust-Mail", "indirizzo"),
        ("5.1.1 - Gestore - host a - rifiutato - ora", "5.1.1", "Gestore", "host a - rifiutato - ora"),
        ("\r\n  5.1.1  -\tGestore\r\n - indirizzo   non valido ", "5.1.1", "Gestore", "indirizzo non valido"),
        ("5.1.1", "5.1.1", None, None),
        ("5.1.1 -", "5.1.1", None, None),
        ("5.1.1 - indirizzo non valido", "5.1.1", None, "indirizzo non valido"),
        ("5.1.1 - - indirizzo non valido", "5.1.1", None, "indirizzo non valido"),
        ("5.1.1 - Gestore -", "5.1.1", "Gestore", None),
        ("5.1.1 User unknown", "5.1.1", None, "User unknown"),
        ("5.1.1: User unknown - Gestore", "5.1.1", None, "User unknown - Gestore"),
        ("5.1.1 User unknown - Gestore - no", "5.1.1", "Gestore", "User unknown - no"),
        ("5.1.1 User unknown - - no", "5.1.1", None, "User unknown - no"),
        ("550 5.1.1 User unknown", "5.1.1", None, "User unknown"),
        ("#5.1.1 User unknown", "5.1.1", None, "User unknown"),
        ("- Gestore - casella piena", None, "Gestore", "casella piena"),
        ("Gestore - casella piena - 5.2.2", None, None, "Gestore - casella piena - 5.2.2"),
        ("5.1.1.1 - Gestore - x", None, None, "5.1.1.1 - Gestore - x"),
        ("5.1.1234 - Gestore - x", None, None, "5.1.1234 - Gestore - x"),
        ("5.\u0661.1 - Gestore - x", None, None, "5.\u0661.1 - Gestore - x"),
        ("9.1.1 - Gestore - x", None, None, "9.1.1 - Gestore - x"),
    ],
)
def test_detail_is_taken_apart(detail: str, code: str | None, provider: str | None, reason: str | None) -> None:
    problem = explain("altro", detail)
    assert (problem.status_code, problem.provider, problem.reason) == (code, provider, reason)


@pytest.mark.parametrize(
    ("code", "cause", "permanent"),
    [
        ("5.1.0", ProblemCause.UNKNOWN_ADDRESS, True),
        ("5.1.1", ProblemCause.UNKNOWN_ADDRESS, True),
        ("4.1.1", ProblemCause.UNKNOWN_ADDRESS, False),
        ("5.1.5", ProblemCause.OTHER, True),
        ("5.1.7", ProblemCause.OTHER, True),
        ("5.1.8", ProblemCause.OTHER, True),
        ("5.2.0", ProblemCause.OTHER, True),
        ("5.2.1", ProblemCause.MAILBOX_DISABLED, True),
        ("5.2.2", ProblemCause.MAILBOX_FULL, True),
        ("4.2.2", ProblemCause.MAILBOX_FULL, False),
        ("5.2.3", ProblemCause.REFUSED, True),
        ("5.3.0", ProblemCause.OTHER, True),
        ("5.3.4", ProblemCause.REFUSED, True),
        ("4.4.7", ProblemCause.TIMEOUT, False),
        ("5.4.1", ProblemCause.TIMEOUT, True),
        ("5.5.0", ProblemCause.OTHER, True),
        ("5.6.1", ProblemCause.REFUSED, True),
        ("5.7.1", ProblemCause.REFUSED, True),
        ("2.0.0", ProblemCause.OTHER, False),
    ],
)
def test_code_gives_cause_and_permanence(code: str, cause: ProblemCause, *, permanent: bool) -> None:
    problem = explain("altro", f"{code} - Gestore - testo")
    assert (problem.cause, problem.permanent) == (cause, permanent)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("casella piena", ProblemCause.MAILBOX_FULL),
        ("Casella del destinatario PIENA", ProblemCause.MAILBOX_FULL),
        ("quota superata", ProblemCause.MAILBOX_FULL),
        ("casella disabilitata", ProblemCause.MAILBOX_DISABLED),
        ("utente revocato", ProblemCause.MAILBOX_DISABLED),
        ("indirizzo non valido", ProblemCause.UNKNOWN_ADDRESS),
        ("dominio inesistente", ProblemCause.UNKNOWN_ADDRESS),
        ("unknown user", ProblemCause.UNKNOWN_ADDRESS),
        ("superamento tempo massimo", ProblemCause.TIMEOUT),
        ("connection timed out", ProblemCause.TIMEOUT),
        ("messaggio rifiutato", ProblemCause.REFUSED),
        ("trovato un virus", ProblemCause.VIRUS),
        ("errore sconosciuto", ProblemCause.OTHER),
        ("la casella \u00e8 attiva. La barca \u00e8 piena", ProblemCause.OTHER),
    ],
)
def test_text_gives_the_cause_where_there_is_no_code(text: str, cause: ProblemCause) -> None:
    problem = explain("altro", text)
    assert (problem.cause, problem.permanent) == (cause, False)


def test_code_outweighs_text_and_token() -> None:
    assert explain("no-dest", "5.2.2 - Gestore - indirizzo non valido").cause is ProblemCause.MAILBOX_FULL


def test_text_outweighs_token() -> None:
    assert explain("no-dest", "casella piena").cause is ProblemCause.MAILBOX_FULL


def test_virus_outweighs_everything() -> None:
    assert explain("virus", "5.1.1 - Gestore - indirizzo non valido", DELAY).cause is ProblemCause.VIRUS


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("no-dest", ProblemCause.UNKNOWN_ADDRESS),
        ("no-dominio", ProblemCause.UNKNOWN_ADDRESS),
        ("virus", ProblemCause.VIRUS),
        ("altro", ProblemCause.OTHER),
        ("not-in-the-dtd", ProblemCause.OTHER),
    ],
)
def test_token_alone(error: str, cause: ProblemCause) -> None:
    problem = explain(error, None)
    assert problem == DeliveryProblem(status_code=None, provider=None, reason=None, cause=cause, permanent=False)


def test_code_without_a_known_cause_falls_back_to_the_token() -> None:
    assert explain("no-dest", "5.2.0 - Gestore - errore").cause is ProblemCause.UNKNOWN_ADDRESS


@pytest.mark.parametrize("error", ["nessuno", None, "altro"])
def test_delay_notice_is_a_timeout_by_itself(error: str | None) -> None:
    problem = explain(error, None, DELAY)
    assert (problem.cause, problem.permanent) == (ProblemCause.TIMEOUT, False)


def test_delay_notice_with_a_final_code_is_permanent() -> None:
    problem = explain("altro", "5.4.1 - Gestore - tempo massimo superato", DELAY)
    assert (problem.cause, problem.permanent) == (ProblemCause.TIMEOUT, True)


def test_detail_without_error_is_a_problem() -> None:
    assert explain("nessuno", "5.1.1 - Gestore - x").cause is ProblemCause.UNKNOWN_ADDRESS


@pytest.mark.parametrize("unit", ["- ", " ", "5.1.1 ", "casella ", "5.1.1 - ", "\u2014", "#", "a", "\ud800", "\x00"])
def test_hostile_lengths_are_bounded(unit: str) -> None:
    problem = explain("altro", unit * 500_000)
    assert len(problem.reason or "") <= 2_000
    assert len(problem.provider or "") <= 2_000


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("cause", list(ProblemCause))
def test_every_cause_has_a_sentence_and_advice(language: Language, cause: ProblemCause) -> None:
    problem = DeliveryProblem(status_code="5.0.0", provider=None, reason=None, cause=cause, permanent=True)
    assert problem.describe(language).endswith(".")
    assert len(problem.advice(language)) > len(problem.describe(language))


def test_languages_differ_and_english_is_the_default() -> None:
    problem = explain("altro", "5.2.2 - Gestore - casella piena")
    assert problem.describe() == "The recipient's mailbox is full."
    assert problem.describe("it") == "La casella del destinatario \u00e8 piena."
    assert problem.advice() == problem.advice("en") != problem.advice("it")


@pytest.mark.parametrize(
    ("language", "registers"), [("en", "registers: INI-PEC"), ("it", "registri pubblici: INI-PEC")]
)
def test_advice_for_an_unknown_address_names_the_registers(language: Language, registers: str) -> None:
    assert registers in explain("no-dest", None).advice(language)


def test_advice_for_a_delay_depends_on_whether_it_is_final() -> None:
    first = explain("nessuno", None, DELAY).advice()
    final = explain("altro", "5.4.1 - Gestore - x", DELAY).advice()
    assert "may still arrive" in first
    assert "will not be tried again" in final


def test_it_pickles() -> None:
    problem = explain("altro", "5.2.2 - Gestore - casella piena")
    assert pickle.loads(pickle.dumps(problem)) == problem  # noqa: S301 - made in the line itself
