"""White space of a page: where it is kept and where it is made single."""

import pytest

from stored.mime.html import html_text

KEEP, NORMAL = 'style="white-space: pre"', 'style="white-space: normal"'


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (f"<pre>a\nb<span {NORMAL}>c\nd</span>e\nf</pre>g\nh", "a\nbc de\nf\ng h"),
        (f"<pre {NORMAL}>a\nb</pre>c\nd", "a b\nc d"),
        (f"<pre {KEEP}>a\nb</pre>c\nd", "a\nb\nc d"),
        ('<pre style="white-space:nowrap">a\nb</pre>', "a b"),
        (f"<div {KEEP}>a\nb<p {NORMAL}>c\nd<span {KEEP}>e\nf</span></p>g\nh</div>", "a\nb\nc de\nf\n\ng\nh"),
        (f"<pre>a\nb<table><tr><td {NORMAL}>c\nd<td>e\nf</table>g\nh</pre>", "a\nb\nc d e\nf\ng\nh"),
        ('<pre style="white-space:normal;white-space:pre-wrap">a\nb</pre>', "a\nb"),
        # Ended in another order than begun.
        (f"<div {KEEP}>a\nb<span {NORMAL}>c\nd</div>e\nf</span>g\nh", "a\nbc d\ne fg h"),
        (f"<pre>a\nb<span {NORMAL}>c\nd</pre>e\nf</span>g\nh", "a\nbc d\ne fg h"),
        (f"<p {NORMAL}>a\nb<span {NORMAL}>c\nd", "a bc d"),
        ("<pre>a\nb&#xfde9;&#xfde7;c\nd</pre>e\nf&#xfde9;", "a\nbc\nd\ne f"),
    ],
)
def test_white_space_is_kept_where_the_page_says(source, text):
    assert html_text(source) == text
