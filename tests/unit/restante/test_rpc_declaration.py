"""Declaring methods: what is accepted, what stops the daemon at import, and who may call what."""

# mypy: disable-error-code="empty-body"

from typing import TypedDict

import pytest

from restante.errors import InternalError, MethodNotFound, Unauthenticated
from restante.rpc import ANONYMOUS, ANYONE, OPERATOR, USER, Call, Methods, Principal, daemons, method
from restante.rpc.declaration import declared_in
from restante.wire import Name
from tests.unit.restante.example import ANA, RELAYD, STORED, THE_OPERATOR, Example, Specification, methods


class Answer(TypedDict):
    text: str


def declared(function):
    """Return what the machinery reads from a function declared as it stands."""
    service = type("Service", (), {"it": method("some.method", caller=ANYONE)(function)})()
    ((found, _),) = declared_in(service)
    return found


def test_the_docstring_becomes_summary_and_description():
    def function(self, call: Call, /) -> Answer:
        """Do it.

        With care.
        """

    found = declared(function)
    assert (found.summary, found.description) == ("Do it.", "With care.")


def test_parameters_keep_their_order_and_know_what_must_be_given():
    def function(self, call: Call, /, b: int, a: Name | None = None, c: Answer | None = None) -> Answer:
        """Do it."""

    found = declared(function).parameters
    assert [(one.name, one.required, one.is_struct) for one in found.values()] == [
        ("b", True, False),
        ("a", False, False),
        ("c", False, True),
    ]


def without_docstring(self, call: Call, /) -> Answer: ...


def without_return(self, call: Call, /):
    """Do it."""


def without_call(self, name: Name) -> Answer:
    """Do it."""


def without_annotation(self, call: Call, /, name) -> Answer:
    """Do it."""


def with_many(self, call: Call, /, *names: str) -> Answer:
    """Do it."""


def with_any_names(self, call: Call, /, **names: str) -> Answer:
    """Do it."""


def with_two_types(self, call: Call, /, name: str | int) -> Answer:
    """Do it."""


def with_null(self, call: Call, /, name: Name | None) -> Answer:
    """Do it."""


def with_float(self, call: Call, /, seconds: float) -> Answer:
    """Do it."""


def returning_anything(self, call: Call, /) -> object:
    """Do it."""


@pytest.mark.parametrize(
    "function",
    [
        without_docstring,
        without_return,
        without_call,
        without_annotation,
        with_many,
        with_any_names,
        with_two_types,
        with_null,
        with_float,
        returning_anything,
    ],
    ids=lambda function: function.__name__,
)
def test_a_declaration_that_cannot_be_served_stops_at_import(function):
    with pytest.raises(TypeError):
        method("some.method", caller=ANYONE)(function)


@pytest.mark.parametrize("name", ["open", "Session.open", "session.open.now", "rpc.open2", "", "a.b-c"])
def test_names_are_a_noun_and_a_verb(name):
    with pytest.raises(TypeError):
        method(name, caller=ANYONE)


def test_a_name_declared_twice_is_refused():
    with pytest.raises(TypeError, match="declared twice"):
        Methods.of(Example(), Example(), system="example")


def test_what_is_not_declared_is_unreachable():
    assert sorted(set(methods()[0].names()) - {"system.version", "system.limits"}) == sorted(
        declared.name for service in (Example(), Specification()) for declared, _ in declared_in(service)
    )


def test_a_method_of_a_base_class_is_served_as_overridden():
    class Base:
        @method("some.method", caller=ANYONE)
        def it(self, call: Call, /) -> Answer:
            """Do it."""
            return {"text": "base"}

    class Derived(Base):
        @method("some.method", caller=USER)
        def it(self, call: Call, /) -> Answer:
            """Do it."""
            return {"text": "derived"}

    ((found, function),) = declared_in(Derived())
    assert found.caller == USER
    assert function(Call(ANA, "", "", ""))["text"] == "derived"


CALLERS = {
    "anyone": ANYONE,
    "user": USER,
    "stored": daemons("stored"),
    "both": daemons("stored", "relayd"),
    "operator": OPERATOR,
}
ADMITTED = {
    "anyone": {"anonymous", "ana", "stored", "relayd", "root"},
    "user": {"ana"},
    "stored": {"stored"},
    "both": {"stored", "relayd"},
    "operator": {"root"},
}
PRINCIPALS = [ANONYMOUS, ANA, STORED, RELAYD, THE_OPERATOR, Principal("user", "stored")]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("principal", PRINCIPALS, ids=lambda one: f"{one.kind} {one.name}")
def test_who_may_call(caller, principal):
    name = "ana" if principal.kind == "user" else principal.name or "anonymous"
    assert CALLERS[caller].admits(principal) == (name in ADMITTED[caller])


def test_somebody_must_be_named_among_the_daemons():
    with pytest.raises(TypeError):
        daemons()


@pytest.mark.parametrize(
    ("audience", "here", "not_here"),
    [
        ("public", {"echo.say", "echo.who", "system.version"}, {"example.lease", "admin.count"}),
        ("internal", {"example.lease", "admin.count", "system.version"}, {"echo.say", "echo.who"}),
    ],
)
def test_each_listener_has_its_own_methods(audience, here, not_here):
    served = set(methods()[0].on(audience))
    assert here <= served
    assert not served & not_here


@pytest.mark.parametrize(
    ("audience", "principal", "names"),
    [
        ("internal", ANONYMOUS, {"system.version", "system.limits"}),
        ("internal", STORED, {"system.version", "system.limits", "example.lease"}),
        ("internal", RELAYD, {"system.version", "system.limits"}),
        ("internal", THE_OPERATOR, {"system.version", "system.limits", "admin.count"}),
    ],
)
def test_the_second_listener_describes_to_each_only_what_is_theirs(audience, principal, names):
    assert {one.name for one in methods()[0].described_to(audience, principal)} == names


def perform(name, principal, *args, check_returns=False, audience="public", **named):
    served = methods(check_returns=check_returns)[0].on(audience)[name]
    return served.perform(Call(principal, "r", name, "192.0.2.1"), args, named, lambda result: result)


def test_nobody_known_is_told_to_log_in():
    with pytest.raises(Unauthenticated, match=r"echo\.who needs a session"):
        perform("echo.who", ANONYMOUS)


def test_to_the_wrong_daemon_a_method_does_not_exist():
    with pytest.raises(MethodNotFound, match=r"no method example\.lease here"):
        perform("example.lease", RELAYD, audience="internal")


@pytest.mark.parametrize(
    "how", ["none", "null inside", "nan", "large", "object", "unknown key", "missing key"]
)
def test_results_can_be_held_against_their_declaration(how):
    with pytest.raises(InternalError, match=r"broken.result does not return what it declares"):
        perform("broken.result", ANONYMOUS, how, check_returns=True)


def test_results_that_fit_pass_the_check():
    assert perform("echo.say", ANONYMOUS, "a", check_returns=True) == {"text": "a"}
    perform("ready.rows", ANONYMOUS, check_returns=True)


def test_the_environment_can_ask_for_the_check(monkeypatch):
    monkeypatch.setenv("RESTANTE_CHECK_RETURNS", "1")
    with pytest.raises(InternalError, match="declares"):
        perform("broken.result", ANONYMOUS, "missing key", check_returns=None)
