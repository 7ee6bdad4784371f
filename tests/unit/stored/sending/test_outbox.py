"""Submitting once, handing over for certain. The relay is a real SMTP server on loopback."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import InvalidArgument, NotFound, OverQuota, SenderNotProved, Unavailable
from restante.wire import check
from stored.blobs import Blobs
from stored.changes import changes
from stored.intents import Intents
from stored.messages import delete
from stored.mime import decode_part, parts_of, summarize
from stored.model.submission import Recipient, Submission, Submissions, make_id
from stored.sending import types
from stored.sending.drafts import Drafts
from stored.sending.outbox import Outbox
from stored.sending.sender import ATTEMPTS, Sender, pause_seconds
from stored.sending.smtp import Relay
from stored.statistics import Counting
from stored.store import Store
from stored.uploads import Uploads
from tests.unit.stored.keeping import keep, letter, listing, prepared, upload
from tests.unit.stored.writing import ANA, NOW, RelayServer

IS_SUBMISSION = check(types.Submission)

DRAFT: Any = {
    "from": "i1",
    "to": ["Eva <eva@dos.example>"],
    "cc": ["Leo <leo@año.example>"],
    "bcc": ["secreto@tres.example"],
    "subject": "Hola: año nuevo",
    "text": "¿Qué tal?",
}
RECIPIENTS = ["eva@dos.example", "leo@xn--ao-zja.example", "secreto@tres.example"]


@pytest.fixture
def relay_server():
    server = RelayServer().start()
    yield server
    server.stop()


class WatchedSender(Sender):
    """A sender that says when it has done something."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.turned = threading.Condition()

    def _done(self, user, pause):
        super()._done(user, pause)
        with self.turned:
            self.turned.notify_all()


class Post:
    """The parts of `stored` that write and send, wired as the daemon wires them."""

    def __init__(self, store, directory, address):
        self.intents = Intents(directory / "outbox")
        self.relay = Relay(address, token=lambda: "token", timeout_seconds=5, deadline_seconds=10)
        self.sender = WatchedSender(
            store, self.relay, self.intents, retry_seconds=0.1, retry_limit_seconds=0.2
        )
        self.blobs = Blobs(store, directory / "spool")
        self.drafts = Drafts(store, self.blobs, lambda user: ANA)
        self.outbox = Outbox(
            store, self.blobs, self.drafts, lambda user: ANA, self.intents, self.sender.wake, lambda: NOW
        )

    def wait_until(self, look, wanted, seconds=20):
        """Wait until `look()` is `wanted`; looked at again whenever the sender did something."""
        with self.sender.turned:
            assert self.sender.turned.wait_for(lambda: look() == wanted, seconds), look()


@pytest.fixture
def post(store, tmp_path, relay_server):
    made = Post(store, tmp_path, relay_server.address)
    made.sender.start()
    yield made
    made.sender.stop()


@pytest.fixture
def still(store, tmp_path):
    """A post whose sender does not run."""
    return Post(store, tmp_path, "127.0.0.1:9")


def outcomes(post, user="ana"):
    (newest,) = post.outbox.newest(user, 1)["submissions"]
    return {recipient["address"]: recipient["outcome"] for recipient in newest["recipients"]}


# Submitting -------------------------------------------------------------------------------------------


def test_a_letter_is_filed_in_sent_and_handed_over(post, mail, relay_server):
    submission = IS_SUBMISSION(post.outbox.submit("ana", "k1", DRAFT), "submission")
    relay_server.wait_for(lambda server: server.accepted)
    ((name, sender, recipients, octets),) = relay_server.accepted
    assert name == f"ana {submission['submission']}"
    assert (sender, recipients) == ("ana@uno.example", RECIPIENTS)
    assert b"secreto" not in octets
    summary = summarize(octets)
    assert (summary.from_[0].name, summary.subject) == ("Ana Pérez", DRAFT["subject"])
    assert listing(mail)["sent"] == (1, 0, [(submission["message"], ("seen",))])
    kept = post.blobs.octets("ana", submission["message"])[1]
    assert b"Bcc: secreto@tres.example\r\n" in kept
    assert kept.endswith(octets)
    post.wait_until(lambda: outcomes(post), dict.fromkeys(RECIPIENTS, "queued"))
    (told,) = post.outbox.newest("ana")["submissions"]
    post.wait_until(lambda: post.outbox.newest("ana")["submissions"][0]["recipients"][0]["detail"][:3], "250")
    assert told["subject"] == DRAFT["subject"]
    post.wait_until(post.intents.users, [])


