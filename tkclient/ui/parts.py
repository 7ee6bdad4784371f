"""Small parts every pane is made of: buttons, labels that wrap, fields, hints, drawn marks."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Any, Callable, Optional

from tkclient.ui import theme as look
from tkclient.ui.theme import Theme


def button(
    parent: tk.Misc,
    text: str,
    command: Callable[[], Any],
    style: str = "Flat",
    tip: str = "",
    theme: Optional[Theme] = None,
) -> ttk.Button:
    """Return a button that Return presses as Space does. `tip` shows beside it: usually its key."""
    made = ttk.Button(parent, text=text, command=command, style=style + ".TButton")
    made.bind("<Return>", lambda _: made.invoke())
    made.bind("<KP_Enter>", lambda _: made.invoke())
    # Otherwise Return would take what belongs to the window: sending a letter.
    made.bind("<Control-Return>", lambda _: None)
    if tip and theme is not None:
        Tip(made, tip, theme)
    return made


def focused(widget: tk.Misc) -> Optional[tk.Misc]:
    """Return what has the focus in the window of `widget`; None too while a dialogue of Tk's own has it.

    Tkinter raises KeyError there: it knows no widget that Tk made by itself.
    """
    try:
        return widget.focus_get()
    except KeyError:
        return None


def take_focus(widget: tk.Misc) -> None:
    """Give `widget` the focus at once, though it was made or shown only now.

    Tk waits with the focus until a widget is on the screen, and the keys typed meanwhile go to what had it.
    """
    widget.update_idletasks()
    widget.focus_set()


def label(
    parent: tk.Misc, theme: Theme, text: str = "", font: str = "text", fg: str = look.INK, **more: Any
) -> tk.Label:
    """Return one line of text on its parent's paper."""
    more.setdefault("bg", parent["bg"])
    return tk.Label(parent, text=text, font=theme.fonts[font], fg=fg, anchor="w", justify="left", **more)


def rule(parent: tk.Misc, upright: bool = False) -> tk.Frame:
    """Return a line of one pixel."""
    return (
        tk.Frame(parent, bg=look.LINE, width=1, height=1)
        if upright
        else tk.Frame(parent, bg=look.LINE, height=1)
    )


def drawing(parent: tk.Misc, **more: Any) -> tk.Canvas:
    """Return a canvas in the Tab order, with a line around it while it has the focus."""
    paper = parent["bg"]
    return tk.Canvas(
        parent,
        bg=paper,
        bd=0,
        highlightthickness=1,
        highlightbackground=paper,
        highlightcolor=look.ACCENT,
        takefocus=True,
        width=10,
        height=10,
        **more,
    )


class Prose(tk.Label):
    """Text that wraps at whatever width it is given."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        text: str = "",
        font: str = "text",
        fg: str = look.INK,
        **more: Any,
    ) -> None:
        # It asks for no width of its own: long texts would push everything aside.
        more = dict({"bg": parent["bg"], "anchor": "w", "justify": "left", "width": 1}, **more)
        super().__init__(parent, text=text, font=theme.fonts[font], fg=fg, **more)
        self.bind("<Configure>", self._wrap)

    def _wrap(self, event: "tk.Event[tk.Misc]") -> None:
        width = max(60, event.width - 2 * int(str(self["padx"])))
        if int(str(self["wraplength"])) != width:
            self.configure(wraplength=width)


class Field(tk.Frame):
    """A label, an entry under it, and room for a sentence about what was typed."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, text: str, hidden: bool = False, hint: str = "", width: int = 32
    ) -> None:
        super().__init__(parent, bg=parent["bg"])
        self._hint = hint
        label(self, theme, text, "aside_strong", look.INK).pack(fill="x")
        self.value = tk.StringVar(self)
        self.entry = ttk.Entry(
            self,
            textvariable=self.value,
            font=theme.fonts["text"],
            width=width,
            show="\u2022" if hidden else "",
        )
        self.entry.pack(fill="x", pady=(theme.px(3), 0))
        self._said = Prose(self, theme, hint, "small", look.SOFT)
        if hint:
            self._said.pack(fill="x", pady=(theme.px(2), 0))
        self._theme = theme
        self.value.trace_add("write", lambda *_: self.say(""))

    def get(self) -> str:
        return self.value.get()

    def say(self, trouble: str) -> None:
        """Say what is wrong with what was typed, under it; "" brings the hint back."""
        text = trouble or self._hint
        self._said.configure(text=text, fg=look.WARN if trouble else look.SOFT)
        if text:
            self._said.pack(fill="x", pady=(self._theme.px(2), 0))
        else:
            self._said.pack_forget()

    def focus(self) -> None:
        self.entry.focus_set()
        self.entry.select_range(0, "end")

    focus_set = focus


