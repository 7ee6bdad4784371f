"""The checks of a rule that `profiled` and `stored` share; each of them is told as `rule.set` tells it."""

from typing import Any

import pytest

from restante.errors import InvalidArgument
from restante.rules import checked, folder_id

SUBJECT: Any = {"field": "subject", "op": "contains", "value": "factura"}
FLAG: Any = {"action": "flag"}


@pytest.mark.parametrize("folder", ["inbox", "f1", "f12345"])
def test_folder_ids(folder):
    assert folder_id(folder) == folder


@pytest.mark.parametrize("folder", ["", "1", "../x", "F1", "f 1", "f" * 41])
def test_what_is_no_folder_id(folder):
    with pytest.raises(InvalidArgument):
        folder_id(folder)


@pytest.mark.parametrize(
    ("conditions", "actions", "sentence"),
    [
        ([], [FLAG], "needs a condition"),
        ([SUBJECT], [], "needs an action"),
        ([{"field": "size", "op": "over", "value": "-5"}], [FLAG], "whole number of octets"),
        ([{"field": "list", "op": "address_contains", "value": "x"}], [FLAG], "list is none"),
        ([SUBJECT | {"value": "  "}], [FLAG], "nothing that can be seen"),
        ([{"field": "subject", "op": "is", "values": ["x", "\u0301"]}], [FLAG], "nothing that can be seen"),
        ([{"field": "from", "op": "domain_is", "value": "@"}], [FLAG], "nothing that can be seen"),
        ([{"field": "list", "op": "is", "value": "<>"}], [FLAG], "nothing that can be seen"),
        ([SUBJECT], [{"action": "file"}], "names a folder if"),
        ([SUBJECT], [{"action": "forward", "to": "not an address"}], "“not an address” is no mail address"),
        ([SUBJECT], [{"action": "forward", "to": "ANA@uno.example"}], "your own address"),
    ],
)
def test_what_makes_no_sense(conditions, actions, sentence):
    with pytest.raises(InvalidArgument, match=sentence):
        checked(conditions, actions, ["ana@uno.example"])


def test_an_address_is_kept_bare():
    to: Any = {"action": "forward", "to": "Juan <juan@DOS.example>"}
    assert checked([SUBJECT], [to, FLAG]) == [{"action": "forward", "to": "juan@dos.example"}, FLAG]
