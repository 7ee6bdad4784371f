"""Rules applied as mail arrives: files, copies, flags and forwards in the very unit of work."""

import pytest

from stored import people
from stored.append import append
from stored.intents import Intents
from stored.mime import parts_of, summarize
from stored.model import word
from stored.model.submission import Submissions
from stored.rules.treatment import Treatment, carry_out
from stored.sending import forwarding
from stored.sending.fates import struct_of
from stored.sending.forwarding import Forwarder, loops
from stored.sending.identities import Identity, Writer
from stored.store import Store
from tests.pop3server import PopServer
from tests.unit.stored.keeping import letter, listing, prepared
from tests.unit.stored.visiting import Bench, account
from tests.unit.stored.writing import ANA, NOW

OWN = {"match": "all", "enabled": True, "conditions": []}


def rule(*actions, conditions=()):
    return {**OWN, "id": "r1", "conditions": list(conditions), "actions": [*actions]}


def forward(to="juan@tres.example"):
    return {"action": "forward", "to": to}


@pytest.fixture
def woken():
    return []


@pytest.fixture
def forwarder(tmp_path, woken):
    return Forwarder(lambda user: ANA, Intents(tmp_path / "outbox"), woken.append, lambda: NOW)


def treat(mail, rules, raw, forwarder=None, account="a1"):
    """Have one message arrive by the rules, as the collector does; return its uid."""
    treatment = Treatment(mail, rules, account, "ana@uno.example", forwarder)
    verdict = treatment.decide(raw, summarize(raw))
    one = prepared(raw, folder=verdict.folder, flags=verdict.decision.flags, account=account)

    def work(root):
        uid = append(root, one)
        carry_out(root, uid, verdict)
        return uid

    with treatment.promising([verdict]):
        return mail.write(work)


def submissions(mail):
    return mail.read(
        lambda root: [
            (struct_of(root, one), one.body.raw() if one.body else b"")
            for one in Submissions(root.submissions).newest(200)
        ]
    )


def test_a_copy_stands_in_each_folder_and_shares_the_octets(mail):
    folder = mail.write(lambda root: root.folders.create("Copies", 0).id)
    wanted = rule(
        {"action": "copy", "folder": folder}, {"action": "copy", "folder": "f99"}, {"action": "flag"}
    )
    treat(mail, [wanted], letter())
    found = listing(mail)
    assert found["inbox"][2] == [("m1", ("flagged",))]
    assert found[folder][2] == [("m2", ("flagged",))]
    assert mail.read(lambda root: root.bodies[1].raw() == root.bodies[2].raw() == letter())


def test_deleting_is_the_trash(mail):
    treat(mail, [rule({"action": "delete"})], letter())
    assert [one[0] for one in listing(mail)["trash"][2]] == ["m1"]


def test_a_forward_is_promised_with_the_message_and_wakes_the_sender(mail, forwarder, woken):
    treat(mail, [rule(forward())], letter(7, "Corazón."), forwarder)
    ((told, octets),) = submissions(mail)
    assert [one["address"] for one in told["recipients"]] == ["juan@tres.example"]
    assert (told["subject"], told["message"], woken) == ("Fwd: Letter 7", "m2", ["ana"])
    summary = summarize(octets)
    assert summary.from_[0].address == "ana@uno.example"
    assert summary.header("Restante-Forwarded") == ["ana@uno.example"]
    assert summary.header("Auto-Submitted") == ["auto-generated"]
    assert any(part.name == "message.eml" for part in parts_of(octets))
    found = listing(mail)
    assert found["inbox"][2] == [("m1", ("forwarded",))]
    assert found["sent"][2] == [("m2", ("seen",))]
    assert mail.read(lambda account: word.flags_of(account.state[2]) & word.OWN)


def test_what_was_forwarded_is_never_forwarded_again(mail, forwarder):
    treat(mail, [rule(forward())], letter(), forwarder)
    ((_, octets),) = submissions(mail)
    treat(mail, [rule(forward())], octets, forwarder)
    assert len(submissions(mail)) == 1


@pytest.mark.parametrize(
    ("fields", "endless"),
    [
        ({}, False),
        ({"Auto-Submitted": "no"}, False),
        ({"Auto-Submitted": "auto-replied; x=y"}, True),
        ({"Return-Path": "<>"}, True),
        ({"Return-Path": "<a@b.example>"}, False),
        ({"Content-Type": "multipart/report; boundary=b"}, True),
        ({"Restante-Forwarded": "somebody@else.example"}, True),
        ({"Received": "a\r\n" + "Received: b\r\n" * 31 + "X: y"}, True),
        ({"Received": "a\r\n" + "Received: b\r\n" * 5 + "X: y"}, False),
    ],
)
def test_what_might_never_end(fields, endless):
    assert loops(summarize(letter(**fields))) is endless


def test_nothing_is_forwarded_to_oneself(mail, forwarder):
    treat(mail, [rule(forward("ana@DOS.example"), forward("ap@tres.example"))], letter(), forwarder)
    assert submissions(mail) == []


