"""What a letter links to follows from the letter alone, and is bounded."""

from tests.unit.stored.keeping import letter
from tests.unit.stored.threaded import clues

TO_ANA = {"From": "bea@dos.example", "To": "ana@uno.example"}


def ids(*numbers):
    return " ".join(f"<{number}@uno.example>" for number in numbers)


def test_a_letter_follows_the_first_and_the_last_it_refers_to_and_what_it_answers():
    fields = {"References": ids(*range(10, 60)), "In-Reply-To": ids(70)}
    assert clues(letter(1, **fields)).named == tuple(f"{n}@uno.example" for n in (10, 58, 59, 70))


def test_a_letter_does_not_follow_itself_nor_anything_twice():
    fields = {"References": ids(1, 2, 2), "In-Reply-To": ids(2)}
    assert clues(letter(1, **fields)).named == ("2@uno.example",)


def test_only_an_answer_that_names_nothing_goes_by_its_subject():
    assert clues(letter(Subject="Re: The roof leaks")).answers
    assert not clues(letter(Subject="The roof leaks")).answers
    assert not clues(letter(**{"Subject": "Re: The roof leaks", "In-Reply-To": ids(2)})).answers


def test_topics_are_the_subject_with_each_pair_whoever_of_the_two_wrote():
    asked = clues(letter(Subject="The roof leaks", **TO_ANA))
    answer = clues(letter(Subject="RE: the  roof LEAKS", From="ANA@uno.example", To="bea@dos.example"))
    assert asked.topics == answer.topics == ("ana@uno.example bea@dos.example the roof leaks",)


def test_there_is_no_topic_without_a_subject_that_says_something_or_without_somebody_else():
    assert clues(letter(Subject="Hello", **TO_ANA)).topics == ()
    assert clues(letter(Subject="The roof leaks", From="", To="ana@uno.example")).topics == ()
    alone = {"From": "ana@uno.example", "To": "ana@uno.example"}
    assert clues(letter(Subject="The roof leaks", **alone)).topics == ()


def test_a_letter_to_many_has_three_topics():
    many = ", ".join(f"p{n}@uno.example" for n in range(500))
    assert len(clues(letter(Subject="The roof leaks", To=many)).topics) == 3
