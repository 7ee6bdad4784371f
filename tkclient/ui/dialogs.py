"""A calm bar that says one thing where the person is looking, and offers what can be done about it."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Callable, Optional, Sequence, Tuple

from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.flow import Flow, beside
from tkclient.ui.parts import Mark, Prose, button, focused, take_focus
from tkclient.ui.theme import Theme
from tkclient.words import Words

Action = Tuple[str, Callable[[], Any]]
NOTE_MS = 8_000


class Notice(tk.Frame):
    """Hidden until something is to be said. The owner grids or packs it once; it hides itself.

    `stacked` is for narrow places: what can be done stands under the sentence, and nothing need be closed.
    `trouble` stays until it is closed or `clear`ed; a `note` goes by itself; `ask` waits for an answer, and
    what is said meanwhile waits for it too: nothing else comes under a hand that is about to answer.
    What is said may have a `topic`; once that is `settle`d, it is not said any more.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, words: Words, stacked: bool = False) -> None:
        super().__init__(parent, bg=parent["bg"])
        self._stacked = stacked
        self._theme, self._words = theme, words
        self._timer: Optional[str] = None
        self._inside: Optional[tk.Frame] = None
        self._before: Optional[tk.Misc] = None
        self._asking = False
        self._waiting: Optional[Callable[[], None]] = None
        self.said, self.topic = "", ""

    def trouble(self, trouble: Trouble, actions: Sequence[Action] = (), topic: str = "") -> None:
        """Say what went wrong and what to do next."""
        if trouble.kind != "cancelled":
            self.warn(self._words.error(trouble), actions, topic)

    def warn(self, text: str, actions: Sequence[Action] = (), topic: str = "") -> None:
        if self._asking:
            self._waiting, self.topic = lambda: self.warn(text, actions, topic), topic
        else:
            self._show(text, "trouble", actions, close=True)
            self.topic = topic

    def settle(self, topic: str) -> bool:
        """Take back what is said, or waits to be, about `topic`: that is true no more. Say if there was."""
        if not topic or self.topic != topic:
            return False
        if self._asking:
            self._waiting, self.topic = None, ""
        else:
            self.clear()
        return True

    def note(self, text: str, actions: Sequence[Action] = (), stays: bool = False) -> None:
        """Say that something is done; it goes after a while."""
        if self._asking:
            self._waiting, self.topic = lambda: self.note(text, actions, stays), ""
            return
        self._show(text, "good", actions, close=True)
        if not stays:
            self._timer = self.after(NOTE_MS, self.clear)

    def ask(self, text: str, actions: Sequence[Action], focus: int = -1) -> None:
        """Put a question; the focus goes to the answer that harms nothing (the last, unless told).

        Escape gives that answer as well.
        """
        waiting, topic = (self._waiting, self.topic) if self._asking else (None, "")
        buttons = self._show(text, "trouble", actions, close=False)
        self._asking, self._waiting, self.topic = True, waiting, topic

        def refuse(_: Any) -> str:
            buttons[-1].invoke()
            return "break"

        for made in buttons:
            made.bind("<Escape>", refuse)
        take_focus(buttons[focus])

    def withdraw(self) -> None:
        """Take a question back: it is about something else than what the person looks at now."""
        if self._asking:
            self._answered()

    def _answered(self) -> None:
        waiting = self._waiting
        self.clear()
        if waiting is not None:
            waiting()

    def _show(self, text: str, mark: str, actions: Sequence[Action], close: bool) -> list:  # type: ignore[type-arg]
        self.clear()
        self._before = focused(self)
        self.said = text
        warm = mark == "trouble"
        paper, style = (look.WARN_WASH, "Warn") if warm else (look.WASH, "Note")
        px = self._theme.px
        self._inside = inside = tk.Frame(self, bg=paper)
        inside.pack(fill="x")
        inside.columnconfigure(1, weight=1)
        Mark(inside, self._theme, mark).grid(row=0, column=0, sticky="n", padx=(px(12), px(8)), pady=px(11))
        Prose(inside, self._theme, text, "aside", look.INK).grid(row=0, column=1, sticky="ew", pady=px(8))
        row = Flow(inside, self._theme, gap=4)
        made = [button(row, name, self._closing(command), style) for name, command in actions]
        if close and not self._stacked:
            made.append(button(row, self._words("notice.close"), self.clear, style))
        for one in made:
            row.add(one)
        # More than two would crowd the sentence at any width.
        beside(inside, row, self._theme, share=0 if len(made) > 2 or self._stacked else 0.45)
        return made

    def _closing(self, command: Callable[[], Any]) -> Callable[[], None]:
        def press() -> None:
            self._answered()
            command()

        return press

    def clear(self) -> None:
        """Say nothing any more."""
        self.said, self.topic, self._asking, self._waiting = "", "", False, None
        if self._timer is not None:
            self.after_cancel(self._timer)
            self._timer = None
        if self._inside is not None:
            self._give_focus_back(self._inside)
            self._inside.destroy()
            self._inside = None
            # An empty frame keeps its last size unless it is told otherwise.
            self.configure(height=1)

    def _give_focus_back(self, inside: tk.Frame) -> None:
        """Let nobody be left without a focus when a button that had it goes away."""
        before, focus = self._before, focused(self)
        within = focus is not None and str(focus).startswith(str(inside) + ".")
        if within and before is not None and before.winfo_exists() and before.winfo_viewable():
            before.focus_set()
