"""The marks programs put in front of subjects, and subjects that say nothing."""

import pytest

from stored.mime.subjects import base_subject, says_something


@pytest.mark.parametrize(
    ("subject", "base", "marked"),
    [
        ("Lunch on Friday", "lunch on friday", False),
        ("Re: Lunch on Friday", "lunch on friday", True),
        ("RE: Lunch on Friday", "lunch on friday", True),
        ("re:lunch on friday", "lunch on friday", True),
        ("Re: RE: Fwd: Lunch on Friday", "lunch on friday", True),
        ("Re[2]: Lunch on Friday", "lunch on friday", True),
        ("Re (3): Lunch on Friday", "lunch on friday", True),
        ("Re^2: Lunch on Friday", "lunch on friday", True),
        ("Fwd: Lunch on Friday", "lunch on friday", True),
        ("FW: Lunch on Friday", "lunch on friday", True),
        ("Lunch on Friday (fwd)", "lunch on friday", True),
        ("AW: Mittagessen am Freitag", "mittagessen am freitag", True),
        ("Re : Déjeuner de vendredi", "déjeuner de vendredi", True),
        ("RV: Almuerzo del viernes", "almuerzo del viernes", True),
        ("Rv: Re: Almuerzo  del\tviernes", "almuerzo del viernes", True),
        ("RESP: Almuerzo del viernes", "almuerzo del viernes", True),
        ("Respuesta: Almuerzo del viernes", "almuerzo del viernes", True),
        ("Rta: RPTA: Rta.: Almuerzo del viernes", "almuerzo del viernes", True),
        ("Reenvío: Reenviado: Almuerzo del viernes", "almuerzo del viernes", True),
        ("Reenviados del viernes", "reenviados del viernes", False),
        ("Reenv: Almuerzo del viernes", "almuerzo del viernes", True),
        ("Rif.: Pranzo di venerdì", "pranzo di venerdì", True),
        ("Re：全角", "全角", True),
        ("[club] Re: Almuerzo", "[club] almuerzo", True),
        ("Re: [club] Re: Almuerzo", "[club] almuerzo", True),
        ("[club] Almuerzo", "[club] almuerzo", False),
        ("Regarding: the roof", "regarding: the roof", False),
        ("Ref: 2031/4 tejado", "ref: 2031/4 tejado", False),
        ("Recibo: agosto", "recibo: agosto", False),
        ("Revista: número 3", "revista: número 3", False),
        ("Re", "re", False),
        ("Re:", "", True),
        ("", "", False),
    ],
)
def test_marks_are_taken_off_and_told(subject, base, marked):
    assert base_subject(subject) == (base, marked)


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        *[(subject, True) for subject in ("Lunch on Friday", "Presupuesto del jardín", "Budget", "Río 2031")],
        *[
            (subject, False)
            for subject in ("", "Hi", "Hola", "HELLO!", "¡Hola!", "(no subject)", "Sin asunto")
        ],
        *[(subject, False) for subject in ("Re:", "RE: RV:", "Fwd: Hello", "Re: ¿Consulta?", "Buenos  días")],
        *[(subject, False) for subject in ("Gracias", "Thank you!", "12345678", "Re: 2026-01-31", "-----")],
        *[(subject, False) for subject in ("Respuesta automática", "Out of office", "Factura", "Invoice")],
    ],
)
def test_what_says_something(subject, says):
    assert says_something(base_subject(subject)[0]) is says


@pytest.mark.parametrize(
    "subject", ["Re: " * 249, "[" * 998, "[a] " * 249, "re[" * 332, " " * 998, "(fwd " * 199]
)
def test_nothing_takes_long(subject):
    base_subject(subject)
    says_something(subject)
