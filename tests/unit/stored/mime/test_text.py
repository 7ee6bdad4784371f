"""What a letter says, and its beginning for the list."""

import time

import pytest

from stored.mime import summarize, text_of
from stored.mime.html import html_text
from stored.mime.reading import reading_of


def letter(body, kind="text/plain; charset=utf-8", **fields):
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}Content-Type: {kind}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<<e>p<y><div", "<p"),
        ("Dear <<span>Name</span>>, a<<!-- c -->b", "Dear <Name>, a<b"),
        ("x<<<p>y", "x<<\ny"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<div>a <b>bold</b>  <i>word</i></div>", "a bold word"),
        ("<ul><li>one<li>two</ul>", "• one\n• two"),
        ("<blockquote>said<br>so</blockquote>mine", "> said\n> so\nmine"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>> b"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<style>x{}</style><script>y()</script><title>t</title>seen", "seen"),
        ("<!-- hidden -->seen", "seen"),
        ("caf&eacute; &amp; t&#233; &lt;b&gt;", "café & té <b>"),
        ('<a href="http://x.example/?a>b">link</a>', "link"),
        ('<img alt="a picture" src=x>', "a picture"),
        ("one\r\n  two", "one two"),
        ("", ""),
        ("<h1>Head</h1>text", "Head\n\ntext"),
        ("<p>unclosed <b>all<i>over", "unclosed allover"),
        ("5 < 6 and 7 > 4", "5 < 6 and 7 > 4"),
        ("<ul><li><p>one</p></li><li><p>two</p></ul>three", "• one\n\n• two\n\nthree"),
        ("<ol><li></li><li>two<ul><li>in</ul></ol>", "1.\n2. two\n• in"),
        ("<p>one</p><p>&nbsp;</p><p>two</p>", "one\n\ntwo"),
        ("<div>one&nbsp; </div><div>&nbsp;</div><div>two</div>", "one\n\ntwo"),
        ("<p>a&nbsp;b</p>", "a\xa0b"),
        ("<style>a<b</style>seen", "seen"),
        ('<script>if (a<b && c=="d") e()</script>seen', "seen"),
        ("<TITLE>t</TITLE ><!--[if mso]><p>x<![endif]-->seen<!-->too<!--", "seentoo"),
        ('<div class="x" y">one</div>two<p title="z">three', "one\ntwo\nthree"),
        ("<pre>x\n a\n\n\n\tb  \n</pre>c", "x\n a\n\n\tb\nc"),
        ("<div hidden>x<div>y</div>z</div>seen", "seen"),
        ("<svg><g>x<svg>y</svg></g>z</svg>seen", "seen"),
        ("<table><tr><td><td>a<td><td>b<td></table>", "a  b"),
        ("<blockquote><p>a</p></blockquote><br>b", "> a\n>\nb"),
        ("a<hr>b", "a\n--------------------\nb"),
        ("<details><summary>one</summary>two</details>", "one\ntwo"),
    ],
)
def test_html(html, text):
    assert html_text(html) == text


def test_an_empty_plain_text_beside_a_page_is_not_the_text():
    parts = "--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>page\r\n--b--"
    raw = letter(parts, "multipart/alternative; boundary=b")
    assert text_of(raw) == ("page", False)
    assert summarize(raw).snippet == "page"


def test_an_empty_page_beside_a_plain_text_is_not_what_is_shown():
    parts = "--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p></p>\r\n--b--"
    reading = reading_of(letter(parts, "multipart/alternative; boundary=b"), runs_limit=1000)
    assert [run.text for run in reading.runs] == ["plain"]


def test_beside_pictures_an_empty_page_is_not_what_is_shown():
    picture = "Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\nx"
    inner = "--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p></p>\r\n--b--"
    parts = (
        f"--c\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n{inner}\r\n--c\r\n{picture}\r\n--c--"
    )
    reading = reading_of(letter(parts, "multipart/mixed; boundary=c"), runs_limit=1000)
    assert [(run.text, run.look.image) for run in reading.runs] == [("plain\n\n", ""), ("", "2")]


