"""What goes along with the letter being written: a line each, its progress, and a way to take it off."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from tkinter import filedialog
from typing import Any, Dict, Optional

from tkclient.clean import clean_line
from tkclient.compose import Letter
from tkclient.desk import Desk
from tkclient.outgoing import Attaching
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.dialogs import Notice
from tkclient.ui.parts import Mark, button, label
from tkclient.ui.theme import Theme
from tkclient.words import Words

# What is said of a file that cannot go along, until another one does.
UNFIT = "unfit file"


class Enclosures(tk.Frame):
    """The attachments of `letter`; what goes wrong is said on `notice`."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, words: Words, desk: Desk, letter: Letter, notice: Notice
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk = theme, words, desk
        self._letter, self._notice = letter, notice
        self._held = False
        for attachment in letter.attachments:
            self._show(attachment, None)

    def hold(self, held: bool) -> None:
        """Let nothing be taken off while the letter is going."""
        self._held = held

    def choose(self) -> None:
        """Let the person choose a file and send it up.

        One at a time: Tk's dialogue for several takes a typed name apart at its spaces.
        """
        chosen = filedialog.askopenfilename(
            parent=self,
            title=self._words("writer.attach_title"),
            initialdir=str(Path.home()),
            filetypes=[(self._words("files.all"), "*")],
        )
        if chosen and self.winfo_exists():
            self.add(Path(chosen))

    def add(self, file: Path) -> None:
        moving: Dict[str, Any] = {}

        def progress(sent: int, total: int) -> None:
            if "note" in moving and moving["note"].winfo_exists():
                done, all_ = self._words.octets(sent), self._words.octets(total)
                moving["note"].configure(text=self._words("attachment.moved", done=done, total=all_))

        def there(attachment: Any) -> None:
            if self.winfo_exists():
                self._notice.settle(UNFIT)
            if moving["note"].winfo_exists():
                moving["note"].configure(text=self._words.octets(attachment.octets))

        def lost(trouble: Trouble) -> None:
            if self.winfo_exists():
                if moving["row"].winfo_exists():
                    moving["row"].destroy()
                self._say(trouble, file)

        try:
            attaching = self._desk.outgoing.attach(self._letter, file, progress, there, lost)
        except Trouble as trouble:
            self._say(trouble, file)
            return
        moving["row"], moving["note"] = self._show(attaching.attachment, attaching)

    def _say(self, trouble: Trouble, file: Path) -> None:
        """Say why a file does not go along; it can be tried again where that may help."""
        if trouble.retryable:
            self._notice.trouble(trouble, [(self._words("notice.again"), lambda: self.add(file))])
        else:
            self._notice.trouble(trouble, topic=UNFIT)

    def _show(self, attachment: Any, attaching: Optional[Attaching]) -> Any:
        px, theme = self._theme.px, self._theme
        row = tk.Frame(self, bg=look.DESK)
        row.pack(fill="x", pady=(0, px(4)))
        Mark(row, theme, "clip", 13).pack(side="left", padx=(px(10), px(6)))

        def remove() -> None:
            if self._held:
                return
            if attaching is not None:
                attaching.task.cancel()
            if attachment in self._letter.attachments:
                self._letter.attachments.remove(attachment)
            row.destroy()
            if not self.winfo_children():
                self.configure(height=1)

        button(row, self._words("writer.remove"), remove, "Desk").pack(side="right", padx=px(6), pady=px(3))
        note = label(row, theme, self._words.octets(attachment.octets), "aside", look.SOFT)
        note.pack(side="right", padx=px(6))
        label(row, theme, clean_line(attachment.name, limit=80), "strong").pack(side="left", fill="x")
        return row, note
