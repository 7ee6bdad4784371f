"""A rule proposed by a message: what it asks for, and where it files."""

import pytest

from restante.errors import InvalidArgument, NotFound
from stored.collecting.lease import Leased
from stored.rules.old_mail import as_rule, rehearse
from stored.rules.proposal import proposed
from tests.unit.stored.keeping import keep, letter, prepared


def folder(mail, name="Own"):
    return mail.write(lambda account: account.folders.create(name, 0).id)


def test_a_list_is_proposed_before_a_sender(mail):
    keep(mail, prepared(letter(1, **{"List-Id": "Friends <friends.uno.example>"})), prepared(letter(2)))
    assert proposed(mail, "m1")["rule"] == {
        "name": "friends.uno.example",
        "match": "all",
        "conditions": [{"field": "list", "op": "is", "value": "friends.uno.example"}],
        "actions": [{"action": "flag"}],
    }
    assert proposed(mail, "m2")["rule"]["conditions"] == [
        {"field": "from", "op": "address_is", "value": "writer2@uno.example"}
    ]


def test_the_folder_is_where_that_sender_lies(mail):
    own, other = folder(mail), folder(mail, "Other")
    keep(mail, *(prepared(letter(1), minutes=n, folder=own) for n in range(3)))
    keep(mail, prepared(letter(1), folder=other), prepared(letter(1)), prepared(letter(2), folder=other))
    assert proposed(mail, "m5")["rule"]["actions"] == [{"action": "file", "folder": own}]
    assert proposed(mail, "m4")["rule"]["actions"] == [{"action": "file", "folder": other}]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"List-Id": "<>"}, "from"),
        ({"List-Id": "<.>"}, "from"),
        ({"List-Id": f"A list <{'l' * 300}.uno.example>"}, "list"),
        ({"From": f"{'l' * 300}@uno.example"}, "from"),
        ({"From": "", "Subject": "s" * 300}, "subject"),
        ({"From": "@", "Subject": "Hello"}, "subject"),
    ],
)
def test_what_is_proposed_holds_and_can_be_kept(mail, fields, field):
    """What cannot be asked for is passed over, and of what is too long the beginning is asked for."""
    keep(mail, prepared(letter(1, **fields)))
    rule = as_rule(proposed(mail, "m1")["rule"], Leased([], []))
    assert rule["conditions"][0]["field"] == field
    assert rehearse(mail, rule, {}, "inbox")["held"] == 1


def test_nothing_to_go_by(mail):
    keep(mail, prepared(b"\r\nhello\r\n"))
    with pytest.raises(InvalidArgument):
        proposed(mail, "m1")
    with pytest.raises(NotFound):
        proposed(mail, "m9")