class Tip:
    """A few words that come when the pointer rests on a widget."""

    DELAY_MS = 600

    def __init__(self, widget: tk.Widget, text: str, theme: Theme) -> None:
        self._widget, self._text, self._theme = widget, text, theme
        self._window: Optional[tk.Toplevel] = None
        self._timer: Optional[str] = None
        widget.bind("<Enter>", self._soon, add="+")
        for event in ("<Leave>", "<ButtonPress>", "<Destroy>", "<Key>"):
            widget.bind(event, self._away, add="+")

    def _soon(self, _: Any) -> None:
        self._away()
        self._timer = self._widget.after(self.DELAY_MS, self._show)

    def _show(self) -> None:
        self._timer = None
        if not self._widget.winfo_viewable():
            return
        self._window = window = tk.Toplevel(self._widget, bg=look.INK)
        window.wm_overrideredirect(True)
        said = label(window, self._theme, self._text, "small", look.PAPER, bg=look.INK)
        said.configure(padx=self._theme.px(7), pady=self._theme.px(3))
        said.pack()
        x = min(self._widget.winfo_rootx(), self._widget.winfo_screenwidth() - said.winfo_reqwidth() - 4)
        window.wm_geometry("+%d+%d" % (x, self._widget.winfo_rooty() + self._widget.winfo_height() + 4))

    def _away(self, _: Any = None) -> None:
        if self._timer is not None:
            self._widget.after_cancel(self._timer)
            self._timer = None
        if self._window is not None:
            self._window.destroy()
            self._window = None


class Mark(tk.Canvas):
    """A small drawn sign: fonts may lack it. Shapes differ, so that colour is never needed to tell."""

    def __init__(self, parent: tk.Misc, theme: Theme, shape: str = "", size: int = 12) -> None:
        side = theme.px(size)
        super().__init__(parent, width=side, height=side, bg=parent["bg"], highlightthickness=0, bd=0)
        self._side = side
        self.show(shape)

    def show(self, shape: str) -> None:
        self.delete("all")
        draw_mark(self, shape, 0, 0, self._side)


def draw_mark(canvas: tk.Canvas, shape: str, x: int, y: int, side: int) -> None:
    """Draw "good", "trouble", "waiting", "working", "clip", "answered" or nothing, in a square at x, y."""
    s = side / 12.0

    def at(*points: float) -> list[float]:
        return [(x if i % 2 == 0 else y) + p * s for i, p in enumerate(points)]

    if shape == "good":
        canvas.create_oval(*at(2.5, 2.5, 9.5, 9.5), fill=look.GOOD, outline=look.GOOD)
    elif shape == "trouble":
        canvas.create_polygon(*at(6, 1, 11.5, 11, 0.5, 11), fill=look.WARN, outline=look.WARN)
        canvas.create_line(*at(6, 4.2, 6, 7.6), fill=look.PAPER, width=max(1, round(1.4 * s)))
        canvas.create_line(*at(6, 8.6, 6, 9.8), fill=look.PAPER, width=max(1, round(1.4 * s)))
    elif shape == "waiting":
        canvas.create_oval(*at(2.5, 2.5, 9.5, 9.5), outline=look.EDGE, width=max(1, round(1.4 * s)))
    elif shape == "working":
        canvas.create_oval(*at(2.5, 2.5, 9.5, 9.5), outline=look.ACCENT, width=max(1, round(1.4 * s)))
        canvas.create_oval(*at(4.8, 4.8, 7.2, 7.2), fill=look.ACCENT, outline=look.ACCENT)
    elif shape == "clip":
        canvas.create_line(
            *at(
                8.5,
                4,
                4.6,
                8,
                4.6,
                9.4,
                6,
                9.4,
                10.2,
                5,
                10.2,
                2.6,
                8.4,
                1.4,
                6.6,
                2,
                2.4,
                6.6,
                2.2,
                9.4,
                4,
                11.4,
                6.4,
                11,
                10,
                7.4,
            ),
            fill=look.SOFT,
            width=max(1, round(1.1 * s)),
            smooth=True,
        )
    elif shape == "answered":
        canvas.create_line(
            *at(5, 2.5, 1.5, 6, 5, 9.5), fill=look.SOFT, width=max(1, round(1.3 * s)), capstyle="round"
        )
        canvas.create_line(
            *at(1.5, 6, 7, 6, 10, 7, 10.8, 10), fill=look.SOFT, width=max(1, round(1.3 * s)), smooth=True
        )


def on_wheel(widget: tk.Misc, scroll: Callable[[int], None]) -> None:
    """Call `scroll(steps)` for the wheel over `widget`, whatever this system calls its turns."""
    widget.bind("<Button-4>", lambda _: scroll(-1), add="+")
    widget.bind("<Button-5>", lambda _: scroll(+1), add="+")

    def turned(event: "tk.Event[tk.Misc]") -> None:
        steps = -event.delta // 120 if abs(event.delta) >= 120 else (-1 if event.delta > 0 else 1)
        scroll(int(steps))

    widget.bind("<MouseWheel>", turned, add="+")
