"""What a rule may ask and do: its shape on the wire, and the checks that every method which takes one makes.

`profiled` keeps rules and `stored` applies, rehearses and runs them; a rule that one refuses the other does
too, with the same sentence. Pure; which folders there are is the storage server's to know.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NotRequired, TypedDict
from unicodedata import category

from restante import address
from restante.errors import InvalidArgument
from restante.wire import Chars, Items

Match = Literal["all", "any"]
Field = Literal[
    "from", "to", "cc", "any_recipient", "subject", "header", "list", "attachment", "size", "account"
]
Operator = Literal[
    "contains",
    "is",
    "starts_with",
    "ends_with",
    "exists",
    "address_is",
    "address_contains",
    "address_starts_with",
    "address_ends_with",
    "domain_is",
    "known",
    "over",
    "under",
]
VALUE_CHARACTERS, VALUES, CONDITIONS, ACTIONS = 256, 50, 20, 10
ADDRESS_FIELDS = ("from", "to", "cc", "any_recipient")
#: Other fields of a header that hold addresses.
ADDRESS_HEADERS = (
    "sender",
    "reply-to",
    "bcc",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-bcc",
)
_WITHOUT_VALUE = ("exists", "known")
_OF_ADDRESSES = ("address_is", "address_contains", "address_starts_with", "address_ends_with", "domain_is")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")
_FOLDER_ID = re.compile(r"[a-z][a-z0-9]{0,39}")

Wanted = Annotated[str, Chars(1, VALUE_CHARACTERS, one_line=True)]


class Condition(TypedDict):
    """What a message is asked. `header` only with field "header"; no value with op "exists" or "known".

    `values` in place of `value`: any of them. `negate`: the message must not be so. "known" asks whether the
    user has written to that person; "over" and "under" compare the size with a number of octets.
    """

    field: Field
    op: Operator
    header: NotRequired[Annotated[str, Chars(1, 76, one_line=True)]]
    value: NotRequired[Wanted]
    values: NotRequired[Annotated[list[Wanted], Items(VALUES)]]
    negate: NotRequired[bool]


class Action(TypedDict):
    """What is done with it. `folder` only with "file" and "copy", `to` only with "forward".

    "delete" moves to the trash. Of several that file or delete a message the first decides.
    """

    action: Literal["file", "copy", "flag", "mark_read", "forward", "delete", "stop"]
    folder: NotRequired[Annotated[str, Chars(1, 40, one_line=True)]]
    to: NotRequired[Annotated[str, Chars(1, 320, one_line=True)]]


Conditions = Annotated[list[Condition], Items(CONDITIONS)]
Actions = Annotated[list[Action], Items(ACTIONS)]


def checked(
    conditions: Sequence[Condition], actions: Sequence[Action], own: Iterable[str] = ()
) -> list[Action]:
    """Return the actions of a rule as they are kept. `own` are addresses of the user, to which none goes.

    Raises InvalidArgument for what makes no sense.
    """
    if not conditions:
        raise InvalidArgument("A rule needs a condition, or it would take every message.", about="conditions")
    if not actions:
        raise InvalidArgument("A rule needs an action: say what to do with the message.", about="actions")
    for condition in conditions:
        _check_condition(condition)
    addresses = list(own)
    return [_checked_action(action, addresses) for action in actions]


def folder_id(text: str) -> str:
    """Return `text` if it can be the id of a folder; whether that folder exists is stored's to know."""
    if not _FOLDER_ID.fullmatch(text):
        raise InvalidArgument(f"“{text}” is not the id of a folder.", about=text)
    return text


def _check_condition(condition: Condition) -> None:
    field, operator = condition["field"], condition["op"]
    if (field == "header") != ("header" in condition):
        raise InvalidArgument(
            'A condition names a header if, and only if, its field is "header".', about=field
        )
    if "header" in condition and not _HEADER_NAME.fullmatch(condition["header"]):
        raise InvalidArgument(
            f"“{condition['header']}” is not the name of a header. One looks like List-Id.",
            about=condition["header"],
        )
    _check_value(condition)
    if operator in _OF_ADDRESSES and not holds_addresses(condition):
        where = condition.get("header", field)
        raise InvalidArgument(f"“{operator}” asks for an address, and {where} is none.", about=where)
    if operator == "known" and field not in ADDRESS_FIELDS:
        raise InvalidArgument(f"Only people can be known, and {field} is none.", about=field)
    if (field == "size") != (operator in ("over", "under")):
        raise InvalidArgument('The size of a message is "over" or "under" so many octets.', about=field)
    if field == "account" and operator != "is":
        raise InvalidArgument('The account of a message can only be asked for with "is".', about=operator)


def holds_addresses(condition: Condition) -> bool:
    """Return whether a condition asks for a field that holds addresses. Pure."""
    return condition["field"] in ADDRESS_FIELDS or condition.get("header", "").casefold() in ADDRESS_HEADERS


def _check_value(condition: Condition) -> None:
    operator = condition["op"]
    given = [key for key in ("value", "values") if condition.get(key)]
    if len(given) != (operator not in _WITHOUT_VALUE):
        raise InvalidArgument(
            'A condition has either a value or values, except with "exists" and "known".', about=operator
        )
    # Of an address or the id of a list, signs alone are nothing.
    empty = "@<>." if operator in _OF_ADDRESSES or condition["field"] == "list" else ""
    for text in [condition.get("value", ""), *condition.get("values", [])] if given else ():
        if text and all(category(one)[0] in "ZCM" or one in empty for one in text):
            raise InvalidArgument("A condition asks for nothing that can be seen; write a word.", about=text)
    if condition["field"] == "size":
        octets = condition.get("value", "")
        if not (octets.isascii() and octets.isdigit() and len(octets) <= 15):
            raise InvalidArgument(
                "A size is a whole number of octets in digits, such as 1000000.", about=octets
            )


def _checked_action(action: Action, own: Sequence[str]) -> Action:
    kind = action["action"]
    if (kind in ("file", "copy")) != ("folder" in action):
        raise InvalidArgument('An action names a folder if, and only if, it is "file" or "copy".', about=kind)
    if (kind == "forward") != ("to" in action):
        raise InvalidArgument('An action has an address if, and only if, it is "forward".', about=kind)
    if "folder" in action:
        folder_id(action["folder"])
    if "to" not in action:
        return action
    to = address.parse(action["to"]).address
    if any(address.same(to, one) for one in own):
        raise InvalidArgument(
            f"{to} is your own address: what is forwarded there would come back. Choose another.", about=to
        )
    return {**action, "to": to}
