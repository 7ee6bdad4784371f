"""Text with its looks: from HTML, from plain text, and what is cut."""

import time

import pytest

from stored.mime.html import html_passages
from stored.mime.plain import plain_passages
from stored.mime.reading import reading_of
from stored.mime.runs import PLAIN, runs_of_passages


def told(run):
    """Return a run as (text, what is said of it)."""
    said = {name: value for name, value in run.look._asdict().items() if value}
    return run.text, said | ({"quote": run.quote} if run.quote else {}) | (
        {"list": run.listed} if run.listed else {}
    )


def html(source, limit=1_000_000):
    return [told(run) for run in runs_of_passages(html_passages(source), limit)[0]]


def plain(source, **how):
    return [told(run) for run in runs_of_passages(plain_passages(source, **how), 1_000_000)[0]]


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("a <b>b</b> c", [("a ", {}), ("b", {"bold": True}), (" c", {})]),
        ("<strong>a<em>b</em></strong>", [("a", {"bold": True}), ("b", {"bold": True, "italic": True})]),
        (
            "<u>a</u><s>b</s><code>c</code>",
            [("a", {"underline": True}), ("b", {"strike": True}), ("c", {"code": True})],
        ),
        ('<span style="color:red;font-weight: 700">a</span>b', [("a", {"bold": True}), ("b", {})]),
        (
            '<span>a<span style="font-style:italic">b</span>c</span>',
            [("a", {}), ("b", {"italic": True}), ("c", {})],
        ),
        ("<h2>T</h2>x", [("T\n\n", {"heading": 2}), ("x", {})]),
        ("<ul><li>a<ul><li>b</ul></ul>", [("• a\n", {"list": 1}), ("• b", {"list": 2})]),
        ("<ol><li>a<li>b</ol>c", [("1. a\n2. b\n", {"list": 1}), ("c", {})]),
        ("<ol start=5><li>a<li value='9'>b<li>c</ol>", [("5. a\n9. b\n10. c", {"list": 1})]),
        ("<ol start=a><li value=-3>a</ol><ul><li value=7>b</ul>", [("1. a\n• b", {"list": 1})]),
        (
            "a<blockquote>b<blockquote>c</blockquote></blockquote>",
            [("a\n", {}), ("b\n", {"quote": 1}), ("c", {"quote": 2})],
        ),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", [("a\tb\nc\td", {})]),
        ("<p>a</p><p>b", [("a\n\nb", {})]),
        ("<b>unclosed<p>on and on", [("unclosed\non and on", {"bold": True})]),
        ('<b style="font-weight: normal"><p>a <b>b</b></p></b>c',
            [("a ", {}), ("b\n\n", {"bold": True}), ("c", {})]),
        ('<p style="font-weight:bold">a</p><p>b', [("a\n\n", {"bold": True}), ("b", {})]),
        ('<p style="font-weight:bold">a<p>b<p style="font-style:italic">c<div>d',
            [("a\n\n", {"bold": True}), ("b\n\n", {}), ("c\n\n", {"italic": True}), ("d", {})]),
        ('<div style="font-weight:700">a<div>b</div>c</div>d', [("a\nb\nc\n", {"bold": True}), ("d", {})]),
        ('<blockquote style="font-style:italic"><div>a</div></blockquote>b',
            [("a\n", {"italic": True, "quote": 1}), ("b", {})]),
        ("<pre>a  b\n c</pre>d", [("a  b\n c\n", {"code": True}), ("d", {})]),
        ("<pre>a\n<pre>b\n c</pre>d\n e</pre>f", [("a\nb\n c\nd\n e\n", {"code": True}), ("f", {})]),
        ('<div style="white-space: pre-wrap">a  b\n <b>c</b>\n</div>d  e\nf',
            [("a  b\n ", {}), ("c\n", {"bold": True}), ("d e f", {})]),
        ('<p style="white-space:pre">a\n<span style="white-space:pre-line">b\n</span>c\nd<p>e\nf',
            [("a\nb\nc\nd\n\ne f", {})]),
        ('<table><tr><td style="white-space:pre">a\nb<td>c\nd<tr><td>e\nf</table>', [("a\nb\tc d\ne f", {})]),
        ('<span style="white-space:nowrap">a\nb</span>', [("a b", {})]),
    ],
)  # fmt: skip
def test_html_keeps_its_looks(source, runs):
    assert html(source) == runs


@pytest.mark.parametrize(
    ("style", "looks"),
    [
        ("font: bold 12px Arial", {"bold": True}),
        ("font:italic small-caps bolder 1em/1.5 Georgia", {"bold": True, "italic": True}),
        ("color:red; font: 700 12px Arial", {"bold": True}),
        ("font: 600 large Arial", {"bold": True}),
        ("font: 300 italic 12px Arial", {"italic": True}),
        ("font: 12px Arial Bold Italic", {}),
        ("font: normal 900px Arial", {}),
        ("font: 400 12px Arial", {}),
        ("font-family: bold; mso-bidi-font-weight: bold; mso-font: italic", {}),
    ],
)
def test_letters_look_as_the_font_of_their_style_says(style, looks):
    assert html(f"<span style='{style}'>a</span>") == [("a", looks)]


