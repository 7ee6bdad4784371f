"""Colours, fonts and sizes: one accent, one wash, two greys, white paper; three sizes of text.

Fonts are named, so that every widget follows when the person changes the text size.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, Callable, Dict, List, Tuple

INK = "#1f2933"
SOFT = "#586471"
EDGE = "#8592a0"
LINE = "#e3e7eb"
PAPER = "#ffffff"
DESK = "#f4f6f8"
ACCENT = "#0b6e6e"
ACCENT_DEEP = "#085656"
WASH = "#e4f1f0"
WARN = "#9a4a08"
WARN_WASH = "#fdf3e7"
GOOD = "#2b8a57"

# What is written on what; a test holds every pair to 4.5 : 1.
PAIRS: Tuple[Tuple[str, str], ...] = (
    (INK, PAPER),
    (INK, DESK),
    (INK, WASH),
    (INK, WARN_WASH),
    (SOFT, PAPER),
    (SOFT, DESK),
    (SOFT, WASH),
    (ACCENT, PAPER),
    (ACCENT, DESK),
    (ACCENT, WASH),
    (PAPER, ACCENT),
    (PAPER, ACCENT_DEEP),
    (WARN, PAPER),
    (WARN, DESK),
    (WARN, WARN_WASH),
    (SOFT, WARN_WASH),
)

FAMILIES = ("Liberation Sans", "Helvetica Neue", "Segoe UI", "Noto Sans", "DejaVu Sans", "Arial")
FONTS: Dict[str, Tuple[int, Any]] = {
    "brand": (15, "bold"),
    "display": (22, "bold"),
    "title": (17, "bold"),
    "heading": (14, "bold"),
    "strong": (11, "bold"),
    "text": (11, "normal"),
    "reading": (12, "normal"),
    "aside": (10, "normal"),
    "aside_strong": (10, "bold"),
    "small": (9, "normal"),
    "small_strong": (9, "bold"),
}
STEPS = (80, 90, 100, 115, 130, 150, 175, 200)


class Theme:
    """The look of one window."""

    def __init__(self, root: tk.Tk) -> None:
        self.root = root
        self._step = STEPS.index(100)
        self._listeners: List[Callable[[], None]] = []
        present = set(tkfont.families(root))
        family = next((name for name in FAMILIES if name in present), "")
        self.family = family or str(root.tk.call("font", "actual", "TkDefaultFont", "-family"))
        self.fonts = {
            name: tkfont.Font(
                root, name="restante." + name, exists=False, family=self.family, size=size, weight=weight
            )
            for name, (size, weight) in FONTS.items()
        }
        # 96 dots an inch is where the distances below were drawn.
        self._dots = max(0.75, root.winfo_fpixels("1i") / 96.0)
        root.configure(bg=DESK)
        root.option_add("*Font", self.fonts["text"])
        self._style()

    def px(self, distance: float) -> int:
        """Return a drawn distance in this screen's pixels, following the text size a little."""
        return max(1, round(distance * self._dots * (1 + (STEPS[self._step] / 100.0 - 1) / 2)))

    def line_height(self, name: str) -> int:
        return int(self.fonts[name].metrics("linespace"))

    @property
    def percent(self) -> int:
        return STEPS[self._step]

    def on_change(self, widget: tk.Misc, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the text size changes, as long as `widget` lives."""
        self._listeners.append(listener)

        def forget(event: "tk.Event[tk.Misc]") -> None:
            if event.widget is widget and listener in self._listeners:
                self._listeners.remove(listener)

        widget.bind("<Destroy>", forget, add="+")

    def change_size(self, steps: int) -> None:
        """Make all text larger or smaller; 0 makes it as it was."""
        wanted = STEPS.index(100) if steps == 0 else self._step + steps
        self._step = min(len(STEPS) - 1, max(0, wanted))
        for name, (size, _) in FONTS.items():
            self.fonts[name].configure(size=max(6, round(size * STEPS[self._step] / 100.0)))
        self._style()
        for listener in list(self._listeners):
            listener()

    def _style(self) -> None:
        style = ttk.Style(self.root)
        style.theme_use("clam")
        self._style_dialogues(style)
        self._style_buttons(style)
        self._style_fields(style)
        self._style_scrollbar(style)
        style.configure(
            "TProgressbar",
            troughcolor=LINE,
            background=ACCENT,
            bordercolor=LINE,
            lightcolor=ACCENT,
            darkcolor=ACCENT,
            thickness=self.px(4),
            borderwidth=0,
        )

    def _style_dialogues(self, style: ttk.Style) -> None:
        """Give Tk's own file dialogues our paper and letters; they are made of unnamed styles."""
        style.configure(".", background=PAPER, foreground=INK, font=self.fonts["text"], bordercolor=EDGE)
        style.configure(
            "TButton", background=PAPER, bordercolor=EDGE, lightcolor=PAPER, darkcolor=PAPER, width=0
        )
        style.map("TButton", background=[("active", WASH)], bordercolor=[("focus", ACCENT)])
        style.map("TCheckbutton", background=[("active", PAPER)])
        for name in ("TMenubutton", "Toolbutton"):
            style.configure(name, background=PAPER, bordercolor=EDGE, lightcolor=PAPER, darkcolor=PAPER)
            style.map(name, background=[("active", WASH)])
        self.root.option_add("*TkFDialog*background", PAPER)
        self.root.option_add("*TkFDialog*selectBackground", ACCENT)
        size = self.fonts["text"].cget("size")
        for name in (
            "TkDefaultFont",
            "TkTextFont",
            "TkIconFont",
            "TkMenuFont",
            "TkCaptionFont",
            "TkHeadingFont",
        ):
            self.root.tk.call("font", "configure", name, "-family", self.family, "-size", size)

    def _style_buttons(self, style: ttk.Style) -> None:
        bare: Any = [
            (
                "Button.border",
                {
                    "sticky": "nswe",
                    "children": [
                        (
                            "Button.padding",
                            {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]},
                        )
                    ],
                },
            )
        ]
        kinds = {
            "Primary.TButton": (ACCENT, PAPER, ACCENT_DEEP, INK, "strong", (14, 6)),
            "Flat.TButton": (PAPER, INK, WASH, ACCENT, "text", (9, 6)),
            "Desk.TButton": (DESK, INK, WASH, ACCENT, "aside", (9, 4)),
            "Link.TButton": (PAPER, ACCENT, WASH, ACCENT, "text", (6, 4)),
            "SmallLink.TButton": (PAPER, ACCENT, WASH, ACCENT, "aside", (6, 2)),
            "DeskLink.TButton": (DESK, ACCENT, WASH, ACCENT, "aside", (6, 2)),
            "Warn.TButton": (WARN_WASH, INK, "#fae6cd", WARN, "aside_strong", (9, 3)),
            "Note.TButton": (WASH, INK, "#d2e8e6", ACCENT, "aside_strong", (9, 3)),
            "Choice.TButton": (PAPER, INK, WASH, ACCENT, "text", (16, 6)),
            "Outline.TButton": (PAPER, INK, WASH, ACCENT, "text", (14, 6)),
        }
        for name, (paper, ink, over, ring, font, padding) in kinds.items():
            edge = EDGE if name == "Outline.TButton" else paper
            style.layout(name, bare)
            style.configure(
                name,
                background=paper,
                foreground=ink,
                bordercolor=edge,
                lightcolor=paper,
                darkcolor=paper,
                # A flat relief would draw no border, and so no sign of the focus.
                relief="raised",
                borderwidth=1,
                font=self.fonts[font],
                padding=tuple(self.px(p) for p in padding),
                anchor="w" if name == "Choice.TButton" else "center",
                width=0,
            )
            inner = PAPER if name == "Primary.TButton" else ring
            style.map(
                name,
                background=[
                    ("disabled", paper if paper != ACCENT else EDGE),
                    ("pressed", over),
                    ("active", over),
                ],
                foreground=[("disabled", PAPER if paper == ACCENT else EDGE)],
                bordercolor=[("focus", ring)],
                lightcolor=[("focus", inner), ("active", over)],
                darkcolor=[("focus", inner), ("active", over)],
            )

    def _style_fields(self, style: ttk.Style) -> None:
        pad = (self.px(8), self.px(5))
        for name in ("TEntry", "TCombobox"):
            style.configure(
                name,
                fieldbackground=PAPER,
                foreground=INK,
                bordercolor=EDGE,
                lightcolor=PAPER,
                darkcolor=PAPER,
                insertcolor=INK,
                padding=pad,
                selectbackground=ACCENT,
                selectforeground=PAPER,
                arrowcolor=SOFT,
                background=PAPER,
                arrowsize=self.px(14),
            )
            style.map(
                name,
                bordercolor=[("focus", ACCENT)],
                lightcolor=[("focus", ACCENT)],
                darkcolor=[("focus", ACCENT)],
                fieldbackground=[("readonly", PAPER), ("disabled", DESK)],
                foreground=[("disabled", SOFT)],
                selectbackground=[("readonly", PAPER)],
                selectforeground=[("readonly", INK)],
                background=[("active", WASH)],
            )
        for name, paper in (("TRadiobutton", PAPER), ("Desk.TRadiobutton", DESK)):
            style.configure(
                name,
                background=paper,
                foreground=INK,
                font=self.fonts["text"],
                indicatorbackground=PAPER,
                indicatorforeground=ACCENT,
                indicatorsize=self.px(13),
                indicatormargin=self.px(4),
                focuscolor=ACCENT,
                padding=self.px(3),
                upperbordercolor=EDGE,
                lowerbordercolor=EDGE,
            )
            style.map(
                name,
                background=[("active", paper)],
                indicatorcolor=[("selected", ACCENT), ("pressed", WASH)],
            )
        self.root.option_add("*TCombobox*Listbox.background", PAPER)
        self.root.option_add("*TCombobox*Listbox.foreground", INK)
        self.root.option_add("*TCombobox*Listbox.selectBackground", ACCENT)
        self.root.option_add("*TCombobox*Listbox.selectForeground", PAPER)

    def _style_scrollbar(self, style: ttk.Style) -> None:
        for way, sticky in (("Vertical", "ns"), ("Horizontal", "we")):
            name = way + ".TScrollbar"
            bare: Any = [
                (
                    way + ".Scrollbar.trough",
                    {
                        "sticky": sticky,
                        "children": [(way + ".Scrollbar.thumb", {"expand": "1", "sticky": "nswe"})],
                    },
                )
            ]
            style.layout(name, bare)
            style.configure(
                name,
                troughcolor=PAPER,
                background="#c9d0d7",
                bordercolor=PAPER,
                lightcolor="#c9d0d7",
                darkcolor="#c9d0d7",
                gripcount=0,
                arrowsize=self.px(10),
                borderwidth=0,
                relief="flat",
            )
            style.map(
                name,
                background=[("disabled", PAPER), ("pressed", EDGE), ("active", EDGE)],
                lightcolor=[("disabled", PAPER), ("active", EDGE)],
                darkcolor=[("disabled", PAPER), ("active", EDGE)],
            )
