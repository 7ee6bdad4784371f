"""Colours that can be read, and windows that do not trample on tkinter."""

import importlib
import pkgutil

import pytest

tk = pytest.importorskip("tkinter")

import tkclient.ui  # noqa: E402 - only where there is a tkinter
from tkclient.ui import theme  # noqa: E402

READABLE = 4.5
# Overridden on purpose: a field's focus is its entry's.
MEANT = {
    "__init__",
    "__module__",
    "__doc__",
    "__firstlineno__",
    "__static_attributes__",
    "focus",
    "focus_set",
}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("ink", "paper"), theme.PAIRS)
def test_text_can_be_read(ink, paper):
    assert contrast(ink, paper) >= READABLE


def test_edges_and_marks_can_be_seen():
    for colour in (theme.EDGE, theme.ACCENT, theme.GOOD, theme.WARN):
        assert contrast(colour, theme.PAPER) >= 3


def widgets():
    for module in pkgutil.iter_modules(tkclient.ui.__path__):
        for value in vars(importlib.import_module(f"tkclient.ui.{module.name}")).values():
            if (
                isinstance(value, type)
                and issubclass(value, tk.Misc)
                and value.__module__.startswith("tkclient")
            ):
                yield value


@pytest.mark.parametrize("widget", sorted(set(widgets()), key=str))
def test_no_widget_overrides_what_tkinter_needs(widget):
    inherited = {name for base in widget.__mro__[1:] if base.__module__ == "tkinter" for name in vars(base)}
    assert set(vars(widget)) & inherited <= MEANT
