"""The page where a letter is written. The draft is kept on the server while it is."""

from __future__ import annotations

import tkinter as tk
from datetime import datetime
from typing import Any, Callable, Dict, Optional

from tkclient.clean import clean_line, clean_text
from tkclient.compose import Letter
from tkclient.desk import Desk, nothing
from tkclient.trouble import Trouble
from tkclient.ui import theme as look
from tkclient.ui.dialogs import Notice
from tkclient.ui.enclosures import Enclosures
from tkclient.ui.fields import Fields, go_on
from tkclient.ui.flow import Flow
from tkclient.ui.framed_text import FramedText
from tkclient.ui.parts import button, focused, label
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.sight import Sight
from tkclient.ui.theme import Theme
from tkclient.words import Words

KEEP_MS = 20_000


class Writer(tk.Frame):
    """`on_leave()`: the person is done here. `on_sent(submission)`: the letter is on its way."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        words: Words,
        desk: Desk,
        letter: Letter,
        on_leave: Callable[[], None],
        on_sent: Callable[[Dict[str, Any]], None],
    ) -> None:
        super().__init__(parent, bg=look.PAPER)
        self._theme, self._words, self._desk, self.letter = theme, words, desk, letter
        self._on_leave, self._on_sent = on_leave, on_sent
        self.sending = False
        self._gone = False
        self._asked_for_subject, self._question = False, Sight()
        self._build()
        self._timer = self.after(KEEP_MS, self._keep_by_itself)
        self.bind("<Destroy>", self._destroyed)

    def _destroyed(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self:
            self._gone = True
            self.after_cancel(self._timer)

    # Building

    def _build(self) -> None:
        px = self._theme.px
        self.notice = Notice(self, self._theme, self._words)
        self.notice.pack(side="top", fill="x")
        self._page = page = Scrolled(self, self._theme, filled=True)
        page.pack(side="top", fill="both", expand=True)
        self._build_actions()
        self.fields = Fields(page.inside, self._theme, self._words, self._desk, self.letter, self._send_key)
        self.fields.pack(side="top", fill="x", padx=px(26), pady=(px(8), 0))
        self.to, self.cc, self.subject = self.fields.to, self.fields.cc, self.fields.subject
        self._build_text()
        self.enclosures = Enclosures(
            page.inside, self._theme, self._words, self._desk, self.letter, self.notice
        )
        self.enclosures.pack(side="top", fill="x", padx=px(26))

    def _build_actions(self) -> None:
        px, words = self._theme.px, self._words
        row = Flow(self._page.inside, self._theme)
        row.pack(side="top", fill="x", padx=px(26), pady=(px(12), 0))
        self.send_button = button(row, words("writer.send"), self.post, "Primary", "Ctrl-Enter", self._theme)
        self._status = label(row, self._theme, "", "aside", look.SOFT)
        for part in (
            self.send_button,
            button(row, words("writer.attach"), self.attach, "Flat"),
            button(row, words("writer.discard"), self.discard, "Flat"),
            button(row, words("writer.later"), self.leave, "Flat", "Esc", self._theme),
            self._status,
        ):
            row.add(part)

    def _build_text(self) -> None:
        px, framed = self._theme.px, FramedText(self._page.inside, self._theme)
        framed.pack(side="top", fill="both", expand=True, padx=px(26), pady=px(10))
        self.text = framed.text
        self.text.insert("1.0", clean_text(self.letter.text))
        self.text.mark_set("insert", "1.0")
        self.text.edit_reset()
        self.text.bind("<Control-Return>", self._send_key)
        # Tab goes on to the next thing; a letter needs no tabulators, a keyboard needs a way out.
        self.text.bind("<Tab>", lambda event: go_on(event.widget))

    def focus_first(self) -> None:
        """Put the cursor where writing begins: for whom, or in the text of an answer."""
        if not self.letter.to:
            self.to.focus_set()
        elif not self.letter.subject:
            self.subject.focus_set()
        else:
            self.text.focus_set()

    def go_on(self) -> None:
        """Bring back to the letter whoever is elsewhere: the second press of a double click on "write"."""
        focus = focused(self)
        if focus is None or not str(focus).startswith(str(self) + "."):
            self.read_fields()
            self.focus_first()

    # Keeping

    def read_fields(self) -> None:
        """Take into the letter what stands in the fields and the text."""
        self.fields.read_into(self.letter)
        self.letter.text = self.text.get("1.0", "end-1c")

    def _keep_by_itself(self) -> None:
        try:
            if not self.sending:
                self.keep(lambda: None, self._not_kept)
        finally:
            self._timer = self.after(KEEP_MS, self._keep_by_itself)

    def _not_kept(self, _: Trouble) -> None:
        if not self._gone:
            self._status.configure(text=self._words("writer.not_kept"))

    def keep(self, done: Callable[[], None], failed: Callable[[Trouble], None]) -> None:
        """Save the draft when something changed."""
        self.read_fields()
        had_changed = self.letter.changed and not self.letter.is_empty

        def kept() -> None:
            if had_changed and not self._gone:
                self._status.configure(text=self._words("writer.kept", time=datetime.now().strftime("%H:%M")))
            done()

        self._desk.outgoing.keep(self.letter, kept, failed)

    def leave(self, go: Optional[Callable[[], None]] = None, asking: bool = True) -> None:
        """Keep the draft, then `go` (back, unless told); when it cannot be kept, say so and stay.

        Where a file is still on its way, it is asked first, unless there is nobody to ask.
        """
        go = go or self._on_leave
        if self.sending:
            self.notice.warn(self._words("writer.sending_wait"))
        elif self.letter.uploading and asking:
            self.keep(nothing, nothing)
            self.notice.ask(
                self._words("writer.still_attaching"),
                [
                    (self._words("writer.leave_without"), lambda: self._keep_and(go)),
                    (self._words("writer.stay"), self.text.focus_set),
                ],
            )
        else:
            self._keep_and(go)

    def _keep_and(self, go: Callable[[], None]) -> None:
        def kept() -> None:
            if self._gone:
                return
            self.read_fields()
            # What was typed while the rest was on its way is kept as well.
            if self.letter.changed and not self.letter.is_empty:
                self._keep_and(go)
            else:
                go()

        def stuck(trouble: Trouble) -> None:
            if not self._gone:
                self.notice.trouble(trouble, [(self._words("writer.leave_anyway"), go)])

        self.keep(kept, stuck)

    def attach(self) -> None:
        """Let the person choose files to go along."""
        if not self.sending:
            self.enclosures.choose()

    def discard(self) -> None:
        """Throw the letter away, after asking when there is something to lose; never one that is going."""
        if self.sending:
            return
        self.read_fields()
        if self.letter.is_empty and not self.letter.id:
            self._on_leave()
            return
        self.notice.ask(
            self._words("writer.discard_ask"),
            [
                (self._words("writer.discard_yes"), self._discard_now),
                (self._words("writer.discard_no"), self.text.focus_set),
            ],
        )

    def _discard_now(self) -> None:
        if self.sending:
            return
        self._desk.outgoing.discard(self.letter, lambda _: None)
        self._on_leave()

    # Sending

    def _send_key(self, _: Any) -> str:
        self.post()
        return "break"

    def post(self) -> None:
        """Check what can be checked here, then submit."""
        self._check_and_submit(even_empty=False)

    def _check_and_submit(self, even_empty: bool) -> None:
        if self.sending:
            return
        self.read_fields()
        self.notice.clear()
        if self._has_recipients() and self._has_its_files() and (even_empty or self._has_words()):
            self._set_sending(True)
            self._desk.outgoing.send(self.letter, self._sent, self._not_sent)

    def _has_recipients(self) -> bool:
        everyone, bad = self.letter.recipients()
        if not everyone:
            self.notice.warn(self._words("writer.nobody"))
            self.to.focus_set()
        elif bad:
            self.notice.warn(self._words("writer.bad_address", address=clean_line(bad[0], limit=80)))
            (self.cc if bad[0] in self.letter.cc else self.to).focus_set()
        return bool(everyone) and not bad

    def _has_its_files(self) -> bool:
        if self.letter.uploading:
            self.notice.warn(self._words("writer.wait_for_files"))
        return not self.letter.uploading

    def _has_words(self) -> bool:
        """Ask before an empty letter goes; before one without a subject, once."""
        letter, words = self.letter, self._words
        if letter.subject.strip():
            return True
        if not letter.text.strip() and not letter.attachments:
            anyway = (words("writer.send"), lambda: self._check_and_submit(even_empty=True))
            self.notice.ask(words("writer.empty_ask"), [anyway, (words("writer.stay"), self.text.focus_set)])
            return False
        if self._asked_for_subject and self._question.seen:
            return True
        if not self._asked_for_subject:
            self._asked_for_subject = True
            self._question.changed()
        write = (words("writer.write_subject"), self.subject.focus_set)
        self.notice.ask(
            words("writer.no_subject_ask"), [(words("writer.send_so"), self.post), write], focus=0
        )
        return False

    def _set_sending(self, sending: bool) -> None:
        self.sending = sending
        self.send_button.state(["disabled" if sending else "!disabled"])
        self.text.configure(state="disabled" if sending else "normal")
        self.enclosures.hold(sending)
        self._status.configure(text=self._words("writer.sending") if sending else "")

    def _sent(self, submission: Dict[str, Any]) -> None:
        if not self._gone:
            self._on_sent(submission)

    def _not_sent(self, trouble: Trouble) -> None:
        if self._gone:
            return
        self._set_sending(False)
        actions = [(self._words("notice.again"), self.post)] if trouble.retryable else []
        self.notice.trouble(trouble, actions)
