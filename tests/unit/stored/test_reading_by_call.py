"""What a client is told of a letter when it calls: each thing that is promised of reading, by JSON-RPC."""

import base64
import io
from types import SimpleNamespace

import orjson
import pytest
from PIL import Image

from restante.rpc import Methods, Principal
from restante.rpc.jsonrpc import JsonRpc
from restante.rpc.reply import Asker
from restante.serve import Request
from stored.blobs import Blobs
from stored.clock import Clock
from stored.parsing import Parsers
from stored.reading import Reader
from stored.service.blobs import BlobRoute
from stored.service.messages import MessageService
from stored.service.pictures import PictureService
from stored.uploads import Uploads
from tests.unit.stored.keeping import keep, prepared

ANA = Principal("user", "ana", "s1")
HEAD = "From: Eva <eva@dos.example>\r\nTo: Ana <ana@uno.example>\r\nSubject: x\r\n"


@pytest.fixture(scope="module")
def parsers():
    made = Parsers(1, deadline_seconds=20)
    yield made
    made.stop()


@pytest.fixture
def client(store, mail, parsers, tmp_path):
    """What a client does: `opened(raw)` keeps a letter and asks for it; `call(method, …)`, `fetch(blob)`."""
    blobs, reader = Blobs(store, tmp_path), Reader(parsers, tmp_path)
    methods = Methods.of(
        MessageService(store, reader, Clock()),
        PictureService(blobs, reader),
        system="stored",
        check_returns=True,
    )

    def call(method, **params):
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        reply = JsonRpc(methods.on("public")).answer(body, Asker(ANA, "request-1", "192.0.2.1"))
        assert reply.body is not None
        return orjson.loads(reply.body)

    def opened(raw):
        (id,) = keep(mail, prepared(raw if isinstance(raw, bytes) else raw.encode()))
        return call("message.get", ids=[id])["result"]["messages"][0]

    def fetch(blob):
        request = Request("GET", f"{blob}/x", {}, ANA, io.BytesIO(), 0)
        return BlobRoute(blobs, Uploads(store), "/storage/1/blobs/").answer(request)

    return SimpleNamespace(call=call, opened=opened, fetch=fetch)


def multipart(kind, *parts, head=HEAD):
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return f"{head}Content-Type: multipart/{kind}; boundary=b\r\n\r\n{body}--b--\r\n"


def page(html, head=HEAD):
    return f"{head}Content-Type: text/html; charset=utf-8\r\n\r\n{html}"


def picture():
    out = io.BytesIO()
    Image.new("RGB", (300, 150)).save(out, "JPEG")
    return out.getvalue()


def attached(octets, *fields):
    said = base64.encodebytes(octets).decode()
    return "\r\n".join((*fields, "Content-Transfer-Encoding: base64", "", said))


def test_who_when_and_about_what(client):
    told = client.opened(
        "From: =?iso-8859-1?Q?P=E9rez=2C_Eva?= <eva@dos.example>\r\nTo: ana@uno.example\r\n"
        "Cc: Leo <l@x.example>\r\nDate: Mon, 23 Nov 2026 12:00:00 -0300 (ART)\r\n"
        "Subject: =?utf-8?Q?Ma=C3?=\r\n =?utf-8?B?sWFuYQ==?=\r\n\r\nx"
    )
    assert told["from"] == {"name": "Pérez, Eva", "address": "eva@dos.example"}
    assert told["to"] == [{"name": "", "address": "ana@uno.example"}]
    assert told["cc"] == [{"name": "Leo", "address": "l@x.example"}]
    assert (told["sent_at"], told["subject"]) == ("2026-11-23T15:00:00Z", "Mañana")


def test_a_writer_whose_comma_was_not_quoted_is_one(client):
    told = client.opened("From: Perez, Eva <eva@dos.example>\r\nSubject: x\r\n\r\nx")
    assert told["from"] == {"name": "Perez, Eva", "address": "eva@dos.example"}


@pytest.mark.parametrize(
    ("html", "runs"),
    [
        ("<b>a</b>b", [{"text": "a", "bold": True}, {"text": "b"}]),
        (
            '<a href="https://evil.example/x">a</a>',
            [{"text": "a", "link": "https://evil.example/x"}],
        ),
        ('<a href="javascript:x()">a</a>', [{"text": "a"}]),
        ("<ul><li>a</ul><ol start=3><li>b</ol>", [{"text": "• a\n3. b", "list": 1}]),
        (
            "<blockquote>a<blockquote>b</blockquote></blockquote>",
            [{"text": "a\n", "quote": 1}, {"text": "b", "quote": 2}],
        ),
        ("<table><tr><td>a<td>b<tr><td>c</table>", [{"text": "a\tb\nc"}]),
    ],
    ids=["bold", "link", "no link", "lists", "quotes", "table"],
)
def test_the_text_as_runs(client, html, runs):
    assert client.opened(page(html))["runs"] == runs