def test_a_sent_letter_that_was_deleted_was_not_received(still, store, mail):
    submission = still.outbox.submit("ana", "k1", DRAFT)
    mail.write(lambda account: delete(account, [submission["message"]]))
    assert listing(mail)["trash"][2] == [(submission["message"], ("seen",))]
    found = Counting(store).mine("ana", 0, NOW)
    assert (found["received"], found["sent"], found["writers"]) == (0, 1, [])


def test_a_repeat_returns_the_first_and_sends_nothing(post, mail, relay_server):
    first = post.outbox.submit("ana", "k1", DRAFT)
    relay_server.wait_for(lambda server: server.accepted)
    again = post.outbox.submit("ana", "k1", DRAFT | {"subject": "other"})
    assert again["submission"] == first["submission"]
    assert listing(mail)["sent"][0] == 1


def test_twenty_at_once_with_one_key_are_one_letter(post, mail, relay_server):
    start = threading.Barrier(20)

    def submit(_):
        start.wait(30)
        return post.outbox.submit("ana", "k1", DRAFT)

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(submit, range(20)))
    assert len({one["submission"] for one in made}) == 1
    post.wait_until(post.intents.users, [])
    assert len(relay_server.accepted) == 1
    assert listing(mail)["sent"][0] == 1
    assert len(post.outbox.newest("ana")["submissions"]) == 1


def test_keys_are_each_users_own(still, store):
    ana = still.outbox.submit("ana", "k1", DRAFT)
    eva = still.outbox.submit("eva", "k1", DRAFT)
    assert ana["submission"] != eva["submission"]
    with pytest.raises(NotFound):
        still.outbox.outcome("eva", ana["submission"], RECIPIENTS[0], "failed", "x", NOW)


def test_everything_that_belongs_to_a_letter_happens_with_it(still, store, mail):
    original, other = keep(mail, prepared(letter(1)), prepared(letter(2)))
    blob = upload(Uploads(store), b"abc", name="a.txt", type="text/plain")
    attachment = {"blob": blob, "name": "a.txt", "type": "text/plain", "octets": "3"}
    draft = DRAFT | {"answers": original, "forwards": other, "attachments": [attachment]}
    saved = still.drafts.save("ana", draft)
    submission = still.outbox.submit("ana", "k1", draft, saved["id"])
    now = listing(mail)
    assert dict(now["inbox"][2]) == {original: ("answered",), other: ("forwarded",)}
    assert now["drafts"][0] == 0
    with pytest.raises(NotFound):
        still.blobs.octets("ana", blob)
    raw = still.blobs.octets("ana", submission["message"])[1]
    assert decode_part(raw, parts_of(raw)[1]) == b"abc"
    assert summarize(raw).in_reply_to == "1@uno.example"
    assert still.intents.users() == ["ana"]


def test_an_answer_carries_the_thread_on(still, mail):
    raw = letter(5, References="<3@uno.example> <4@uno.example>")
    (original,) = keep(mail, prepared(raw))
    submission = still.outbox.submit("ana", "k", DRAFT | {"answers": original})
    summary = summarize(still.blobs.octets("ana", submission["message"])[1])
    assert summary.references == ["3@uno.example", "4@uno.example", "5@uno.example"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"from": "i2"}, SenderNotProved),
        ({"from": "i9"}, InvalidArgument),
        ({"to": [], "cc": [], "bcc": []}, InvalidArgument),
        ({"to": ["not an address"]}, InvalidArgument),
        ({"to": ["a@b.example\r\nBcc: x@y.example"]}, InvalidArgument),
        ({"to": ["A\nB <a@b.example>"]}, InvalidArgument),
        ({"subject": "a\r\nBcc: x@y.example"}, InvalidArgument),
        ({"to": [f"a{n}@b.example" for n in range(101)]}, OverQuota),
        ({"attachments": [{"blob": "m99", "name": "", "type": "", "octets": "1"}]}, NotFound),
    ],
)
def test_what_cannot_be_sent_queues_nothing(still, mail, change, error):
    saved = still.drafts.save("ana", DRAFT)
    with pytest.raises(error):
        still.outbox.submit("ana", "k1", DRAFT | change, saved["id"])
    assert still.outbox.newest("ana") == {"submissions": []}
    assert (listing(mail)["sent"][0], listing(mail)["drafts"][0]) == (0, 1)