def test_the_font_of_a_style_takes_back_that_letters_are_bold():
    assert html("<b style='font:12px x'>a</b>") == [("a", {})]


def test_what_word_says_of_other_scripts_takes_nothing_back():
    assert html("<b style='mso-bidi-font-weight:normal'>a</b>") == [("a", {"bold": True})]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ('<a href="https://a.example/?x=1&amp;y=2">l</a>', "https://a.example/?x=1&y=2"),
        ("<a href=http://a.example>l</a>", "http://a.example"),
        ("<A HREF='mailto:ana@a.example'>l</A>", "mailto:ana@a.example"),
        ('<a title="href=http://b.example" href="http://a.example">l</a>', "http://a.example"),
        ('<a href=" ht&#x09;tps://a.example">l</a>', "https://a.example"),
        ('<a href="//a.example/x">l</a>', "https://a.example/x"),
        ('<a href=" http://a.example/a b\n ">l</a>', "http://a.example/a%20b"),
        ('<base href="http://a.example/x/"><a href="y">l</a>', "http://a.example/x/y"),
        ('<base href="http://a.example/x/"><a href="javascript:y">l</a>', ""),
        ('<base href="javascript:x"><a href="y">l</a>', ""),
        ('<a href="javascript:alert(1)">l</a>', ""),
        ('<a href="&#106;avascript:alert(1)">l</a>', ""),
        ('<a href="data:text/html,x">l</a>', ""),
        ('<a href="/relative">l</a>', ""),
        ('<a name="here">l</a>', ""),
        ('<a href="http://a.example/' + "x" * 5000 + '">l</a>', ""),
    ],
)
def test_a_link_leads_where_it_says_or_nowhere(source, target):
    assert html(source) == [("l", {"link": target} if target else {})]


def test_links_end_where_they_end():
    runs = html(
        '<a href="http://a.example">a</a> b <a href="http://c.example">c<a href="http://d.example">d</a>'
    )
    assert [(text, said.get("link", "")) for text, said in runs] == [
        ("a", "http://a.example"),
        (" b ", ""),
        ("c", "http://c.example"),
        ("d", "http://d.example"),
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">x</div>',
        '<div style="display: none !important"><p>x<b>y</div>',
        "<p hidden>x</p>",
        '<span style="font-size:0px">x</span>',
        '<p style="font-size:0">x</p>',
        '<div style="font-size:0;max-height:0">x</div>',
        '<span style="mso-hide:all;visibility:hidden">x<b>y</b></span>',
        '<table><tr><td style="max-height:0">x</td></tr></table>',
    ],
)
def test_what_is_hidden_is_not_read(hidden):
    assert html(f"a{hidden}<p>b") in ([("a\nb", {})], [("a\n\nb", {})])


@pytest.mark.parametrize("shown", ["font-size:0.9em", "opacity:0.5", "max-height:0.5em", "display:block"])
def test_what_is_small_is_read(shown):
    assert html(f'<span style="{shown}">x</span>') == [("x", {})]


@pytest.mark.parametrize(
    "frame",
    [
        '<div style="font-size: 0px; text-align: left">{}</div>',
        '<table><tr><td style="font-size:0;padding:10px">{}</td></tr></table>',
    ],
)
def test_what_stands_in_a_frame_without_a_size_is_read(frame):
    """So newsletters and invitations keep gaps from between their blocks, each of which has its own size."""
    assert html(frame.format('<div style="font-size:13px">x</div>')) == [("x", {})]


def test_what_only_speaks_of_hiding_is_read():
    assert html('<p title="style: display:none" data-hidden="hidden" style="color:red">x') == [("x", {})]


@pytest.mark.parametrize(
    "source", ["a<td hidden>b", "<table><tr hidden><td>a b</table>", "<div><td hidden>a b</div>"]
)
def test_nothing_else_is_hidden_by_a_tag_out_of_its_place(source):
    assert "b" in html(source)[0][0]


def test_pictures_stand_where_they_are_and_others_only_say_what_they_are():
    runs = html(
        'a<img src="cid:p@x" alt="photo">b<img src="http://t.example/1.gif"><img src=y alt="c &amp; d">'
    )
    assert runs == [("a", {}), ("photo", {"image": "p@x"}), ("bc & d", {})]


