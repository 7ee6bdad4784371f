"""Every text in both languages, and a sentence for everything that can go wrong."""

import re
import string
from pathlib import Path

import pytest

from relayd.courier.reply import Reply
from relayd.reasons import _REASONS
from restante.errors import wire_errors
from stored.model.roles import ROLES
from tkclient.trouble import FILE_KINDS, TRANSPORT_KINDS, ServerTrouble, Trouble
from tkclient.words import LANGUAGES, Words, load

TOP = Path(__file__).parents[3] / "tkclient"
KINDS = [
    *wire_errors(),
    *TRANSPORT_KINDS,
    *FILE_KINDS,
    "nothing_found",
    "storage_away",
    "client_broke",
    "cancelled",
]
TEXTS = {language: load(language) for language in LANGUAGES}


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_with_the_same_places():
    assert TEXTS["es"].keys() == TEXTS["en"].keys()
    for key, text in TEXTS["es"].items():
        other = TEXTS["en"][key]
        # "one" may spell the number out.
        assert places(text) - {"count"} == places(other) - {"count"}, key
        assert text.strip() and other.strip(), key


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_sentence(kind, language):
    words = Words(language)
    assert words.has("error." + kind)
    for about in ("", "mail.example.org"):
        said = words.error(Trouble(kind, about))
        assert said.endswith("."), said
        assert "{" not in said


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "cancelled"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_says_what_happened_and_what_to_do(kind, language):
    parts = re.split(r"[.:;,] ", Words(language).error(Trouble(kind)))
    assert len(parts) >= 2, "one part says what happened, another what to do"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_kind_still_gets_a_sentence_and_the_reference_is_told(language):
    error = {"message": "no", "data": {"kind": "of_the_future", "ref": "a1b2"}}
    said = Words(language).error(ServerTrouble(error))
    assert said.startswith(TEXTS[language]["error.internal"])
    assert "a1b2" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_folder_with_a_role_has_a_name(language):
    assert {"inbox", "archive"} <= set(ROLES.values())
    assert [role for role in ROLES.values() if not Words(language).has("folder." + role)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_daemon_is_named_to_people(language):
    for daemon in ("profiled", "stored", "relayd"):
        assert daemon not in Words(language).error(Trouble("unavailable", daemon))
        assert all(daemon not in text for text in TEXTS[language].values())


def test_what_a_stranger_named_cannot_fill_the_window():
    said = Words("es").error(Trouble("host_unknown", "x" * 5000 + "\n{evil}"))
    assert len(said) < 400


def test_every_text_asked_for_by_the_source_exists():
    """A key written in the source is in the locale, whole or as the beginning of a family."""
    missing = []
    for path in TOP.rglob("*.py"):
        for key in re.findall(r"words\(\s*\"([a-z_]+\.[a-z_.]*)\"", path.read_text()):
            family = [known for known in TEXTS["es"] if known.startswith(key)]
            if key not in TEXTS["es"] and not family:
                missing.append((path.name, key))
    assert missing == []


def test_every_text_is_asked_for_somewhere():
    source = "\n".join(path.read_text() for path in TOP.rglob("*.py"))
    families = (
        "error.",
        "short.",
        "date.",
        "folder.",
        "fate.",
        "list.empty_",
        "do.",
        "keys.",
        "collect.",
        "accounts.",
    )
    unused = [
        key
        for key in TEXTS["es"]
        if not key.startswith(families)
        and f'"{key}"' not in source
        and '"{}"'.format(key.rsplit(".", 1)[0]) not in source
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("language", "octets", "said"),
    [
        ("es", 0, "0 B"),
        ("es", 999, "999 B"),
        ("es", 1000, "1 KB"),
        ("es", 11_240, "11,2 KB"),
        ("en", 11_240, "11.2 KB"),
        ("es", 1_400_000, "1,4 MB"),
        ("en", 250_400, "250 KB"),
        ("en", 999_900, "1 MB"),
        ("en", 3_000_000_000, "3 GB"),
        ("en", 5_000_000_000_000, "5000 GB"),
    ],
)
def test_sizes(language, octets, said):
    assert Words(language).octets(octets) == said


def test_numbers_and_counts():
    assert Words("es").number(1204) == "1.204"
    assert Words("en").number(1204) == "1,204"
    assert Words("es")("list.total", count=1) == "una carta"
    assert Words("es")("list.total", count=1204) == "1.204 cartas"


def test_short_errors_fit_a_narrow_place():
    for language in LANGUAGES:
        assert Words(language).short_error("remote_login_refused") != Words(language).short_error(
            "never heard of"
        )
        assert all(len(text) <= 32 for key, text in TEXTS[language].items() if key.startswith("short."))


def test_an_unknown_language_is_spanish():
    assert Words("fr").language == "es"


# How somebody is told to do the things that these texts tell people to do.
VOS = "abrí avisá borrá corregí elegí escribí esperá fijate mandá mirá pedí preguntá probá revisá volvé"
USTED = "abra avise busque compruebe corrija elija escriba espere fíjese pregunte pruebe revise vuelva"


def forms_in(texts, forms):
    return {form for form in forms.split() for text in texts if re.search(rf"\b{form}\b", text, re.I)}


def test_the_client_says_vos_and_the_letters_of_the_service_usted():
    client = TEXTS["es"].values()
    letters = [part for spanish, _ in _REASONS.values() for part in spanish]
    assert forms_in(client, VOS) and not forms_in(client, USTED + " usted ustedes")
    assert forms_in(letters, USTED) and not forms_in(letters, VOS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_server_said_is_quoted_within_a_sentence_of_ones_own(language):
    reply = Reply(550, "5.1.1", "no such user", "mx.example")
    said = Words(language)("fate.server_said", detail=reply.detail)
    quote = {"es": "«%s»", "en": "“%s”"}[language] % "mx.example: 550 5.1.1 no such user"
    assert quote in said and " said" not in said