def test_without_a_choice_the_first_proved_address_writes(still):
    draft = {name: value for name, value in DRAFT.items() if name != "from"}
    submission = still.outbox.submit("ana", "k1", draft)
    raw = still.blobs.octets("ana", submission["message"])[1]
    assert summarize(raw).from_[0].address == "ana@uno.example"


def test_a_recipient_named_twice_gets_one_letter(still):
    submission = still.outbox.submit("ana", "k1", DRAFT | {"to": ["EVA@dos.example, eva@dos.example"]})
    assert [one["address"].lower() for one in submission["recipients"]] == RECIPIENTS


def test_submissions_list_newest_first(store, tmp_path):
    post = Post(store, tmp_path, "127.0.0.1:9")
    for n in range(5):
        at = NOW + timedelta(minutes=n)
        outbox = Outbox(**{**vars(post.outbox), "now": lambda at=at: at})
        outbox.submit("ana", f"k{n}", DRAFT | {"subject": f"s{n}"})
    assert [one["subject"] for one in post.outbox.newest("ana", 3)["submissions"]] == ["s4", "s3", "s2"]


def test_profiled_away_queues_nothing_and_says_so(still):
    def away(user):
        raise Unavailable("profiled does not answer")

    outbox = Outbox(**{**vars(still.outbox), "writers": away})
    with pytest.raises(Unavailable):
        outbox.submit("ana", "k1", DRAFT)
    assert still.outbox.newest("ana") == {"submissions": []}


# Handing over -----------------------------------------------------------------------------------------


def test_what_a_crash_left_is_handed_over_by_the_next_process(tmp_path, relay_server):
    store = Store(tmp_path)
    Post(store, tmp_path, "127.0.0.1:9").outbox.submit("ana", "k1", DRAFT)
    store.close()
    store = Store(tmp_path)
    after = Post(store, tmp_path, relay_server.address)
    after.sender.start()
    relay_server.wait_for(lambda server: server.accepted)
    after.wait_until(after.intents.users, [])
    after.sender.stop()
    assert len(relay_server.accepted) == 1
    store.close()


def test_a_relay_that_is_away_gets_the_letter_later(post, relay_server):
    port = relay_server.port
    relay_server.stop()
    post.outbox.submit("ana", "k1", DRAFT)
    post.wait_until(lambda: set(outcomes(post).values()), {"deferred"})
    relay_server.start(port)
    relay_server.wait_for(lambda server: server.accepted)
    post.wait_until(lambda: set(outcomes(post).values()), {"queued"})


def test_a_lost_answer_makes_no_second_letter(post, relay_server):
    relay_server.lose_replies = 2
    post.outbox.submit("ana", "k1", DRAFT)
    post.wait_until(lambda: set(outcomes(post).values()), {"queued"})
    post.wait_until(post.intents.users, [])
    assert len(relay_server.accepted) == 3
    assert sum(relay_server.queued.values()) == 1
    assert len({octets for *_, octets in relay_server.accepted}) == 1


def test_a_sent_copy_destroyed_meanwhile_is_sent_all_the_same(still, store, tmp_path, mail, relay_server):
    submission = still.outbox.submit("ana", "k1", DRAFT)
    uid = int(submission["message"][1:])
    mail.write(lambda account: account.destroy(uid))
    (known,) = still.outbox.newest("ana")["submissions"]
    assert "message" not in known
    after = Post(store, tmp_path, relay_server.address)
    after.sender.start()
    relay_server.wait_for(lambda server: server.accepted)
    after.sender.stop()
    assert summarize(relay_server.accepted[0][3]).subject == DRAFT["subject"]


