"""Settings: where a value comes from, what it must be, and what is said when it is not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from restante.config import (
    MASK,
    DatabaseSettings,
    HttpSettings,
    documented_keys,
    effective,
    keys,
    load,
    render,
    secrets,
    section,
    setting,
)
from restante.errors import ConfigError


@dataclass(frozen=True)
class Storage:
    url: str = setting("http://127.0.0.1:8612/", "Where it answers.")
    weight: float = setting(1.0, "Its share of new users.", minimum=0)


@dataclass(frozen=True)
class Routes:
    smarthost: str = setting("", "The next hop.")
    domains: dict[str, str] = setting({}, "Fixed next hops.")


@dataclass(frozen=True)
class Settings:
    name: str = setting("restante", "What it is called.")
    secret: str = setting("", "A password.", secret=True)
    tries: int = setting(3, "How often.", minimum=1, maximum=9)
    plain: bool = setting(False, "Whether.")
    order: Literal["new", "old"] = setting("new", "Which first.")
    allow: list[str] = setting([], "Networks.")
    ports: list[int] = setting([995], "Ports.", minimum=1, maximum=65535)
    place: Path = setting(Path("var"), "Where.")
    http: HttpSettings = section(HttpSettings, "The listeners.", listen="127.0.0.1:8611")
    routes: Routes = section(Routes)
    storage: dict[str, Storage] = setting({"1": Storage()}, "The storage servers.")


def read(tmp_path, text, **more):
    path = tmp_path / "restante.toml"
    path.write_text(text)
    return load(Settings, path, **more)


def test_without_a_file_there_are_the_defaults():
    settings = load(Settings, None)
    assert settings == Settings()
    assert settings.http.listen == "127.0.0.1:8611"
    assert settings.http.threads == HttpSettings().threads


def test_a_file_says_what_is_different(tmp_path):
    settings = read(
        tmp_path,
        """
        name = "other"
        tries = 9
        plain = true
        order = "old"
        allow = ["10.0.0.0/8", "::1"]
        ports = [110, 995]
        place = "/srv"
        [http]
        threads = 2
        [routes]
        domains = {"uno.example" = "127.0.0.1:2525"}
        [storage.1]
        url = "http://one/"
        [storage.2]
        weight = 2
        """,
    )
    assert (settings.name, settings.tries, settings.plain, settings.order) == ("other", 9, True, "old")
    assert (settings.allow, settings.ports) == (["10.0.0.0/8", "::1"], [110, 995])
    assert settings.place == Path("/srv")
    assert (settings.http.threads, settings.http.listen) == (2, "127.0.0.1:8611")
    assert settings.routes.domains == {"uno.example": "127.0.0.1:2525"}
    assert settings.storage == {"1": Storage(url="http://one/"), "2": Storage(weight=2.0)}


def test_the_environment_goes_over_the_file_and_overrides_over_both(tmp_path):
    env = {
        "RESTANTE_X_TRIES": "5",
        "RESTANTE_X_HTTP_LISTEN": "unix:/x",
        "RESTANTE_X_PLAIN": "yes",
        "HOME": "/",
    }
    overrides = ["http.listen=127.0.0.1:0", "allow=10.0.0.0/8, ::1", "ports=[1, 2]", "routes.domains.a=b:25"]
    text = 'tries = 2\n[routes]\nsmarthost = "h"\n[storage.7]\nurl = "u"'
    settings = read(
        tmp_path, text, env=env, prefix="RESTANTE_X", overrides=[*overrides, "storage.7.weight=4"]
    )
    assert (settings.tries, settings.plain, settings.http.listen) == (5, True, "127.0.0.1:0")
    assert (settings.allow, settings.ports) == (["10.0.0.0/8", "::1"], [1, 2])
    assert settings.routes == Routes(smarthost="h", domains={"a": "b:25"})
    assert settings.storage == {"7": Storage(url="u", weight=4.0)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nam = 1", "line 1: there is no setting nam; did you mean name?"),
        ("\n[http]\nthread = 1", "line 3: there is no setting http.thread; did you mean http.threads?"),
        (
            "[storage.1]\nurl='x'\n[storage.2]\nurk='x'",
            "line 4: there is no setting storage.2.urk; did you mean",
        ),
        ("zzz = 1", "line 1: there is no setting zzz."),
        ("name = 1", "line 1: name must be text, in quotes."),
        ("tries = '3'", "line 1: tries must be a whole number."),
        ("tries = true", "line 1: tries must be a whole number."),
        ("tries = 1.5", "line 1: tries must be a whole number."),
        ("tries = 0", "line 1: tries must be from 1 to 9."),
        ("tries = 10", "line 1: tries must be from 1 to 9."),
        ("plain = 1", "line 1: plain must be true or false."),
        ("order = 'up'", 'line 1: order must be one of "new", "old".'),
        ("allow = '10.0.0.0/8'", 'line 1: allow must be a list, such as ["text"].'),
        ("allow = [1]", "line 1: allow must be text, in quotes."),
        ("ports = [0]", "line 1: ports must be from 1 to 65535."),
        ("place = 1", "line 1: place must be a path, in quotes."),
        ("http = 1", "line 1: http must be a table, written [http]."),
        ("[http]\nconnection_limit = 1", "line 2: http.connection_limit must be from 10 to 60000."),
        ("[http]\nbody_limit_octets = 1", "line 2: http.body_limit_octets must be at least 16384."),
        ("[routes]\ndomains = 1", "line 2: routes.domains must be a table, written [routes.domains]."),
        ("[routes.domains]\na = 1", "line 2: routes.domains.a must be text, in quotes."),
        ("storage = 1", "line 1: storage must be tables, written [storage.1]."),
        ("[storage]\n1 = 1", "line 2: storage.1 must be a table, written [storage.1]."),
        ("[storage.1]\nweight = 'x'", "line 2: storage.1.weight must be a number."),
        ("[storage.1]\nweight = -1", "line 2: storage.1.weight must be at least 0."),
        ("name = ", "is not TOML"),
        ("[http\n", "at line 1"),
    ],
)
def test_each_mistake_in_a_file_is_one_sentence_that_names_it(tmp_path, text, says):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    message = error.value.message
    assert says in message
    assert str(tmp_path / "restante.toml") in message
    assert message[-1] in ".?"
    assert "\n" not in message
    assert error.value.exit_status == 2


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"overrides": ["tries"]}, "--set tries has no value"),
        ({"overrides": ["trie=1"]}, "--set trie=1: there is no setting trie; did you mean tries?"),
        ({"overrides": ["http=1"]}, "--set http=1: http is a table; name a key of it."),
        ({"overrides": ["name.x=1"]}, "--set name.x=1: there is no setting name.x."),
        ({"overrides": ["tries=many"]}, "--set tries=many: tries must be a whole number."),
        ({"overrides": ["tries=0"]}, "--set tries=0: tries must be from 1 to 9."),
        ({"overrides": ["plain=perhaps"]}, "plain must be true or false."),
        (
            {"env": {"RESTANTE_X_TRIES": "x"}},
            "The environment variable RESTANTE_X_TRIES: tries must be a whole",
        ),
        ({"env": {"RESTANTE_X_TRIE": "1"}}, "RESTANTE_X_TRIE is no setting; did you mean RESTANTE_X_TRIES?"),
        ({"env": {"RESTANTE_X_QQQQQQQQQQQ": "1"}}, "RESTANTE_X_QQQQQQQQQQQ is no setting."),
    ],
)
def test_each_mistake_elsewhere_names_where_it_was_made(more, says):
    with pytest.raises(ConfigError) as error:
        load(Settings, None, prefix="RESTANTE_X", **more)
    assert says in error.value.message


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    for path, says in ((tmp_path / "none.toml", "does not exist"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigError, match=says):
            load(Settings, path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe1"')
    with pytest.raises(ConfigError, match="UTF-8"):
        load(Settings, tmp_path / "latin.toml")


def test_secrets_are_masked_wherever_settings_are_shown():
    settings = load(Settings, None, overrides=["secret=correct horse"])
    assert effective(settings)["secret"] == MASK
    assert "correct horse" not in render(settings)
    assert secrets(settings) == ["correct horse"]
    assert secrets(Settings()) == []
    assert effective(Settings())["secret"] == ""
    assert effective(settings)["storage"]["1"]["url"] == Storage().url
    assert secrets(DatabaseSettings(zconfig="<relstorage/>")) == ["<relstorage/>"]


def test_what_is_rendered_can_be_read_again(tmp_path):
    text = (
        'name = "with \\"quotes\\" and \\\\ and ñ"\nallow = ["a"]\n[routes]\ndomains = {"uno.example" = "x"}'
    )
    settings = read(tmp_path, text)
    assert read(tmp_path, render(settings)) == settings
    assert read(tmp_path, render(Settings(), comment_out=True)) == Settings()


def test_the_file_that_is_all_comments_documents_every_key(tmp_path):
    path = tmp_path / "restante.toml"
    path.write_text(render(Settings(), comment_out=True))
    assert documented_keys(path) == keys(Settings)
    assert keys(Settings)["http.listen"] == '"127.0.0.1:8611"'
    assert keys(Settings)["storage.*.weight"] == "1.0"
    assert keys(Settings)["routes.domains"] == "{}"
    path.write_text('# Prose about x.\n[http]\n# threads = 8\npath = "/x/"\n[storage.2]\n#url = "u"\n')
    assert documented_keys(path) == {"http.threads": "8", "http.path": '"/x/"', "storage.*.url": '"u"'}


def test_a_list_of_one_instance_is_not_that_of_another():
    one, other = Settings(), Settings()
    one.allow.append("x")
    assert other.allow == []