@pytest.mark.parametrize(
    ("said", "meta", "text"),
    [
        ("день".encode("koi8-r"), b"<meta charset=koi8-r>", "день"),
        (
            "день".encode("cp1251"),
            b'<META http-equiv="Content-Type" content="text/html; charset=windows-1251">',
            "день",
        ),
        ("день".encode(), b"<meta charset=koi8-r>", "день"),
        (b"ma\xf1ana", b"", "mañana"),
    ],
)
def test_a_page_may_name_its_character_set_itself(said, meta, text):
    raw = b"Content-Type: text/html\r\n\r\n<html><head>" + meta + b"</head><body>" + said
    assert text_of(raw) == (text, False)
    assert summarize(raw).snippet == text


def test_the_mark_of_utf_8_is_no_text():
    assert text_of(letter("\ufeffHola")) == ("Hola", False)


@pytest.mark.parametrize("around", ['"{}"', "'{}'", "{}", '"background:url({})" title="x"'])
def test_pictures_written_into_a_page_do_not_use_up_its_room(around):
    inlined = "data:image/png;base64," + "iVBORw0KGgo=" * 250_000
    html = f"<p>begin</p><img src={around.format(inlined)} alt=''><p>the tail</p>" * 2
    text, cut = text_of(letter(html, "text/html"))
    assert (text.split(), cut) == (["begin", "the", "tail"] * 2, False)


def test_a_page_that_opens_with_very_much_style_has_a_snippet():
    html = f"<html><head><style>{'p.x { color: red } ' * 10_000}</style></head><body><p>Hola Eva</p></body>"
    assert summarize(letter(html, "text/html")).snippet == "Hola Eva"


HTML_BOMBS = {
    "attributes": "<a " + "x y z " * 160_000 + ">t",
    "attributes behind quotes": '<a x=">" ' + 'y=">" ' * 150_000 + ">t",
    "attributes behind a script": '<script><a x="</script><a ' + "b c d " * 150_000 + ">t",
    "depth": "<div>" * 190_000 + "t",
    "depth of bold": "<b>" * 300_000 + "t",
    "depth of tables": "<table><tr><td>" * 60_000 + "t",
    "depth with ends that end nothing": "<div><table><tr><td></div>" * 38_000 + "t",
    "many names": "".join(f"<x{n}>" for n in range(120_000)),
    "comments": "<!--" * 240_000,
    "less than": "<" * 900_000,
    "end tags": "</p>" * 240_000,
    "quotes": "<a '\"" * 180_000,
    "entities": "&" * 900_000,
    "paragraphs in bold": "<b><p>" * 150_000,
    "forms": "<form><input>" * 70_000,
    "select": "<select><option>" * 60_000,
    "svg": "<svg><math>" * 80_000,
    "spans": "<span>x</span>" * 70_000,
    "template": "<template>" * 90_000,
    "lists": "<ul><li>" * 110_000,
    "every look in every paragraph": "".join(f"<{look}>" * 3 for look in "abisu") + "<tt><em><p>" * 90_000,
    "nested links": "<a><p>" * 150_000,
    "quoted values that do not end": "<a x=\"y='" * 110_000,
    "raw text": "<style>" * 120_000,
    "ends of raw text": "<script></scrip" * 60_000,
    "hidden": "<div hidden>" * 75_000,
    "hidden and not": "<div><p hidden>x" * 60_000,
    "silent": "<svg></svg>" * 80_000,
    "blanks": "<p>" + " \n" * 450_000,
    "blanks that stay": "\xa0 " * 450_000 + "x<br>",
    "kept blanks": "<pre>" + " x" * 450_000,
    "white space of styles": '<p style="white-space:pre">a\n b<td style="white-space:pre">' * 17_000,
    "white space of styles in one another": "<pre><div style=white-space:pre><i style=white-space:normal>"
    * 200
    + "<span style=white-space:normal></p><p style=white-space:pre>" * 14_000,
    "places in a picture": "".join(f"<area href=//a.example/{n}>" for n in range(36_000)),
    "lines": "<br><p></div>" * 70_000,
    "cells": "<table><tr>" + "<td>" * 220_000,
    "cells with looks": "<b><table><tr>" + "<td>" * 220_000,
    "links from a base": f"<base href='http://a.example/{'x/' * 1900}'>"
    + "".join(f"<a href='../{n}'>x" for n in range(40_000)),
    "fonts": "".join(f"<font size={n}><p>" for n in range(55_000)),
}


