"""The window: one page at a time, the keys that work everywhere, and what happens when something breaks.

Whatever a callback of Tk raises becomes a sentence here; it never ends the program and never shows a
traceback to the person.
"""

from __future__ import annotations

import contextlib
import sys
import tkinter as tk
import traceback
from typing import Any, Callable, Dict, Optional

from tkclient.desk import Desk
from tkclient.trouble import Trouble
from tkclient.ui import editing
from tkclient.ui.login import LoginPage
from tkclient.ui.mail import MailPage
from tkclient.ui.parts import focused
from tkclient.ui.scrolled import Scrolled
from tkclient.ui.theme import Theme
from tkclient.words import LANGUAGES, Words

WIDTH, HEIGHT = 1180, 720
SMALLEST = (800, 500)
# What is bound to this comes before a widget's own bindings.
USE_TAG = "RestanteUse"


def make_root() -> tk.Tk:
    """Return the one Tk of the program. Raises Trouble `no_window` where there is no display."""
    try:
        return tk.Tk(className="restante")
    except tk.TclError as problem:
        raise Trouble("no_window", detail=str(problem)) from problem


class Window:
    """`language` "" follows the profile; a name stands ready in the login."""

    def __init__(self, root: tk.Tk, desk: Desk, language: str = "", user: str = "") -> None:
        self.root, self.desk = root, desk
        self._language_told = bool(language)
        self._user = user
        self.words = Words(language or "es")
        root.withdraw()
        root.report_callback_exception = self._broke
        self.theme = Theme(root)
        editing.teach(root)
        self._place()
        self.page: Any = None
        self._copied = False
        self._bind_keys()
        self.show_login()
        root.protocol("WM_DELETE_WINDOW", self.close)
        root.deiconify()
        desk.start()

    def _place(self) -> None:
        screen_width, screen_height = self.root.winfo_screenwidth(), self.root.winfo_screenheight()
        width = min(screen_width, self.theme.px(WIDTH))
        height = min(screen_height, self.theme.px(HEIGHT))
        x, y = (screen_width - width) // 2, max(0, (screen_height - height) // 2)
        self.root.geometry("%dx%d+%d+%d" % (width, height, x, y))
        self.root.minsize(min(SMALLEST[0], screen_width), min(SMALLEST[1], screen_height))

    def say_title(self, what: str) -> None:
        """Say in the title what is shown, once it has its place: whoever reads that can act on it."""
        title = "restante" + (" \u00b7 " + what if what else "")
        if title != self.root.title():
            self.root.update_idletasks()
            self.root.title(title)

    # Pages

    def _turn_to(self, make: Callable[[], Any]) -> None:
        # The old page goes last: if making the new one fails, there is somewhere to say it.
        old, self.page = self.page, make()
        if old is not None:
            old.destroy()
        self.page.pack(fill="both", expand=True)
        # Once everything has its place the focus is taken at once; else keys typed meanwhile would be lost.
        self.root.update_idletasks()
        self.page.focus_first()

    def sign_in(self, password: str) -> None:
        """Open the profile whose name stands ready, as if `password` had been typed."""
        if isinstance(self.page, LoginPage):
            self.page.password.value.set(password)
            self.page.submit()

    def show_login(self, trouble: Optional[Trouble] = None, said: str = "", creating: bool = False) -> None:
        """Show the first page, with a word on why when there is one."""
        self.desk.bells.clear()
        self.desk.bells.on("ended", self._ended)
        self._turn_to(
            lambda: LoginPage(
                self.root, self.theme, self.words, self.desk, self.speak, self._opened, self._user, creating
            )
        )
        self.say_title(self.words("login.title"))
        if trouble is not None:
            self.page.notice.trouble(trouble)
        elif said:
            self.page.notice.note(said)

    def speak(self, language: str) -> None:
        """Change the language of the first page; from then on it counts as told."""
        self.words, self._language_told = Words(language), True
        self._set_tk_language()
        page = self.page
        if isinstance(page, LoginPage):
            self._user = page.name.get()
            self.show_login(creating=page.creating)

    def _set_tk_language(self) -> None:
        """Tk's own file dialogues speak the same language, and hide what is hidden."""
        self.root.tk.call("::msgcat::mclocale", self.words.language)
        # This call fails by design: it makes Tk load its dialogue, whose settings exist only then.
        with contextlib.suppress(tk.TclError):
            self.root.tk.call("tk_getOpenFile", "-no-such-option")
        for name, value in (("showHiddenBtn", 0), ("showHiddenVar", 0)):
            self.root.tk.call("set", "::tk::dialog::file::" + name, value)

    def _opened(self, profile: Dict[str, Any]) -> None:
        language = str(profile.get("settings", {}).get("language", ""))
        if not self._language_told and language in LANGUAGES:
            self.words = Words(language)
        self._set_tk_language()
        self._user = ""
        self._turn_to(
            lambda: MailPage(self.root, self.theme, self.words, self.desk, self.leave, self.say_title)
        )

    def leave(self) -> None:
        """Sign out; nothing of the visit stays in this window or the clipboard; what was saved does."""
        self.desk.leave(lambda: self._left(self._say_left()))

    def _say_left(self) -> str:
        files = self.desk.files_left
        return self.words("login.left_but", count=files) if files else self.words("login.left")

    def _left(self, said: str) -> None:
        if self._copied:
            self.root.clipboard_clear()
            self._copied = False
        self.show_login(said=said)

    def _ended(self, trouble: Trouble) -> None:
        self.show_login(trouble=Trouble("session_ended") if trouble.kind == "unauthenticated" else trouble)

    def close(self) -> None:
        """The window is closed: keep what is written, close the session, go. Never waits for long."""
        if isinstance(self.page, MailPage):
            self.page.writing.leaving(lambda: self.desk.leave(self._destroy), asking=False)
            self.root.after(4_000, self._destroy)
        else:
            self._destroy()

    def _destroy(self) -> None:
        self.desk.tasks.stop()
        # It may have been destroyed already by the other of the two ways here.
        with contextlib.suppress(tk.TclError):
            self.root.destroy()

    # Keys

    def _bind_keys(self) -> None:
        keys: Dict[str, Callable[[MailPage], Any]] = {
            "<Control-n>": lambda page: page.writing.write(),
            "<Control-r>": lambda page: page.writing.answer(),
            "<Control-Shift-R>": lambda page: page.writing.answer(True),
            "<Control-Shift-F>": lambda page: page.writing.forward(),
            "<Control-m>": lambda page: page.letters.ask_where(),
            "<Control-u>": lambda page: page.letters.mark(),
            "<Control-q>": lambda page: page.leave(),
            "<F5>": lambda page: page.collect(),
            "<F6>": lambda page: page.next_pane(),
            "<F1>": lambda page: page.show_keys(),
            "<Control-Return>": lambda page: page.writing.post(),
            "<Delete>": self._delete_key,
            "<Escape>": lambda page: page.back(),
        }
        for key, verb in keys.items():
            self.root.bind(key, self._key(verb))
        sizes = {
            "<Control-plus>": 1,
            "<Control-equal>": 1,
            "<Control-KP_Add>": 1,
            "<Control-minus>": -1,
            "<Control-KP_Subtract>": -1,
            "<Control-0>": 0,
        }
        for key, steps in sizes.items():
            self.root.bind(key, self._sizer(steps))
        for event in ("<<Copy>>", "<<Cut>>"):
            self.root.bind_all(event, self._copy_seen, add="+")
        self._watch_use()

    def _key(self, verb: Callable[[MailPage], Any]) -> Callable[[Any], None]:
        def press(event: Any) -> None:
            self.desk.used()
            if isinstance(self.page, MailPage):
                verb(self.page)
            elif isinstance(self.page, LoginPage) and event.keysym == "Escape":
                self.page.back()

        return press

    def _watch_use(self) -> None:
        """Note every key and press of a person, also those a widget keeps to itself with "break"."""
        for event in ("<Key>", "<Button>"):
            self.root.bind_class(USE_TAG, event, lambda _: self.desk.used())
        for event in ("<FocusIn>", "<Enter>"):
            self.root.bind_all(event, self._tag_for_use, add="+")
        self.root.bind_all("<FocusIn>", self._keep_focus_in_sight, add="+")

    def _keep_focus_in_sight(self, event: Any) -> None:
        """Scroll the page that the widget with the focus lies in."""
        widget = focused(self.root)
        if widget is None or widget is not event.widget:
            # What it lies in is told too; higher than the window, that would be scrolled to and fro.
            return
        above = widget.master
        while above is not None and not isinstance(above, Scrolled):
            above = above.master
        if above is not None:
            above.see(widget)

    def _tag_for_use(self, event: Any) -> None:
        name = str(event.widget)
        tags = self.root.tk.splitlist(self.root.tk.call("bindtags", name))
        if USE_TAG not in tags:
            self.root.tk.call("bindtags", name, (USE_TAG, *tags))

    def _copy_seen(self, _: Any) -> None:
        self._copied = True

    def _sizer(self, steps: int) -> Callable[[Any], None]:
        return lambda _: self.theme.change_size(steps)

    def _delete_key(self, page: MailPage) -> None:
        """Delete a letter, but only from where letters are looked at, not from an entry."""
        if focused(self.root) in (page.list.canvas, page.reader.text):
            page.letters.delete()

    # Breaking

    def _broke(self, kind: Any, value: BaseException, trace: Any) -> None:
        """Say calmly that something went wrong here; the details go to standard error for who looks there."""
        traceback.print_exception(kind, value, trace, file=sys.stderr)
        trouble = value if isinstance(value, Trouble) else Trouble("client_broke")
        notice = getattr(self.page, "notice", None)
        # What is raised here would end the program. The page may be going away: there is nowhere to say it.
        with contextlib.suppress(Exception):
            if notice is not None:
                notice.trouble(trouble)