@pytest.mark.parametrize(
    "picture", ["<img src=http://t.example/a.png>", "<img src='/a.png' width=600 alt=' '>"]
)
def test_a_link_of_a_picture_that_says_nothing_says_where_it_leads(picture):
    link = {"link": "https://Shop.example/x"}
    assert html(f"a <a href='https://Shop.example/x'>{picture}</a> b") == [
        ("a ", {}), ("shop.example", link), (" b", {})
    ]  # fmt: skip
    row = f"<a href='https://Shop.example/x'>{picture}</a>" * 2
    assert html(row) == [("shop.example", link), (" ", {}), ("shop.example", link)]
    said = html(f"<a href='https://Shop.example/x'>{picture} Sale</a><a href='https://y.example'>")
    assert [text.strip() for text, _ in said] == ["Sale"]
    assert html(f"a{picture}") == [("a", {})]
    counting = "<img src=http://t.example/a.png width=1>"
    assert html(f"a<a href='https://Shop.example/x'>{counting}</a>") == [("a", {})]


def test_places_in_a_picture_are_links_by_themselves():
    source = """<img src=http://t.example/a.png alt=Menu usemap="#m"><map name=m>
        <area shape=rect coords="0,0,9,9" href="https://a.example/1" alt="Home &amp; news">
        <AREA href="https://b.example/2" title="Shop"/><area href="//c.example"><area alt="nothing">
        <area href="javascript:x()" alt="nowhere"></map>z"""
    assert html(source) == [
        ("Menu ", {}),
        ("Home & news", {"link": "https://a.example/1"}),
        (" ", {}),
        ("Shop", {"link": "https://b.example/2"}),
        (" ", {}),
        ("c.example", {"link": "https://c.example"}),
        (" z", {}),
    ]


def test_marks_of_ours_in_a_letter_are_no_text():
    runs = html("a\ufdd0b&#xfdd0;c&#xfddd;7&#xfde1;d&#xfde0;9&#xfde1;&#xfde6;&#xfde7;")
    assert "".join(text for text, _ in runs) == "abcd"
    assert not any("link" in said for _, said in runs)


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("a\n> b\n>> c\n> > d\ne", [("a\n", {}), ("b\n", {"quote": 1}), ("c\nd\n", {"quote": 2}), ("e", {})]),
        (">From here on", [(">From here on", {})]),
        (
            "see http://a.example/x.",
            [("see ", {}), ("http://a.example/x", {"link": "http://a.example/x"}), (".", {})],
        ),
        (
            "(http://a.example/x_(y))",
            [("(", {}), ("http://a.example/x_(y)", {"link": "http://a.example/x_(y)"}), (")", {})],
        ),
        ("<www.a.example>", [("<", {}), ("www.a.example", {"link": "http://www.a.example"}), (">", {})]),
        ("to ana@a.example!", [("to ", {}), ("ana@a.example", {"link": "mailto:ana@a.example"}), ("!", {})]),
        ("no link: a@b, http://", [("no link: a@b, http://", {})]),
        ("", []),
    ],
)
def test_plain_text_has_quotes_and_links(source, runs):
    assert plain(source) == runs


def test_flowed_text_is_joined_again():
    said = "one \ntwo\n> three \n> four\n>> five \nsix \n-- \nname \nplace\n  stuffed"
    assert plain(said, flowed=True) == [
        ("one two\n", {}),
        ("three four\n", {"quote": 1}),
        ("five\n", {"quote": 2}),
        ("six\n--\nname place\n stuffed", {}),
    ]
    assert plain("日本 \n語", flowed=True, delsp=True) == [("日本語", {})]


def test_runs_stop_at_their_limit_and_say_so():
    lines = plain_passages("word\n" * 1000)
    runs, cut = runs_of_passages(lines, 500)
    assert cut
    assert 0 < len("".join(run.text for run in runs)) <= 500
    assert runs_of_passages(lines, 100_000)[1] is False


def test_a_page_is_preferred_for_its_looks_and_plain_text_for_the_text():
    raw = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<b>page</b>\r\n--b--"
    )
    reading = reading_of(raw, runs_limit=10_000)
    assert reading.text == "plain"
    assert [told(run) for run in reading.runs] == [("page", {"bold": True})]


def test_flowed_is_read_from_the_header():
    raw = b"Content-Type: text/plain; format=Flowed; DelSp=Yes\r\n\r\none \r\ntwo\r\n"
    assert [run.text for run in reading_of(raw, runs_limit=10_000).runs] == ["onetwo"]


@pytest.mark.parametrize(
    "text",
    [
        *(said * (262_144 // len(said)) for said in ("a", "@", "a@", "http://", "www.", ">", "a@b.", "> ")),
        *("http://x" + ")" * 260_000, "-- \n" * 65_000, "a \n" * 87_000, "(" * 262_144),
    ],
    ids=range(12),
)
def test_no_text_takes_long(text):
    began = time.process_time()
    runs_of_passages(plain_passages(text), 200_000)
    runs_of_passages(plain_passages(text, flowed=True), 200_000)
    assert time.process_time() - began < 2


def test_nothing_is_said_of_a_plain_look():
    assert PLAIN == (False, False, False, False, False, 0, "", "")
