"""Threads: who belongs together, whoever came first; their windows; and letters made to join everything."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restante.errors import NotFound
from stored import threads as lists
from stored.messages import change, copy, delete
from stored.model import mend, threads
from stored.model.order import Order
from stored.store import Store
from stored.undoing import undo
from tests.unit.stored.keeping import keep, letter, on_wire, prepared
from tests.unit.stored.threaded import assert_windows_agree, grouped, threads_of, whole, window

LEAKS = "The roof leaks"
ASKED = {"From": "bea@dos.example", "To": "ana@uno.example", "Subject": LEAKS}
ANSWER = {"From": "ana@uno.example", "To": "bea@dos.example", "Subject": f"Re: {LEAKS}"}


def ids(*numbers):
    return " ".join(f"<{number}@uno.example>" for number in numbers)


def answering(number, *to, **fields):
    return letter(number, **({"References": ids(*to)} | fields))


def kept(mail, *raws, **options):
    return keep(mail, *(prepared(raw, minutes=n, **options) for n, raw in enumerate(raws)))


def together(mail):
    """Return the threads as sets of messages."""
    found: dict = {}
    for id, thread in threads_of(mail).items():
        found.setdefault(thread, set()).add(id)
    return sorted(map(sorted, found.values()))


# Who belongs together -----------------------------------------------------------------------------


def test_a_letter_and_its_answers_are_one_thread_with_what_was_sent(mail):
    kept(mail, letter(1), letter(2))
    kept(mail, answering(3, 1), folder="sent", flags=1)
    kept(mail, answering(4, 1, 3))
    assert together(mail) == [["m1", "m3", "m4"], ["m2"]]
    assert [row["id"] for row in whole(mail, "t1")["rows"]] == ["m1", "m3", "m4"]


def test_in_reply_to_alone_is_enough(mail):
    kept(mail, letter(1), letter(2, **{"In-Reply-To": ids(1)}))
    assert together(mail) == [["m1", "m2"]]


def test_answers_to_a_letter_that_never_came_are_one_thread(mail):
    kept(mail, answering(2, 1), answering(3, 1), answering(4, 9))
    assert together(mail) == [["m1", "m2"], ["m3"]]


def test_a_late_letter_makes_two_threads_one_and_the_older_id_stays(mail):
    kept(mail, letter(1), answering(3, 2), answering(4, 3))
    assert threads_of(mail) == {"m1": "t1", "m2": "t2", "m3": "t2"}
    kept(mail, answering(2, 1))
    assert set(threads_of(mail).values()) == {"t1"}
    assert whole(mail, "t2")["id"] == whole(mail, "t1")["id"] == "t1"
    assert window(mail, "inbox", anchor="t2")["threads"] == window(mail, "inbox")["threads"]


def test_letters_that_went_for_good_hold_their_thread_together(mail):
    kept(mail, letter(1), answering(2, 1))
    mail.write(lambda account: delete(account, ["m1", "m2"], for_good=True))
    with pytest.raises(NotFound):
        whole(mail, "t1")
    kept(mail, answering(3, 1), answering(4, 2))
    assert threads_of(mail) == {"m3": "t1", "m4": "t1"}


LETTERS = [
    letter(1),
    answering(2, 1),
    answering(3, 1, 2),
    letter(4, **{"In-Reply-To": ids(3)}),
    answering(5, 9),
    answering(6, 9),
    answering(7, 5, 3),
    letter(8, **ASKED),
    letter(10, **ANSWER),
    letter(11, **ASKED),
    letter(12, **{**ASKED, "From": "eva@dos.example"}),
    answering(13, 14, **ANSWER),
    letter(1),
]
WEEK = 7 * 24 * 60


def batches_of(some):
    """Cut a list at random places."""
    return st.lists(st.integers(1, len(some)), max_size=4).map(
        lambda cuts: [some[a:b] for a, b in itertools.pairwise(sorted({0, len(some), *cuts}))]
    )


@settings(max_examples=60)
@given(
    batches=st.permutations(range(len(LETTERS))).flatmap(batches_of),
    weeks=st.lists(st.integers(0, 6), min_size=len(LETTERS), max_size=len(LETTERS)),
)
def test_the_order_of_arrival_makes_no_difference(tmp_path_factory, batches, weeks):
    ready = [prepared(raw, minutes=week * WEEK) for raw, week in zip(LETTERS, weeks, strict=True)]
    store = Store(tmp_path_factory.mktemp("threads"))
    mail = store.open_account("ana")
    number_of: dict = {}
    for batch in batches:
        number_of |= dict(zip(keep(mail, *(ready[n] for n in batch)), batch, strict=True))
    found: dict = {}
    for id, thread in threads_of(mail).items():
        found.setdefault(thread, set()).add(number_of[id])
    expected: dict = {}
    for number, home in grouped([(n, one.clues, one.time) for n, one in enumerate(ready)]).items():
        expected.setdefault(home, set()).add(number)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected.values()))
    assert all(thread == min(id for id in some) for thread, some in ids_by_thread(mail).items())
    assert_windows_agree(mail)
    store.close()


def ids_by_thread(mail):
    found: dict = {}
    for id, thread in threads_of(mail).items():
        found.setdefault(int(thread[1:]), []).append(int(id[1:]))
    return found


def test_a_line_is_made_once_while_nothing_in_it_changes(mail, monkeypatch):
    keep(mail, *(prepared(letter(number), minutes=number) for number in range(1, 4)))
    made: list = []
    line = lists._line

    def counted(account, of, *more):
        made.append(of)
        return line(account, of, *more)

    monkeypatch.setattr(lists, "_line", counted)
    kept = lists.Lines(4)

    def shown():
        return on_wire(mail.read(lambda account: lists.page(account, "inbox", 0, 50, "", kept)))

    first = shown()
    assert (shown(), len(made)) == (first, 3)
    mail.write(lambda account: change(account, ["m2"], {"seen": True}))
    assert [line["unread"] for line in shown()["threads"]] == [1, 0, 1]
    assert len(made) == 4
    mail.write(lambda account: change(account, ["m1", "m3"], {"seen": True}))
    assert [line["unread"] for line in shown()["threads"]] == [0, 0, 0]
    assert len(kept._kept) <= 4


# Careful subject ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "days", "one"),
    [
        (ASKED, ANSWER, 2, True),
        (ASKED, {**ANSWER, "Subject": "RV: the roof  LEAKS"}, 2, True),
        ({**ASKED, "Subject": "Gotea el techo"}, {**ANSWER, "Subject": "RE: Gotea el techo"}, 2, True),
        (ASKED, {**ASKED, "Subject": f"Re: {LEAKS}"}, 2, True),
        (ASKED, ASKED, 2, False),
        (ASKED, {**ANSWER, "In-Reply-To": ids(99)}, 2, False),
        (ASKED, ANSWER, 60, False),
        (ASKED, {**ANSWER, "Subject": "Re: The roof leaks again"}, 2, False),
        (ASKED, {**ANSWER, "To": "eva@dos.example"}, 2, False),
        (ASKED, {**ASKED, "From": "eva@dos.example", "Subject": f"Re: {LEAKS}"}, 2, False),
        ({**ASKED, "Subject": "Hello"}, {**ANSWER, "Subject": "Re: Hello"}, 2, False),
        ({**ASKED, "Subject": "Hola"}, {**ANSWER, "Subject": "RE: ¡Hola!"}, 2, False),
        ({**ASKED, "Subject": ""}, {**ANSWER, "Subject": "Re:"}, 2, False),
        ({**ASKED, "Subject": "Sin asunto"}, {**ANSWER, "Subject": "RV: Sin asunto"}, 2, False),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_an_answer_that_names_nothing_joins_by_a_careful_subject(mail, first, second, days, one, late):
    both = [prepared(letter(1, **first)), prepared(letter(2, **second), minutes=days * 24 * 60)]
    for some in reversed(both) if late else both:
        keep(mail, some)
    assert together(mail) == ([["m1", "m2"]] if one else [["m1"], ["m2"]])


def test_letters_with_one_subject_of_which_none_is_an_answer_stay_apart(mail):
    kept(mail, *(letter(n, **ASKED) for n in range(1, 12)))
    assert len(together(mail)) == 11


# What happens to messages -------------------------------------------------------------------------


def test_moved_deleted_and_taken_back(mail):
    kept(mail, letter(1), letter(2), answering(3, 1))
    line = window(mail, "inbox")["threads"][0]
    assert (line["id"], line["here"], line["total"], line["unread"]) == ("t1", 2, 2, 2)
    told = mail.write(lambda account: change(account, ["m3"], {"folder": "archive", "seen": True}))
    assert [row["id"] for row in window(mail, "inbox")["threads"]] == ["t2", "t1"]
    line = window(mail, "inbox")["threads"][1]
    assert (line["here"], line["total"], line["unread"], line["newest"]["id"]) == (1, 2, 1, "m1")
    undo(mail, told["undo"])
    assert [row["id"] for row in window(mail, "inbox")["threads"]] == ["t1", "t2"]
    assert window(mail, "archive")["threads"] == []
    assert_windows_agree(mail)


def test_junk_and_trash_are_shown_only_when_asked_for(mail):
    kept(mail, letter(1), answering(2, 1), answering(3, 1))
    mail.write(lambda account: delete(account, ["m2"]))
    assert [row["id"] for row in whole(mail, "t1")["rows"]] == ["m1", "m3"]
    assert whole(mail, "t1")["total"] == 2
    assert [row["id"] for row in whole(mail, "t1", everywhere=True)["rows"]] == ["m1", "m2", "m3"]
    assert window(mail, "inbox")["threads"][0]["total"] == 2
    (line,) = window(mail, "trash")["threads"]
    assert (line["id"], line["here"], line["total"]) == ("t1", 1, 3)


def test_a_copy_is_in_the_thread_of_what_it_was_made_of(mail):
    kept(mail, letter(1), answering(2, 1))
    told = mail.write(lambda account: copy(account, ["m2"], "archive"))
    assert threads_of(mail)["m3"] == "t1"
    undo(mail, told["undo"])
    assert whole(mail, "t1")["total"] == 2


def test_participants_wrote_the_first_and_the_newest_each_once(mail):
    who = ["ana", "bea", "eva", "bea", "eva", "luz"]
    kept(mail, *(answering(n, 1, From=f"{name}@uno.example") for n, name in enumerate(who, 1)))
    (line,) = window(mail, "inbox")["threads"]
    assert [one["address"][:3] for one in line["participants"]] == ["ana", "bea", "eva", "luz"]


def test_windows_of_threads_put_together_are_the_list(mail):
    raws = [answering(n, n - n % 3) for n in range(1, 140)]
    kept(mail, *raws)
    all_ = window(mail, "inbox")["threads"]
    pieces = [window(mail, "inbox", position, 10)["threads"] for position in range(0, 60, 10)]
    assert [row for piece in pieces for row in piece] == all_
    anchored = window(mail, "inbox", -2, 4, anchor=all_[20]["id"])
    assert (anchored["position"], anchored["threads"]) == (18, all_[18:22])


def test_a_window_of_a_thread_is_a_part_of_it(mail):
    kept(mail, letter(1), *(answering(n, 1) for n in range(2, 12)))
    told = whole(mail, "t1", 4, 3)
    assert (told["position"], told["total"]) == (4, 11)
    assert [row["id"] for row in told["rows"]] == ["m5", "m6", "m7"]


def test_an_anchor_of_another_folder_has_its_place_in_time(mail):
    kept(mail, *(letter(n) for n in range(1, 6)))
    mail.write(lambda account: change(account, ["m3"], {"folder": "archive"}))
    assert [row["id"] for row in window(mail, "inbox", 0, 2, anchor="t3")["threads"]] == ["t2", "t1"]


@pytest.mark.parametrize("id", ["", "t", "t0", "m1", "t2", "t99", "t-1", "t01", "t99999999999", "t١"])
def test_what_is_no_thread_is_not_found(mail, id):
    kept(mail, letter(1))
    with pytest.raises(NotFound):
        whole(mail, id)
    if id:
        with pytest.raises(NotFound):
            window(mail, "inbox", anchor=id)


# Letters made to join everything ------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(threads, "MOST_MEMBERS", 10)


def test_a_letter_that_names_hundreds_joins_few(mail):
    kept(mail, *(letter(n) for n in range(1, 201)))
    kept(mail, answering(999, *range(1, 201)))
    assert max(map(len, together(mail))) == 4


@pytest.mark.usefixtures("small")
def test_a_thread_that_is_full_takes_no_more_and_the_next_goes_on(mail):
    kept(mail, letter(1), *(answering(n, 1) for n in range(2, 36)))
    assert sorted(map(len, together(mail)), reverse=True) == [10, 10, 10, 5]
    assert_windows_agree(mail)


@pytest.mark.usefixtures("small")
def test_forged_letters_cannot_join_more_than_a_thread_holds(mail):
    kept(mail, *(letter(n) for n in range(1, 101)))
    kept(mail, *(answering(200 + n, n, n + 1, n + 2) for n in range(1, 99)))
    kept(mail, *(answering(400 + n, n, 50) for n in range(1, 99)))
    assert max(map(len, together(mail))) == 10
    assert_windows_agree(mail)


@pytest.mark.usefixtures("small")
def test_letters_that_all_have_one_message_id_fill_one_thread(mail):
    kept(mail, *(letter(1, f"Said {n}") for n in range(40)))
    assert max(map(len, together(mail))) == 10
    assert_windows_agree(mail)


@pytest.mark.usefixtures("small")
def test_many_answers_with_one_subject_join_within_bounds(mail):
    kept(mail, *(letter(n, **(ANSWER if n % 2 else ASKED)) for n in range(1, 300)))
    assert max(map(len, together(mail))) == threads.MOST_MEMBERS
    assert_windows_agree(mail)


def test_a_long_conversation_is_one_thread_in_whatever_order_it_comes(mail):
    numbers = list(range(2, 402))
    random.Random(4).shuffle(numbers)
    kept(mail, *(answering(n, 1, n - 1) for n in numbers))
    assert [len(thread) for thread in together(mail)] == [400]
    assert_windows_agree(mail)


def test_what_is_only_named_is_no_letter_and_its_place_is_taken_by_it(mail):
    kept(mail, answering(2, 1))
    assert mail.read(lambda account: list(account.letters("1@uno.example"))) == []
    before = mail.read(lambda account: len(account.message_ids))
    kept(mail, letter(1))
    assert mail.read(lambda account: list(account.letters("1@uno.example"))) == [2]
    assert mail.read(lambda account: len(account.message_ids)) == before


# Damage -------------------------------------------------------------------------------------------


@pytest.fixture
def family(mail):
    raws = [answering(n, n - n % 7, **(ASKED if n % 11 == 0 else {})) for n in range(1, 120)]
    kept(mail, *raws)
    mail.write(lambda account: change(account, [f"m{n}" for n in range(3, 60, 2)], {"folder": "archive"}))
    mail.write(lambda account: delete(account, ["m7", "m8", "m30"], for_good=True))
    return threads_of(mail)


def test_threads_are_made_anew_from_either_half(mail, family):
    def lose(account):
        kept = account.threads
        for n, (uid, entry) in enumerate(list(kept.items())):
            half_is_left = isinstance(entry, bytes) or kept.get(entry)
            if half_is_left and n % 2:
                del kept[uid]
        threads.rebuild(account)

    mail.write(lose)
    assert threads_of(mail) == family
    assert_windows_agree(mail)
    mail.write(threads.rebuild)
    assert threads_of(mail) == family


def test_orders_of_threads_that_disagree_are_made_anew(mail, family):
    def spoil(account):
        account.folders.members[1].thread_order = Order()

    mail.write(spoil)
    assert mail.write(mend.mend) == ["threads"]
    assert mail.write(mend.mend) == []
    assert threads_of(mail) == family
    assert_windows_agree(mail)


def test_a_thread_keeps_its_place_when_a_folder_is_gone(mail):
    kept(mail, letter(1), answering(2, 1))
    mail.write(lambda account: mend._renew(account, 1))
    mail.write(threads.rebuild)
    assert_windows_agree(mail)
