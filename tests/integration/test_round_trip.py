"""A letter goes all the way round between real servers: two Dovecots, a Postfix, and our three daemons."""

import email
import email.policy

import pytest

from demo.rpc import RpcFailed
from demo.settings import Provider
from tests import dovecot, postfix
from tests.certificates import Authority
from tests.corpus import letters
from tests.daemons import House, wait_for

pytestmark = [
    pytest.mark.dovecot,
    pytest.mark.postfix,
    pytest.mark.skipif(bool(dovecot.missing()), reason=dovecot.missing() or "never"),
    pytest.mark.skipif(bool(postfix.missing()), reason=postfix.missing() or "never"),
]

UNO, DOS = "ana@uno.test", "ana@dos.test"
MOVED = "mudada@dos.test"
SECRET = "secret"
FIRST = (
    b"From: Beto <ana@dos.test>\r\nTo: ana@uno.test\r\nSubject: pregunta\r\n"
    b"Message-ID: <p1@dos.test>\r\n\r\nHola\r\n"
)


@pytest.fixture(scope="module")
def ana(tmp_path_factory):
    """A person with an account at each Dovecot; what is sent to either address goes there by Postfix."""
    directory = tmp_path_factory.mktemp("round")
    authority = Authority(directory)
    (directory / "ca.pem").write_bytes(authority.file.read_bytes())
    with dovecot.Dovecot(authority) as uno, dovecot.Dovecot(authority) as dos:
        uno.add(UNO, SECRET, [*letters(20, seed=1), FIRST])
        dos.add(DOS, SECRET, letters(20, seed=2))
        maildirs = {UNO: uno.directory / "mail" / UNO, DOS: dos.directory / "mail" / DOS}
        with postfix.Postfix(maildirs, owner="mail", gone=[MOVED]) as receiver:
            both = [
                Provider("uno.test", implicit_tls=True, pop3_port=uno.tls_port, smtp_port=receiver.port),
                Provider("dos.test", implicit_tls=False, pop3_port=dos.stls_port, smtp_port=receiver.port),
            ]
            house = House(directory, both)
            try:
                visitor = house.start_all().visitor("ana")
                for address in (UNO, DOS):
                    visitor.add_account(address, SECRET)
                assert [account["collected"] for account in visitor.collect()] == [21, 20]
                yield visitor
            finally:
                house.stop()


def find(visitor, subject):
    return next((row for row in visitor.rows() if row["subject"] == subject), None)


def collect_until(visitor, subject):
    def came():
        visitor.collect()
        return find(visitor, subject)

    return wait_for(came, f"«{subject}» to be collected", 60)


def fates(visitor, submission):
    known = visitor.stored.call("outbox.list")["submissions"]
    (mine,) = [one for one in known if one["submission"] == submission["submission"]]
    settled = all(one["outcome"] in ("delivered", "failed") for one in mine["recipients"])
    return {one["address"]: one for one in mine["recipients"]} if settled else None


def test_an_answer_is_delivered_by_postfix_and_collected_from_the_other_dovecot(ana):
    asked = find(ana, "pregunta")
    draft = ana.stored.call("draft.reply", id=asked["id"])
    draft["text"] = "¡Sí, mañana!\n.\n" + draft["text"]
    sent = ana.stored.call("outbox.submit", key="answer-1", draft=draft)
    (fate,) = wait_for(lambda: fates(ana, sent), "the answer's fate").values()
    assert (fate["address"], fate["outcome"]) == (DOS, "delivered")
    assert "250" in fate["detail"]
    row = collect_until(ana, "Re: pregunta")
    answer = email.message_from_bytes(ana.raw(row), policy=email.policy.default)
    assert answer["In-Reply-To"] == "<p1@dos.test>"
    assert answer.get_content().startswith("¡Sí, mañana!\r\n.\r\n")
    assert b"Restante-Submission" not in ana.raw(row)
    assert find(ana, "pregunta")["flags"] == ["answered"]
    filed = ana.rows("sent")
    assert [one["subject"] for one in filed] == ["Re: pregunta"]