def test_a_recipient_refused_for_good_fails_alone(post, relay_server):
    relay_server.replies["eva@dos.example"] = "550 5.1.1 nobody here"
    post.outbox.submit("ana", "k1", DRAFT)
    post.wait_until(lambda: outcomes(post)["eva@dos.example"], "failed")
    assert outcomes(post)[RECIPIENTS[1]] == "queued"
    (told,) = post.outbox.newest("ana")["submissions"]
    assert told["recipients"][0]["detail"] == "550 5.1.1 nobody here"
    assert relay_server.accepted[0][2] == RECIPIENTS[1:]


def test_a_recipient_put_off_puts_the_letter_off_for_all(post, relay_server):
    relay_server.replies["eva@dos.example"] = "451 4.3.0 later"
    post.outbox.submit("ana", "k1", DRAFT)
    post.wait_until(lambda: set(outcomes(post).values()), {"deferred"})
    assert relay_server.accepted == []
    del relay_server.replies["eva@dos.example"]
    relay_server.wait_for(lambda server: server.accepted)
    assert relay_server.accepted[0][2] == RECIPIENTS


@pytest.mark.parametrize("step", ["MAIL", "DATA"])
def test_a_letter_refused_for_good_fails_for_everybody(post, relay_server, step):
    relay_server.replies[step] = "554 5.6.0 not this"
    post.outbox.submit("ana", "k1", DRAFT)
    post.wait_until(lambda: set(outcomes(post).values()), {"failed"})
    post.wait_until(post.intents.users, [])


@pytest.mark.parametrize("step", ["MAIL", "DATA"])
def test_a_letter_put_off_is_tried_again(post, relay_server, step):
    relay_server.replies[step] = "452 4.3.1 full"
    post.outbox.submit("ana", "k1", DRAFT)
    post.wait_until(lambda: set(outcomes(post).values()), {"deferred"})
    del relay_server.replies[step]
    post.wait_until(lambda: set(outcomes(post).values()), {"queued"})


def test_wrong_credentials_put_a_letter_off(store, tmp_path, relay_server):
    relay = Relay(relay_server.address, token=lambda: "wrong", timeout_seconds=5)
    with pytest.raises(Unavailable):
        relay.hand_over("a@b.example", ["c@d.example"], b"Subject: x\r\n\r\n", "ana s1")


def test_a_relay_that_never_speaks_is_left_at_the_deadline(silent_server):
    relay = Relay(silent_server, token=lambda: "token", timeout_seconds=30, deadline_seconds=0.2)
    with pytest.raises(Unavailable):
        relay.hand_over("a@b.example", ["c@d.example"], b"Subject: x\r\n\r\n", "ana s1")


@pytest.fixture
def silent_server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("name", ["ana s1\r\nX: y", "ana", "", "añá s1", "a b c"])
def test_a_submission_is_a_user_and_an_id(name):
    with pytest.raises(InvalidArgument):
        Relay("127.0.0.1:9", token=str).hand_over("a@b.example", ["c@d.example"], b"", name)


def test_dots_at_line_beginnings_arrive(post, relay_server):
    post.outbox.submit("ana", "k1", DRAFT | {"text": ".\n..\n.x\n"})
    relay_server.wait_for(lambda server: server.accepted)
    assert relay_server.accepted[0][3].endswith(b"\r\n\r\n.\r\n..\r\n.x\r\n")


def test_a_local_part_beyond_ascii_travels_by_smtputf8(post, relay_server):
    post.outbox.submit("ana", "k1", DRAFT | {"to": ["peña@dos.example"]})
    relay_server.wait_for(lambda server: server.accepted)
    assert "peña@dos.example" in relay_server.accepted[0][2]


def test_a_damaged_letter_is_never_sent_as_an_empty_one(still, store, tmp_path, mail, relay_server):
    still.outbox.submit("ana", "k1", DRAFT)

    def damage(account):
        (submission,) = Submissions(account.submissions).pending()
        assert submission.body is not None
        submission.body.sha256 = bytes(32)

    mail.write(damage)
    after = Post(store, tmp_path, relay_server.address)
    after.sender.start()
    after.wait_until(lambda: set(outcomes(still).values()), {"failed"})
    after.sender.stop()
    assert relay_server.accepted == []