def test_so_many_a_day_and_no_more(mail, forwarder, monkeypatch):
    monkeypatch.setattr(forwarding, "FORWARDS_A_DAY", 3)
    for number in range(5):
        treat(mail, [rule(forward(), {"action": "delete"})], letter(number), forwarder)
    assert len(submissions(mail)) == 3
    found = listing(mail)
    assert (found["trash"][0], found["inbox"][0]) == (3, 2)
    tomorrow = Forwarder(
        forwarder.writers, forwarder.intents, forwarder.wake, lambda: NOW.replace(day=NOW.day + 1)
    )
    treat(mail, [rule(forward())], letter(9), tomorrow)
    assert len(submissions(mail)) == 4


@pytest.mark.parametrize("proved", [True, False])
def test_what_cannot_be_forwarded_is_not_deleted(mail, tmp_path, proved):
    writer = Writer((Identity("i1", "Ana", "ana@uno.example", proved=proved, account="a1"),), "en")
    forwarder = Forwarder(lambda user: writer, Intents(tmp_path / "outbox"), lambda user: None)
    treat(mail, [rule(forward(), {"action": "delete"})], letter(), forwarder)
    assert listing(mail)["trash" if proved else "inbox"][0] == 1
    assert len(submissions(mail)) == proved


def test_people_one_has_written_to_are_known(mail):
    known = rule({"action": "flag"}, conditions=[{"field": "from", "op": "known"}])
    treat(mail, [known], letter(1))
    mail.write(lambda root: people.learn(root, ["Writer1@UNO.example", "x@Ñandú.example"], 1))
    treat(mail, [known], letter(1))
    assert listing(mail)["inbox"][2] == [("m2", ("flagged",)), ("m1", ())]
    assert mail.read(lambda root: people.known(root, "x@xn--and-6ma2c.example"))


class Killed(Exception):
    pass


def test_a_kill_leaves_the_message_with_all_that_its_rules_made_or_nothing(tmp_path, woken):
    """The unit of work fails at its end; nothing of it is there, and doing it again makes everything once."""
    store = Store(tmp_path)
    mail = store.open_account("ana")
    forwarder = Forwarder(lambda user: ANA, Intents(tmp_path / "outbox"), woken.append, lambda: NOW)
    treatment = Treatment(
        mail, [rule(forward(), {"action": "copy", "folder": "archive"})], "a1", "", forwarder
    )
    verdict = treatment.decide(letter(), summarize(letter()))

    def arriving(root, killed):
        carry_out(root, append(root, prepared(letter())), verdict)
        if killed:
            raise Killed

    with pytest.raises(Killed):
        mail.write(lambda root: arriving(root, True))
    assert all(total == 0 for total, _, _ in listing(mail).values())
    mail.write(lambda root: arriving(root, False))
    store.close()
    again = Store(tmp_path)
    mail = again.open_account("ana")
    found = listing(mail)
    assert [found[id][0] for id in ("inbox", "archive", "sent")] == [1, 1, 1]
    assert len(submissions(mail)) == 1
    again.close()


def test_collecting_applies_them(store, forwarder, woken):
    bench = Bench(store)
    bench.forwarder = forwarder
    second = {"field": "subject", "op": "is", "value": "letter 2"}
    bench.rules = [rule(forward(), {"action": "copy", "folder": "archive"}, conditions=[second])]
    with PopServer([letter(n) for n in range(1, 4)]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        found = listing(store.open_account("ana"))
        assert (found["inbox"][0], found["archive"][0], found["sent"][0]) == (3, 1, 1)
        assert woken == ["ana"]
        bench.run()
    assert listing(store.open_account("ana")) == found


def test_who_collects_is_told_when_rules_have_forwarded_enough(store, forwarder, monkeypatch):
    monkeypatch.setattr(forwarding, "FORWARDS_A_DAY", 1)
    bench = Bench(store)
    bench.forwarder = forwarder
    bench.rules = [rule(forward())]
    with PopServer([letter(n) for n in range(1, 4)]) as server:
        bench.accounts["ana"] = [account(server)]
        states = bench.run()
    assert [notice.kind for notice in states["a1"].notices] == ["forwarded_enough"]


def test_who_collects_is_told_that_nothing_is_forwarded_while_no_address_is_proved(store, tmp_path):
    writer = Writer((Identity("i1", "Ana", "ana@uno.example", proved=False, account="a1"),), "en")
    bench = Bench(store)
    bench.forwarder = Forwarder(lambda user: writer, Intents(tmp_path / "outbox"), lambda user: None)
    bench.rules = [rule(forward(), {"action": "delete"})]
    with PopServer([letter(1), letter(2)]) as server:
        bench.accounts["ana"] = [account(server)]
        (told,) = bench.run()["a1"].notices
    assert (told.kind, told.about) == ("not_forwarded", "pop.test")
    assert "from pop.test was not forwarded; it is here" in told.message
    assert "No address of yours is proved yet" in told.message
