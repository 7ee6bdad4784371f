"""What styles say of letters."""

import pytest

from stored.mime.styles import is_light


@pytest.mark.parametrize(
    ("style", "light"),
    [
        ("font-weight:normal", True),
        ("font:12pxx", True),
        ("font:italic.9emArial", True),
        ("font:40012pxArial", True),
        ("font:smallArial", True),
        ("font:xx-large/1.5Arial", True),
        ("font:small-capsmediumArial", True),
        ("font:inherit", True),
        ("font:bold12pxArial", False),
        ("font:70012pxArial", False),
        ("font:12pxx;font-weight:bold", False),
        ("font:Arial", False),
        ("mso-font:12px", False),
        ("font-size:12px", False),
    ],
)
def test_the_font_of_a_style_says_its_weight(style, light):
    assert is_light(style) is light