REPLIES = {
    "Outlook": """<html xmlns:o="urn:x"><head><style><!-- p {margin:0} --></style><!--[if mso]><xml>x</xml>
        <![endif]--></head><body lang=ES><div class=WordSection1><p class=MsoNormal>Yes.<o:p></o:p></p><div
        style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> Eva
        &lt;e@x.example&gt;</p></div></div>""",
    "Gmail": """<div dir="ltr">Yes.</div><br><div class="gmail_quote"><div class="gmail_attr">Eva
        wrote:<br></div><blockquote class="gmail_quote" style="margin:0px">Well?</blockquote></div>""",
    "Apple Mail": """<body style="overflow-wrap: break-word;">Yes.<br><div><blockquote type="cite"><div>Eva
        wrote:</div><br class="Apple-interchange-newline"><div>Well?</div></blockquote></div>""",
    "Thunderbird": """<p>Yes.</p><div class="moz-cite-prefix">Eva wrote:<br></div><blockquote type="cite"><pre
        class="moz-quote-pre" wrap="">Well?</pre></blockquote>""",
    "Yahoo": """<div class="ydp"><div dir="ltr" data-setdir="false">Yes.</div></div><div class="yahoo_quoted">
        <div>Eva wrote:</div><div>Well?</div></div>""",
}
SHOWN = {
    "Outlook": ("Yes.\n\nFrom: Eva <e@x.example>", [0, 0, 0]),
    "Gmail": ("Yes.\n\nEva wrote:\nWell?", [0, 1]),
    "Apple Mail": ("Yes.\nEva wrote:\n\nWell?", [0, 1]),
    "Thunderbird": ("Yes.\n\nEva wrote:\nWell?", [0, 1]),
    "Yahoo": ("Yes.\nEva wrote:\nWell?", [0]),
}


@pytest.mark.parametrize("maker", REPLIES)
def test_an_answer_by_each_maker_reads_well(client, maker):
    runs = client.opened(page(REPLIES[maker]))["runs"]
    shown = ("".join(run["text"] for run in runs), [run.get("quote", 0) for run in runs])
    assert shown == SHOWN[maker]


def test_the_plain_text(client):
    raw = multipart("alternative", "\r\nplain\r\n", "Content-Type: text/html\r\n\r\n<p>page")
    told = client.opened(raw)
    assert told["text"].strip() == "plain"
    assert told["runs"] == [{"text": "page"}]


def test_pictures_and_attachments_one_by_one(client):
    shown = picture()
    raw = multipart(
        "related",
        'Content-Type: text/html\r\n\r\na<img src="cid:p%40x"><img src="https://t.example/1.gif">',
        attached(shown, "Content-Type: image/jpeg; name*=utf-8''ni%C3%B1o.jpg", "Content-ID: <p@x>"),
        attached(b"one", 'Content-Disposition: attachment; filename="=?utf-8?B?YcOxby5wZGY=?="'),
    )
    told = client.opened(raw)
    assert told["runs"] == [{"text": "a"}, {"text": "", "image": told["parts"][1]["blob"]}]
    assert [(part["name"], part["type"], part["octets"], part["inline"]) for part in told["parts"][1:]] == [
        ("niño.jpg", "image/jpeg", str(len(shown)), True),
        ("año.pdf", "text/plain", "3", False),
    ]
    answer = client.fetch(told["parts"][2]["blob"])
    assert answer.status == 200
    assert body_of(answer) == b"one"
    small = client.call("blob.thumbnail", blob=told["parts"][1]["blob"], width=100, height=100)["result"]
    assert (small["width"], small["height"]) == (100, 50)
    assert base64.b64decode(small["png"]).startswith(b"\x89PNG")


PHOTO = ("Content-Type: image/png; name=p.png", "Content-Disposition: inline")


def test_a_picture_between_two_texts_stands_between_them(client):
    told = client.opened(multipart("mixed", "\r\nbefore", attached(b"x", *PHOTO), "\r\nafter"))
    assert told["runs"] == [
        {"text": "before\n\n"},
        {"text": "p.png", "image": told["parts"][1]["blob"]},
        {"text": "\n\nafter"},
    ]


def test_a_picture_that_the_page_shows_stands_there_only(client):
    page = 'Content-Type: text/html\r\n\r\na<img src="cid:p@x">b'
    told = client.opened(multipart("mixed", page, attached(b"x", *PHOTO, "Content-ID: <p@x>")))
    assert told["runs"] == [{"text": "a"}, {"text": "", "image": told["parts"][1]["blob"]}, {"text": "b"}]