def test_a_letter_to_nobody_comes_back_to_its_sender_in_words(ana):
    identity = ana.profiled.call("identity.list")["identities"][0]["id"]
    draft = {"from": identity, "to": ["nadie@dos.test"], "subject": "al aire", "text": "¿Hay alguien?\n"}
    sent = ana.stored.call("outbox.submit", key="nobody-1", draft=draft)
    fate = wait_for(lambda: fates(ana, sent), "the letter's fate")["nadie@dos.test"]
    assert fate["outcome"] == "failed"
    assert "550" in fate["detail"]
    ana.collect()

    def bounced():
        ana.collect()
        return next((row for row in ana.rows() if "al aire" in ana.raw(row).decode(errors="replace")), None)

    row = wait_for(bounced, "the report to be collected")
    report = email.message_from_bytes(ana.raw(row))
    assert report.get_content_type() == "multipart/report"
    assert report["Auto-Submitted"] == "auto-replied"
    opened = ana.stored.call("message.get", ids=[row["id"]])["messages"][0]
    assert "nadie@dos.test" in opened["text"]


def test_a_letter_that_another_server_took_and_returned_is_no_longer_said_to_be_delivered(ana):
    draft = {"to": [MOVED], "subject": "a la casa vieja", "text": "¿Vives aún ahí?\n"}
    sent = ana.stored.call("outbox.submit", key="moved-1", draft=draft)
    assert wait_for(lambda: fates(ana, sent), "the letter's fate")[MOVED]["outcome"] == "delivered"

    def returned():
        ana.collect()
        fate = fates(ana, sent)[MOVED]
        return fate if fate["outcome"] == "failed" else None

    fate = wait_for(returned, "the report to be collected", 60)
    assert "unknown user" in fate["detail"]
    (report,) = ana.stored.call("message.get", ids=[fate["report"]])["messages"]
    assert report["notices"][0]["kind"] == "delivery_report"
    card = ana.stored.call("message.digest")
    assert (MOVED, fate["report"]) in [(one["address"], one.get("report")) for one in card["bounced"]]


def test_a_submission_repeated_with_its_key_makes_one_letter(ana):
    draft = {"to": [UNO], "subject": "una vez", "text": "una sola\n"}
    answers = [ana.stored.call("outbox.submit", key="once-1", draft=draft) for _ in range(3)]
    assert len({answer["submission"] for answer in answers}) == 1
    wait_for(lambda: fates(ana, answers[0]), "the letter's fate")
    collect_until(ana, "una vez")
    ana.collect()
    assert sum(row["subject"] == "una vez" for row in ana.rows()) == 1


def test_a_sender_that_is_not_proved_is_refused(ana):
    create = [{"name": "Otra", "address": "otra@else.test"}]
    other = ana.profiled.call("identity.set", create=create)["created"][0]
    draft = {"from": other["id"], "to": [UNO], "subject": "no", "text": "no"}
    with pytest.raises(RpcFailed) as refused:
        ana.stored.call("outbox.submit", key="forged-1", draft=draft)
    assert refused.value.kind == "sender_not_proved"


def test_rules_file_mail_as_it_comes(ana):
    folder = ana.stored.call("folder.set", create=[{"name": "Facultad"}])["created"][0]["id"]
    rule = {
        "name": "de la facultad",
        "enabled": True,
        "match": "all",
        "conditions": [{"field": "subject", "op": "contains", "value": "archivar esto"}],
        "actions": [{"action": "file", "folder": folder}, {"action": "flag"}],
    }
    ana.profiled.call("rule.set", create=[rule])
    draft = {"to": [DOS], "subject": "Archivar ESTO", "text": "x\n"}
    ana.stored.call("outbox.submit", key="filed-1", draft=draft)

    def filed():
        ana.collect()
        return ana.rows(folder) or None

    (row,) = wait_for(filed, "the letter to be filed")
    assert row["flags"] == ["flagged"]
