"""A display of the tests' own, the fake service, and the client as a process driven by keys and clicks.

What is on the screen is known by honest signs only: what the service was asked, the window's title, whether
the picture changed, files that were saved.
"""

import gc
import hashlib
import os
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ui.fakeserver import FakeServer
from tests.ui.turning import at_rest, press, spin

SECONDS = 15
# The client runs on older Pythons than the tests: CLIENT_PYTHON=/usr/bin/python3.8 drives it there.
PYTHON = os.environ.get("CLIENT_PYTHON", sys.executable)
NEEDED = ("Xvfb", "xdotool", "import")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.ui)
            # One at a time: keys typed into a client that is starved of time arrive late.
            item.add_marker(pytest.mark.xdist_group("ui"))


@contextmanager
def made_display(width, height):
    """Run Xvfb on a display it chooses itself; give its name."""
    for tool in NEEDED:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    pytest.importorskip("tkinter", reason="this Python has no tkinter")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        ready, _, _ = select.select([told], [], [], SECONDS)
        number = told.readline().strip() if ready else ""
    if not number:
        server.kill()
        pytest.skip("Xvfb does not start here")
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def display():
    with made_display(1180, 720) as name:
        yield name


@pytest.fixture(scope="session")
def small_display():
    with made_display(1024, 600) as name:
        yield name


@pytest.fixture
def server():
    with FakeServer() as server:
        yield server


class Client:
    """The client's process and its screen."""

    def __init__(self, display, server, home, *options, **more):
        self.display = display
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RESTANTE_")}
        environment.update(DISPLAY=display, HOME=str(home), PYTHONPATH=str(Path.cwd()))
        self.environment = environment | more
        command = [PYTHON, "-m", "tkclient", "--server", server.url, *options]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, cwd=home)
        self.wait_title("restante")
        # Without a window manager nobody else gives the window the keyboard.
        self.do("windowfocus", "--sync", self.window())

    def do(self, *words):
        done = subprocess.run(["xdotool", *words], env=self.environment, capture_output=True, text=True)
        return done.stdout.strip()

    def window(self):
        return self.do("search", "--onlyvisible", "--class", "restante").split("\n")[0]

    def title(self):
        window = self.window()
        return self.do("getwindowname", window) if window else ""

    def keys(self, *keys):
        self.do("key", "--delay", "15", *keys)

    def type(self, text):
        self.do("type", "--delay", "8", "--", text)

    def click(self, x, y):
        self.do("mousemove", str(x), str(y), "click", "1")

    def shot(self, path=None):
        """Return what tells this picture from another; `path` also keeps it."""
        if path is not None:
            subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)
        picture = subprocess.run(
            ["import", "-window", "root", "rgb:-"], env=self.environment, capture_output=True
        )
        return hashlib.sha256(picture.stdout).hexdigest()

    def wait_title(self, part):
        self.wait(lambda: part in self.title(), f"a title with {part!r}")

    def wait_change(self, before):
        """Wait until the screen looks other than `before`."""
        self.wait(lambda: self.shot() != before, "the screen to change")

    def wait(self, done, what):
        deadline = time.monotonic() + SECONDS
        while not done():
            if self.process.poll() is not None:
                raise AssertionError("the client ended: " + self.stop())
            assert time.monotonic() < deadline, f"waited in vain for {what}; the title is {self.title()!r}"
            time.sleep(0.03)

    def until(self, act, done, what):
        """Do again and again what can do no harm, until it has its effect: where no sign tells when."""

        def tried():
            if not done():
                act()
            return done()

        self.wait(tried, what)

    def wait_dialogue(self, title):
        """Wait until a dialogue of Tk's own has the keyboard."""
        self.wait(lambda: title in self.do("getwindowfocus", "getwindowname"), f"the dialogue {title!r}")

    def log_in(self, name="maria", password="clave-larga", title="Entrada"):
        self.type(name)
        self.keys("Tab")
        self.type(password)
        self.keys("Return")
        self.wait_title(title)

    def stop(self):
        """End the client; what it wrote on standard error is the test's failure."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            _, said = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return said.decode()


@pytest.fixture
def client(display, server, tmp_path):
    """The client on the login page. A traceback anywhere in it fails the test."""
    client = Client(display, server, tmp_path)
    yield client
    server.resume()
    assert client.stop() == ""


@pytest.fixture
def small_client(small_display, server, tmp_path):
    client = Client(small_display, server, tmp_path, "--language", "en", "--patience", "2")
    yield client
    server.resume()
    assert client.stop() == ""


# Tcl aborts the process when an interpreter is let go in another thread than its own, and a collection of
# garbage may run in any: each is kept to the end, and what hung on it is collected at once.
INTERPRETERS: list[Any] = []


@pytest.fixture
def root(display):
    """A Tk in this very process, on a real display, whose failing callbacks fail the test."""
    tk = pytest.importorskip("tkinter")
    root = tk.Tk(screenName=display)
    INTERPRETERS.append(root.tk)
    broken = []
    root.report_callback_exception = lambda kind, value, trace: broken.append(value)
    root.geometry("1180x720")
    yield root
    root.destroy()
    gc.collect()
    assert broken == []


@pytest.fixture
def state():
    """What the service of a window in this process begins with; a test module may have its own."""
    return {}


@pytest.fixture
def door(root, state):
    """Give `door(language, size)`: the whole window in this process, on its first page.

    `window.server` is its service.
    """
    from tkclient.desk import Desk
    from tkclient.ui.window import Window

    with FakeServer(**state) as server:
        desk = Desk(server.url, root.after)

        def come(language="es", size=None):
            collector = root.report_callback_exception
            window = Window(root, desk, language)
            root.report_callback_exception = collector
            if size is not None:
                root.geometry("{}x{}+0+0".format(*size))
            window.server = server  # type: ignore[attr-defined]
            root.update()
            return window

        yield come
        desk.tasks.stop()


@pytest.fixture
def signed_in(root, door):
    """Give `signed_in(language, size)`: as `door`, with María signed in and her letters in the list."""
    from tkclient.ui.mail import MailPage

    def sign_in(language="es", size=None):
        window = door(language, size)
        desk = window.desk
        desk.open("maria", "clave-larga", window._opened, lambda trouble: pytest.fail(trouble.kind))
        spin(root, lambda: desk.mailbox.folders and isinstance(window.page, MailPage), "the mail")
        return window

    return sign_in


@pytest.fixture
def window(signed_in):
    return signed_in()


@pytest.fixture
def page(root, window):
    """The page of mail, the keyboard in its list, the second letter being read."""
    page = window.page
    page.list.canvas.focus_force()
    spin(root, lambda: root.focus_get() is page.list.canvas, "the focus")
    press(root, "Down", "Down")
    spin(root, lambda: page.reader.letter, "the letter")
    at_rest(root, window)
    return page