def body_of(answer):
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


CALENDAR = (
    "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "SUMMARY:Tea\r\nDTSTART;TZID=Europe/Madrid:20261123T150000\r\nORGANIZER;CN=Eva:mailto:eva@dos.example\r\n"
    "END:VEVENT\r\nEND:VCALENDAR"
)
DELIVERY = (
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
    "Final-Recipient: rfc822; leo@x.example\r\nAction: failed\r\nDiagnostic-Code: smtp; 550 no"
)
RECEIPT = (
    "Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; leo@x.example\r\n"
    "Disposition: manual-action/MDN-sent-manually; displayed"
)


@pytest.mark.parametrize(
    ("raw", "kind", "sentence"),
    [
        (multipart("mixed", CALENDAR), "invitation", "Eva invites you to “Tea”, 2026-11-23 14:00 (UTC)."),
        (
            multipart("report", "\r\nSorry", DELIVERY),
            "delivery_report",
            "Your letter could not be delivered to leo@x.example: 550 no.",
        ),
        (multipart("report", "\r\nRead", RECEIPT), "read_receipt", "leo@x.example opened your letter."),
        (
            multipart('signed; protocol="application/pgp-signature"', "\r\nx"),
            "signed",
            "This letter is signed; the signature was not checked.",
        ),
        (
            multipart('encrypted; protocol="application/pgp-encrypted"', "\r\nx"),
            "encrypted",
            "This letter is encrypted; save it and open it where the key is.",
        ),
    ],
    ids=["invitation", "delivery report", "read receipt", "signed", "encrypted"],
)
def test_what_a_letter_is_as_a_sentence(client, raw, kind, sentence):
    assert [(one["kind"], one["sentence"]) for one in client.opened(raw)["notices"]] == [(kind, sentence)]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ('From: "ceo@bank.example" <x@evil.example>', "name_is_address"),
        ("From: PаyPal <x@evil.example>", "mixed_scripts"),
        ("From: a@b.example\r\nSubject: pay\u202eevil", "bidirectional"),
        ("From: a@b.example\r\nReply-To: x@evil.example", "reply_elsewhere"),
    ],
)
def test_a_warning_for_what_may_deceive(client, fields, kind):
    assert [one["kind"] for one in client.opened(f"{fields}\r\n\r\nx")["warnings"]] == [kind]


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("iso-8859-1", b"\x93caf\xe9\x94 \x80", "“café” €"),
        ("", b"caf\xe9", "café"),
        ("", "café".encode(), "café"),
        ("us-ascii", "café".encode(), "café"),
        ("koi8-r", "день".encode("koi8-r"), "день"),
        ("iso-2022-jp", b"\x1b$B-!\x1b(B \x1b(I6E\x1b(B", "① ｶﾅ"),
        ("windows-1256", "مرحبا".encode("cp1256"), "مرحبا"),
        ("gb2312", "朱镕基".encode("gb18030"), "朱镕基"),
    ],
)
def test_charsets_as_people_really_use_them(client, charset, octets, text):
    label = f"; charset={charset}".encode() if charset else b""
    told = client.opened(
        b"Subject: " + octets + b"\r\nContent-Type: text/plain" + label + b"\r\n\r\n" + octets
    )
    assert told["text"].strip() == text
    assert told["subject"] == text or charset == "iso-8859-1"


def test_a_bomb_is_too_complex_and_its_octets_are_there(client):
    raw = ("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n" * 1500).encode()
    told = client.opened(raw)
    assert told["too_complex"] is True
    answer = client.fetch(told["raw"])
    assert body_of(answer) == raw


@pytest.mark.parametrize(("count", "body"), [(3, "hello"), (4, "hello"), (900, "<b>hello</b>")])
def test_everybody_a_letter_is_to_is_told_though_a_list_shows_three(client, count, body):
    to = ",\r\n ".join(f'"Person {number}, x" <p{number}@dos.example>' for number in range(count))
    kind = "html" if "<" in body else "plain"
    told = client.opened(f"From: eva@dos.example\r\nTo: {to}\r\nContent-Type: text/{kind}\r\n\r\n{body}")
    assert [one["address"] for one in told["to"]] == [f"p{number}@dos.example" for number in range(count)]
    assert told["to"][1]["name"] == "Person 1, x"
    (row,) = client.call("message.page", folder="inbox")["result"]["rows"]
    assert len(row["to"]) == 3
    assert (told["id"], told["text"]) == (row["id"], "hello")
