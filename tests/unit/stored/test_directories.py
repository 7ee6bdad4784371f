"""What the directories of users are called, and whose they are."""

import pytest

from restante.errors import InvalidArgument
from stored.directories import directory_name, user_of_directory


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("ana", "ana"),
        ("ana.maria-2_x", "ana.maria-2_x"),
        (".", "=2e"),
        ("..", "=2e.="),
        ("../x", "=2e.=2fx"),
        ("Ana", "=41na"),
        ("a=b", "a=3db"),
        ("ana.", "ana.="),
        ("con", "con="),
        ("nul.txt", "nul.txt="),
        ("ñ", "=c3=b1"),
        ("a/b\\c\x00", "a=2fb=5cc=00"),
    ],
)
def test_users_have_safe_directories(user, name):
    assert directory_name(user) == name


def test_long_names_stay_short_and_different():
    one, other = directory_name("ñ" * 64), directory_name("ñ" * 63 + "o")
    assert one != other
    assert max(len(one), len(other)) < 200


def test_nobody_has_no_directory():
    with pytest.raises(InvalidArgument):
        directory_name("")


@pytest.mark.parametrize("user", ["ana", "o'brien", "Ñandú", "con", "a.b", ".hidden", "ends."])
def test_a_directory_says_whose_it_is(user):
    assert user_of_directory(directory_name(user)) == user


@pytest.mark.parametrize("name", ["=zz", "ANA", "x=", "=ff", "lost+found"])
def test_a_directory_that_is_not_ours_is_nobodys(name):
    assert user_of_directory(name) == ""
