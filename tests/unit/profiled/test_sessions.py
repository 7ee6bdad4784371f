import pytest

from profiled.passwords import Passwords
from profiled.sessions import Sessions
from profiled.settings import PasswordSettings, SessionSettings
from restante.errors import InvalidArgument, LoginRefused, SessionEnded

IDLE, ABSOLUTE = 600, 7200


def test_the_token_stands_for_its_person(world):
    world.person()
    opened = world.sessions.open(" ANA ", "a long secret", "library")
    known = world.sessions.by_token(opened.token)
    assert (known.user, known.session, known.storage) == ("ana", opened.session, "1")
    assert known.expires_at == opened.expires_at
    assert opened.expires_at.timestamp() == world.now() + IDLE


def test_a_wrong_password_and_an_unknown_name_hear_the_same(world):
    world.person()
    sentences = set()
    for name, password in [("ana", "wrong"), ("eva", "a long secret"), ("", ""), ("../x", "x")]:
        with pytest.raises(LoginRefused) as refused:
            world.sessions.open(name, password, "")
        sentences.add((refused.value.message, refused.value.about))
    assert len(sentences) == 1


def test_the_token_is_not_in_the_database_only_its_digest(world):
    token = world.person().token
    assert token.encode() not in world.file.read_bytes()
    assert len(token) >= 43


def test_a_name_and_password_do_without_a_session(world):
    world.person()
    known = world.sessions.by_password("ana", "a long secret")
    assert (known.user, known.session) == ("ana", "")
    for act in (world.sessions.touch, world.sessions.close):
        with pytest.raises(InvalidArgument, match="no session"):
            act("ana", "")


def test_idleness_ends_a_session_and_only_a_touch_keeps_it(world):
    opened = world.person()
    world.now.pass_by(IDLE - 1)
    world.sessions.by_token(opened.token)
    expires_at = world.sessions.touch("ana", opened.session)
    assert expires_at.timestamp() == world.now() + IDLE
    world.now.pass_by(IDLE - 1)
    world.sessions.by_token(opened.token)
    world.now.pass_by(1)
    for act in (
        lambda: world.sessions.by_token(opened.token),
        lambda: world.sessions.touch("ana", opened.session),
    ):
        with pytest.raises(SessionEnded):
            act()


def test_a_session_ends_in_the_end_however_much_it_is_used(world):
    opened = world.person()
    for _ in range(ABSOLUTE // 300 - 1):
        world.now.pass_by(300)
        expires_at = world.sessions.touch("ana", opened.session)
    assert expires_at.timestamp() == world.now() + 300
    world.now.pass_by(300)
    with pytest.raises(SessionEnded):
        world.sessions.by_token(opened.token)


def test_touches_in_quick_succession_write_once(world):
    opened = world.person()
    world.now.pass_by(60)
    world.sessions.touch("ana", opened.session)
    octets = world.database.octets()
    world.now.pass_by(3)
    expires_at = world.sessions.touch("ana", opened.session)
    assert world.database.octets() == octets
    assert expires_at.timestamp() == world.now() - 3 + IDLE


def test_a_closed_session_is_over_and_closing_tells_whom_to_tell(world):
    opened = world.person()
    other = world.sessions.open("ana", "a long secret", "")
    assert world.sessions.close("ana", opened.session) == "1"
    with pytest.raises(SessionEnded):
        world.sessions.by_token(opened.token)
    with pytest.raises(SessionEnded):
        world.sessions.close("ana", opened.session)
    assert world.sessions.by_token(other.token)


def test_nobody_reaches_the_session_of_another(world):
    world.person("eva")
    opened = world.person("ana")
    with pytest.raises(SessionEnded) as foreign:
        world.sessions.close("eva", opened.session)
    with pytest.raises(SessionEnded) as missing:
        world.sessions.close("eva", "s0000000000000000")
    assert foreign.value.message == missing.value.message
    assert world.sessions.by_token(opened.token)


def test_the_list_shows_what_is_open_newest_first(world):
    first = world.person()
    world.now.pass_by(60)
    second = world.sessions.open("ana", "a long secret", "library")
    rows = world.sessions.of("ana", second.session)
    assert [(row["session"], row["terminal"], row["current"]) for row in rows] == [
        (second.session, "library", True),
        (first.session, "", False),
    ]
    world.now.pass_by(IDLE - 60)
    assert [row["session"] for row in world.sessions.of("ana", "")] == [second.session]


def test_one_session_too_many_ends_the_one_used_longest_ago(world):
    world.person()
    few = Sessions(world.database, world.passwords, SessionSettings(at_once=2), world.now)
    tokens = []
    for _ in range(3):
        world.now.pass_by(1)
        tokens.append(few.open("ana", "a long secret", "").token)
    with pytest.raises(SessionEnded):
        few.by_token(tokens[0])
    assert few.by_token(tokens[1]) and few.by_token(tokens[2])
    assert world.read(lambda root: len(root.sessions)) == 2


def test_the_purge_removes_what_has_ended_and_nothing_else(world):
    world.person("ana")
    used = world.person("eva")
    world.now.pass_by(IDLE - 1)
    world.sessions.touch("eva", used.session)
    fresh = world.person("luis")
    assert world.sessions.purge() == 0
    world.now.pass_by(1)
    assert world.sessions.purge() == 1
    assert world.sessions.purge() == 0
    assert world.sessions.by_token(used.token) and world.sessions.by_token(fresh.token)
    world.now.pass_by(ABSOLUTE)
    assert world.sessions.purge() == 2
    assert world.read(lambda root: (len(root.sessions), len(root.session_ends))) == (0, 0)
    assert world.read(lambda root: len(root.profiles["ana"].sessions)) == 0


def test_a_login_renews_a_hash_made_with_old_costs(world):
    world.person()
    before = world.read(lambda root: root.profiles["ana"].password_hash)
    dearer = Sessions(
        world.database, Passwords(PasswordSettings(memory_kib=128, passes=1)), SessionSettings(), world.now
    )
    dearer.open("ana", "a long secret", "")
    after = world.read(lambda root: root.profiles["ana"].password_hash)
    assert before != after and "m=128," in after
    dearer.open("ana", "a long secret", "")
    assert world.read(lambda root: root.profiles["ana"].password_hash) == after
