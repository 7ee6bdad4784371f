"""Editing as people expect it everywhere: Ctrl-A takes all, pasting replaces what is selected.

Tk on X11 has other habits (Ctrl-A goes to the start of the line, pasting leaves the selection).
"""

from __future__ import annotations

import tkinter as tk
from typing import Any


def teach(root: tk.Tk) -> None:
    """Give every text and entry of this window the common habits."""
    for class_ in ("Text", "TEntry", "TCombobox"):
        for key in ("<Control-a>", "<Control-A>"):
            root.bind_class(class_, key, _select_all)
    root.bind_class("Text", "<<Paste>>", _paste_text)
    root.bind_class("TEntry", "<<Paste>>", _paste_entry)


def _select_all(event: Any) -> str:
    widget = event.widget
    if isinstance(widget, tk.Text):
        widget.tag_add("sel", "1.0", "end-1c")
    else:
        widget.select_range(0, "end")
        widget.icursor("end")
    return "break"


def _clipboard(widget: Any) -> str:
    try:
        return str(widget.clipboard_get())
    except tk.TclError:
        return ""


def _paste_text(event: Any) -> str:
    widget = event.widget
    text = _clipboard(widget).replace("\x00", "")
    if text and str(widget["state"]) == "normal":
        if widget.tag_ranges("sel"):
            widget.delete("sel.first", "sel.last")
        widget.insert("insert", text)
        widget.see("insert")
    return "break"


def _paste_entry(event: Any) -> str:
    widget = event.widget
    text = " ".join(_clipboard(widget).replace("\x00", "").split())
    if text and not widget.instate(["readonly"]):
        if widget.selection_present():
            widget.delete("sel.first", "sel.last")
        widget.insert("insert", text)
    return "break"