@pytest.mark.parametrize("name", HTML_BOMBS)
def test_no_html_takes_two_seconds(name):
    began = time.process_time()
    html_text(HTML_BOMBS[name])
    assert time.process_time() - began < 2


def test_plain_is_preferred_to_html_and_pieces_are_joined():
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nplain\r\n--c\r\n"
        b"Content-Type: text/html\r\n\r\n<p>html\r\n--c--\r\n--b\r\n\r\nfooter\r\n--b\r\n"
        b"Content-Disposition: attachment; filename=a.txt\r\n\r\nattached\r\n--b--"
    )
    assert text_of(raw) == ("plain\nfooter", False)
    assert summarize(raw).attachments == 1


def test_html_alone_is_read_as_text():
    assert text_of(letter("<p>¡Hola, <b>Ana</b>!", "text/html; charset=utf-8")) == ("¡Hola, Ana!", False)


def test_a_letter_whose_boundary_is_lost_is_read_as_it_is():
    raw = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n"
    assert text_of(raw) == ("--b\n\nhello\n--b--\n", False)
    assert [run.text for run in reading_of(raw, runs_limit=1000).runs] == ["--b\n\nhello\n--b--"]


def test_a_long_text_is_cut_and_says_so():
    text, truncated = text_of(letter("línea\r\n" * 100_000))
    assert (len(text), truncated) == (262_144, True)


@pytest.mark.parametrize(
    ("body", "snippet"),
    [
        ("Hello\r\nthere", "Hello there"),
        ("> old\r\nnew", "new"),
        ("El lunes, Ana escribió:\r\n> old\r\n\r\nnew", "new"),
        ("On Monday, Ana <a@b.c> wrote:\r\n> old\r\nnew", "new"),
        ("words\r\n-- \r\nAna\r\nSome firm", "words"),
        ("answer\r\n-----Original Message-----\r\nolder", "answer"),
        ("> only quotes", ""),
        ("", ""),
        ("Note:\r\nread this", "Note: read this"),
    ],
)
def test_snippets_are_the_writers_own_words(body, snippet):
    assert summarize(letter(body)).snippet == snippet


def test_a_snippet_is_short():
    snippet = summarize(letter("palabra " * 500)).snippet
    assert len(snippet) <= 120
    assert snippet.endswith("…")


def test_a_snippet_of_html_begins_behind_the_style():
    html = "<html><head><style>" + "p{color:red}" * 5000 + "</style></head><body><p>Hola</body>"
    assert summarize(letter(html, "text/html")).snippet == "Hola"


def test_a_summary_holds_what_lists_rules_and_threads_need():
    raw = letter(
        "x",
        **{
            "From": "=?utf-8?Q?Jos=C3=A9?= <jose@uno.example>",
            "To": "a@b.c",
            "Cc": "d@e.f",
            "Reply-To": "list@uno.example",
            "Subject": "=?utf-8?Q?Ma=C3=B1ana?=",
            "Message-ID": "<1@uno.example>",
            "In-Reply-To": "<0@uno.example>",
            "References": "<00@uno.example> <0@uno.example>",
            "X-Spam": "yes",
        },
    )
    summary = summarize(raw)
    assert summary.from_ == [("José", "jose@uno.example")]
    assert (summary.to[0].address, summary.cc[0].address) == ("a@b.c", "d@e.f")
    assert summary.reply_to[0].address == "list@uno.example"
    assert (summary.subject, summary.message_id) == ("Mañana", "1@uno.example")
    assert (summary.in_reply_to, summary.references) == ("0@uno.example", ["00@uno.example", "0@uno.example"])
    assert summary.header("x-spam") == ["yes"]
