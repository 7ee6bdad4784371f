"""Editing as people expect it everywhere: Ctrl-A takes all, pasting replaces what is selected.

Tk on X11 has other habits (Ctrl-A goes to the start of the line, pasting leaves the selection).
"""

from __future__ import annotations

import tkinter as tk
from typing import Any


def teach(root: tk.Tk) -> None:
    """Give every text and entry of this window the common habits, Tk's own dialogues included."""
    habits = _Habits(root)
    for class_ in ("Text", "TEntry", "TCombobox"):
        for key in ("<Control-a>", "<Control-A>"):
            root.bind_class(class_, key, habits.select_all)
    root.bind_class("Text", "<<Paste>>", habits.paste)
    root.bind_class("TEntry", "<<Paste>>", habits.paste)


class _Habits:
    """Speaks to widgets by their Tcl names: those of Tk's own dialogues have no Python object."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._call = root.tk.call

    def _is_text(self, name: str) -> bool:
        return str(self._call("winfo", "class", name)) == "Text"

    def select_all(self, event: Any) -> str:
        name = str(event.widget)
        if self._is_text(name):
            self._call(name, "tag", "add", "sel", "1.0", "end-1c")
        else:
            self._call(name, "selection", "range", 0, "end")
            self._call(name, "icursor", "end")
        return "break"

    def paste(self, event: Any) -> str:
        name = str(event.widget)
        text = self._clipboard()
        if not text or str(self._call(name, "cget", "-state")) not in ("normal", ""):
            return "break"
        if self._is_text(name):
            if self._call(name, "tag", "ranges", "sel"):
                self._call(name, "delete", "sel.first", "sel.last")
            self._call(name, "insert", "insert", text)
            self._call(name, "see", "insert")
        else:
            if int(self._call(name, "selection", "present")):
                self._call(name, "delete", "sel.first", "sel.last")
            self._call(name, "insert", "insert", " ".join(text.split()))
        return "break"

    def _clipboard(self) -> str:
        try:
            return str(self._root.clipboard_get()).replace("\x00", "")
        except tk.TclError:
            return ""  # Nothing is there, or it is no text.
