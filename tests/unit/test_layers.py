"""The walls of the house: who may import whom, read from the source itself."""

import ast
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
DAEMONS = {"profiled", "stored", "relayd"}
PACKAGES = [*sorted(DAEMONS), "restante", "tkclient", "demo"]
FILES = sorted(path for package in PACKAGES for path in (TOP / package).rglob("*.py"))


def imported(path):
    """Return the full names of the modules that the file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, line {node.lineno}"
            assert node.module
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def roots(path):
    return {name.partition(".")[0] for name in imported(path)}


def place(path):
    return path.relative_to(TOP).as_posix()


def only_in(modules, *places):
    """Return the files that import one of `modules` though they are not among `places`."""
    return [
        place(path)
        for path in FILES
        if any(
            name == module or name.startswith(module + ".") for name in imported(path) for module in modules
        )
        and not place(path).startswith(places)
    ]


def test_there_are_files_to_look_at():
    assert len(FILES) > 50


@pytest.mark.parametrize("path", [path for path in FILES if place(path).startswith("tkclient/")], ids=place)
def test_the_client_imports_the_standard_library_and_itself(path):
    assert roots(path) <= set(sys.stdlib_module_names) | {"tkclient"}


@pytest.mark.parametrize("daemon", sorted(DAEMONS))
def test_daemons_never_import_one_another(daemon):
    others = DAEMONS - {daemon} | {"tkclient", "demo"}
    found = [place(path) for path in (TOP / daemon).rglob("*.py") if roots(path) & others]
    assert found == []


def test_what_the_daemons_share_knows_no_daemon():
    strangers = DAEMONS | {"tkclient", "demo"}
    assert [place(path) for path in (TOP / "restante").rglob("*.py") if roots(path) & strangers] == []


def test_the_database_is_behind_its_file_and_persistent_classes_in_model():
    models = tuple(f"{daemon}/model" for daemon in DAEMONS)
    assert only_in(["ZODB", "transaction", "ZConfig"], "restante/db") == []
    assert only_in(["persistent", "BTrees"], "restante/db", *models) == []


def test_persistent_classes_stand_only_in_model():
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                "Persistent" in ast.unparse(base) for base in node.bases
            ):
                found.append(place(path))
    assert found, "no persistent class was found: this test looks at the wrong thing"
    assert all("/model" in name for name in found), found


def test_http_sockets_and_windows_each_stand_where_they_are_theirs():
    assert only_in(["waitress"], "restante/serve") == []
    assert only_in(["requests"], "restante/peer.py", "restante/cli/", "demo/") == []
    assert only_in(["tkinter"], "tkclient/ui/") == []
    assert only_in(["aiosmtpd"], "relayd/smtp", "demo/smtp.py") == []
    assert only_in(["smtplib"], "relayd/courier", "stored/sending/smtp.py") == []
    assert only_in(["poplib"]) == []
    assert only_in(["sqlite3"], "stored/search/") == []


def test_sockets_are_opened_only_by_adapters():
    adapters = (
        "restante/resolve.py",
        "restante/serve",
        "stored/pop3/",
        "stored/sending/smtp.py",
        "relayd/smtp",
        "relayd/courier",
        "tkclient/line.py",
        "tkclient/rpc.py",
        "demo/",
    )
    assert only_in(["socket", "ssl"], *adapters) == []


def test_the_windows_never_touch_the_network():
    network = {"socket", "ssl", "http", "urllib", "asyncio"}
    found = [
        place(path)
        for path in (TOP / "tkclient/ui").rglob("*.py")
        if roots(path) & network or {"tkclient.line", "tkclient.rpc", "tkclient.session"} & imported(path)
    ]
    assert found == []


def test_adapters_know_only_errors_and_plain_helpers():
    adapters = ["stored/pop3", "stored/sending/smtp.py", "relayd/courier"]
    helpers = {"errors", "address", "resolve", "log"}
    for name in adapters:
        path = TOP / name
        for file in [path] if path.is_file() else path.rglob("*.py"):
            ours = {one.split(".")[1] for one in imported(file) if one.startswith("restante.")}
            assert ours <= helpers, f"{name} knows {ours - helpers}"
            # Nothing of the daemon itself, but for the adapter's own files.
            package = name.removesuffix(".py").replace("/", ".")
            own = {one for one in imported(file) if one.partition(".")[0] in DAEMONS}
            assert all(one.startswith(package) for one in own), f"{place(file)} imports {own}"


@pytest.mark.parametrize("daemon", sorted(DAEMONS))
def test_nouns_never_import_their_service_or_the_wiring(daemon):
    for path in (TOP / daemon).rglob("*.py"):
        name = place(path).removeprefix(daemon + "/")
        if name.startswith("service") or name in ("__main__.py",):
            continue
        above = {one for one in imported(path) if one.startswith((f"{daemon}.service", f"{daemon}.__main__"))}
        assert not above, f"{place(path)} imports {above}"