def test_after_very_many_attempts_it_is_said_that_it_failed(still, store, tmp_path, mail):
    still.outbox.submit("ana", "k1", DRAFT)

    def tired(account):
        Submissions(account.submissions).pending()[0].attempts = ATTEMPTS - 1

    mail.write(tired)
    still.sender.start()
    still.wait_until(lambda: set(outcomes(still).values()), {"failed"})
    still.wait_until(still.intents.users, [])
    still.sender.stop()


# Outcomes ---------------------------------------------------------------------------------------------


def test_the_relays_word_stands_beside_the_letter(still):
    id = still.outbox.submit("ana", "k1", DRAFT)["submission"]
    still.outbox.outcome("ana", id, "eva@dos.example", "deferred", "451 later", NOW)
    still.outbox.outcome("ana", id, "eva@dos.example", "delivered", "250 ok", NOW)
    still.outbox.outcome("ana", id, "eva@dos.example", "deferred", "451 late word", NOW)
    still.outbox.outcome("ana", id, "nobody@dos.example", "failed", "x", NOW)
    (told,) = still.outbox.newest("ana")["submissions"]
    first = told["recipients"][0]
    assert (first["outcome"], first["detail"], first["at"]) == ("delivered", "250 ok", "2026-11-23T14:50:00Z")
    assert [one["outcome"] for one in told["recipients"][1:]] == ["queued", "queued"]


def test_a_bounce_is_a_step_of_the_log(still):
    """So an arrival card's state tells exactly which bounces it had shown."""
    mail = still.outbox.store.open_account("ana")
    id = still.outbox.submit("ana", "k1", DRAFT)["submission"]
    before = mail.read(lambda account: account.state_text())
    for recipient in RECIPIENTS[:2]:
        still.outbox.outcome("ana", id, recipient, "failed", "550 gone", NOW)
        still.outbox.outcome("ana", id, recipient, "failed", "550 gone", NOW)
    found = mail.read(lambda account: Submissions(account.submissions).bounces())
    first = mail.read(lambda account: account.step_of(before)) + 1
    assert found == tuple((first + n, id, address) for n, address in enumerate(RECIPIENTS[:2]))
    after = mail.read(lambda account: changes(account, before))
    assert (after["start_again"], after["created"], after["updated"]) == (False, [], [])


def test_the_outcome_of_an_unknown_submission_is_refused(still):
    for id in ("s0", "", "x", make_id(1, "00000000")):
        with pytest.raises(NotFound):
            still.outbox.outcome("ana", id, "a@b.example", "failed", "x", NOW)


@given(st.lists(st.sampled_from(["queued", "deferred", "delivered", "failed"]), max_size=8))
def test_what_is_final_stays(words):
    submission = Submission("s", "k", "a@b.example", ["c@d.example"], at=0, subject="")
    for at, word in enumerate(words):
        submission.tell("c@d.example", word, word, at)
    final = next((word for word in words if word in ("delivered", "failed")), None)
    assert submission.recipients[0].outcome == (final or (words or ["queued"])[-1])
    assert isinstance(submission.recipients[0], Recipient)


@given(st.integers(1, 1000), st.floats(-1, 1))
def test_pauses_double_up_to_the_limit(attempts, jitter):
    pause = pause_seconds(attempts, 5, 900, jitter)
    assert 4 <= pause <= 1080
    assert pause_seconds(1, 5, 900, 0) == 5
    assert pause_seconds(3, 5, 900, 0) == 20
    assert pause_seconds(50, 5, 900, 0) == 900


# Notes ------------------------------------------------------------------------------------------------


def test_a_note_stays_while_something_is_promised_or_waits(tmp_path):
    intents = Intents(tmp_path / "outbox")
    with intents.promising("ana"), intents.promising("ana"):
        assert not intents.settle("ana", lambda: False)
    assert not intents.settle("ana", lambda: True)
    assert Intents(tmp_path / "outbox").users() == ["ana"]
    assert intents.settle("ana", lambda: False)
    assert intents.settle("ana", lambda: False)
    assert intents.users() == []
