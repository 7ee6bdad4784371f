"""What may deceive a reader, and what only looks as if."""

import pytest

from stored.mime.cautions import mixed_scripts, registered, related
from stored.mime.reading import reading_of


def warned(body="x", kind="text/html; charset=utf-8", **fields):
    """Return (kind, where, said, true) of each warning of a letter."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    raw = f"{head}Content-Type: {kind}\r\n\r\n{body}".encode()
    warnings = reading_of(raw, runs_limit=100_000).warnings
    assert all(one["sentence"].endswith(".") for one in warnings)
    return [(one["kind"], one["where"], one["said"], one["true"]) for one in warnings]


def test_a_name_that_is_another_address():
    assert warned(From='"ceo@bank.example" <x@evil.example>') == [
        ("name_is_address", "from", "ceo@bank.example", "x@evil.example")
    ]


@pytest.mark.parametrize("name", ["ceo＠bank．example", "c\u200beo@ba\xadnk.example", "ceo @ bank.example"])
def test_a_name_that_only_looks_like_another_address(name):
    assert warned(From=f'"{name}" <x@evil.example>')[0] == (
        "name_is_address",
        "from",
        "ceo@bank.example",
        "x@evil.example",
    )


@pytest.mark.parametrize("name", ["www.bank.example", "https://www.bank.example/"])
def test_a_name_that_is_the_site_of_somebody_else(name):
    assert warned(From=f'"{name}" <x@evil.example>') == [("name_is_address", "from", name, "x@evil.example")]
    assert warned(From=f'"{name}" <news@mail.bank.example>') == []


def test_a_domain_that_looks_like_another_as_servers_write_it():
    assert warned(From="PayPal <service@xn--pypal-4ve.example>") == [("mixed_scripts", "from", "pаypal", "")]
    assert warned(From="Eva <eva@xn--espaa-rta.example>") == []


@pytest.mark.parametrize(
    "sender", ['"x@evil.example" <x@evil.example>', '"X@Evil.example" <x@evil.example>', "Ana <a@b.example>"]
)
def test_a_name_that_is_the_own_address_is_nothing(sender):
    assert warned(From=sender) == []


EVE = "x@evil.example"


@pytest.mark.parametrize(
    ("head", "other"),
    [
        (f"From: Boss <boss@bank.example>\r\nFrom: {EVE}\r\n", EVE),
        (f"From: Boss <boss@bank.example>\r\nSender: {EVE}\r\nFrom: {EVE}\r\n", EVE),
        ("From: boss@bank.example\r\nFrom: <clerk@bank.example>\r\n", "clerk@bank.example"),
        (f"From: Boss <boss@bank.example>, {EVE}\r\n", EVE),
        *(
            (f"From: Boss <boss@bank.example>, {EVE}\r\nSender: {sender}\r\n", EVE)
            for sender in (EVE, "zzz", "undisclosed:;", "boss@bank.evil.example", "<>")
        ),
    ],
)
def test_a_letter_from_others_than_who_is_shown(head, other):
    reading = reading_of(f"{head}\r\nx".encode())
    assert reading.summary.writer.address == "boss@bank.example"
    (warning,) = reading.warnings
    assert (warning["kind"], warning["where"]) == ("several_senders", "from")
    assert (warning["said"], warning["true"]) == ("boss@bank.example", other)


@pytest.mark.parametrize(
    "head",
    [
        f"From: Boss <boss@bank.example>, {EVE}\r\nSender: boss@bank.example\r\n",
        f"From: Boss <boss@bank.example>, {EVE}\r\nSender: Clerk <clerk@mail.BANK.example>\r\n",
        "From: Ana <ana@uno.example>, Leo <leo@mail.uno.example>\r\n",
        "From: Ana <ana@uno.example>\r\nFrom: ANA@uno.example\r\n",
        "From: Pérez, Ana <ana@uno.example>\r\n",
        f"From: Ana <ana@uno.example>\r\nSender: {EVE}\r\n",
    ],
)
def test_who_names_several_honestly_is_not_warned_of(head):
    assert reading_of(f"{head}\r\nx".encode()).warnings == []


def test_characters_that_turn_the_order():
    assert [one[:2] for one in warned(Subject="pay\u202eevil")] == [("bidirectional", "subject")]
    attached = warned(kind='application/x; name="photo\u202egpj.exe"')
    assert [one[:2] for one in attached] == [("bidirectional", "attachment")]


def test_letters_of_alphabets_that_look_alike():
    assert warned(From="PаyPal <x@y.example>", Subject="Привет Ana") == [
        ("mixed_scripts", "from", "PаyPal", "")
    ]


@pytest.mark.parametrize(
    "word",
    [
        "Привет",
        "ガーデン",
        "日本のメール",
        "Ελλάδα",
        "naïve",
        "µm",
        "mañana",
        "ＥＴＣマイレージ",
        "x-rays и y",
        "한국어",
    ],
)
def test_words_of_one_alphabet_are_nothing(word):
    assert mixed_scripts(word) == ""


def test_answers_that_go_elsewhere():
    assert warned(From="a@bank.example", Reply_To="b@mail.test") == [
        ("reply_elsewhere", "reply_to", "a@bank.example", "b@mail.test")
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"Reply_To": "b@bank.example"},
        {"Reply_To": "b@news.bank.example"},
        {"Reply_To": "list@lists.example", "To": "list@lists.example", "List_Id": "<list.lists.example>"},
        {"Reply_To": "list@lists.example", "List_Post": "<mailto:list@lists.example>"},
    ],
)
def test_answers_that_stay_or_go_to_the_list_are_nothing(fields):
    assert warned(From="a@bank.example", **fields) == []


def test_links_that_lead_elsewhere():
    body = '<a href="http://evil.example/x">www.bank.example</a>'
    assert warned(body) == [("link_elsewhere", "link", "www.bank.example", "evil.example")]
    assert (
        warned('<a href="http://evil.example">https://<b>bank</b>.example/login</a>')[0][2] == "bank.example"
    )
    assert warned('<a href="http://evil.example">bank&shy;.exam&#8203;ple</a>')[0][2] == "bank.example"
    assert warned('<a href="mailto:x@evil.example">ana@bank.example</a>')[0][2:] == (
        "bank.example",
        "evil.example",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("see https://bank.example", "bank.example"),
        ("Entrar (HTTPS://Bank.example/login), ahora", "bank.example"),
        ("Ir a “www.bank.example”.", "www.bank.example"),
        ("www.bank.example – log in", "www.bank.example"),
        ("map: https://bank.example/maps/@-34.6,-58.4", "bank.example"),
        ("https://bank.example:x@evil.example", "bank.example"),
        ("https://user:pw@bank.example/", "bank.example"),
        ("https://bank。example", "bank.example"),
        ("https://ｂａｎｋ｡example/login", "bank.example"),
        ("https://192.0.2.1/", "192.0.2.1"),
        ("ftp://bank.example/x", "bank.example"),
        ("Visit https://evil.example or https://bank.example", "bank.example"),
        ("evil.example/x or www.bank.example", "www.bank.example"),
        ("1.https://bank.example", "bank.example"),
        ("https://bank.xn--p1ai", "bank.xn--p1ai"),
    ],
)
def test_links_that_name_another_host_among_other_words(text, said):
    assert warned(f'<a href="http://evil.example/x">{text}</a>') == [
        ("link_elsewhere", "link", said, "evil.example")
    ]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="http://click.bank.example/x">see https://www.bank.example, please</a>',
        '<a href="http://evil.example/x">about bank.example and Node.js</a>',
        '<a href="http://evil.example/x">write to ana@www.bank.example</a>',
        '<a href="http://evil.example/x">www.bank.example@evil.example</a>',
        '<a href="http://evil.example/x">https:// and www. are signs</a>',
        '<a href="http://click.bank.example/x">www.bank.example</a>',
        '<a href="http://drive.example/x">factura_noviembre.pdf</a>',
        '<a href="http://drive.example/x">informe.final.DOCX</a>',
        '<a href="http://nodejs.example/x">Node.js</a>',
        '<a href="http://drive.example/x">drive.example/factura.pdf</a>',
        '<a href="http://old.example/x">https://old.example/?of=https://bank.example</a>',
        '<a href="http://evil.example/x">ありがとう。またね。OK</a>',
        '<a href="https://bank.example">https://bank.example。詳細</a>',
        '<a href="https://bank。example/">https://bank。example</a>',
        '<a href="https://192.0.2.1/">https://192.0.2.1:8080/x</a>',
        '<a href="http://evil.example/x">Click here</a>',
        '<a href="http://nodejs.example/x">Node.js is new</a>',
        '<a href="https://bank.com.ar/">https://www.bank.com.ar</a>',
        '<a href="https://xn--bcher-kva.example/">bücher.example</a>',
        '<a href="http://[::1">x.example</a>',
    ],
)
def test_links_that_say_where_they_lead_are_nothing(link):
    assert warned(link) == []


def test_a_host_that_only_looks_like_another():
    assert warned('<a href="http://xn--pypal-4ve.example">here</a>')[0][:2] == ("mixed_scripts", "link")


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("a.b.example", "b.example"),
        ("x.correo.com.ar", "correo.com.ar"),
        ("com.ar", "com.ar"),
        ("localhost", "localhost"),
        ("www.unlp.edu.ar", "unlp.edu.ar"),
        ("a.co", "a.co"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_what_somebody_registered(domain, said):
    assert registered(domain) == said
    assert related(domain, said)


def test_an_address_in_numbers_is_of_no_other():
    assert not related("10.0.2.1", "192.0.2.1")


def test_a_link_around_a_place_in_a_picture_is_looked_at_behind_it():
    body = (
        '<a href="https://evil.example"><map><area href="https://z.example" alt=z></map>https://bank.example'
    )
    assert warned(f"{body}</a>") == [("link_elsewhere", "link", "bank.example", "evil.example")]


def test_warnings_are_few():
    body = "".join(f'<a href="http://evil{n}.example">bank{n}.example</a> ' for n in range(100))
    assert len(warned(body)) == 20
