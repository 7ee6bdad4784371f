"""Tenants are apart (promise 13): whatever Eva asks with ids of Ana's, she is told what is told of no id.

Every method of the public declaration, every place in it that may name something, in both encodings; and
blobs by plain HTTP. Nothing of Ana's text is in any answer, and nothing of hers has changed afterwards.
"""

import secrets

import pytest
import requests

from demo.rpc import Service
from tests.integration.tenant_cases import CASES, filled, may_name, place_of, places
from tests.integration.tenants import (
    CANARY,
    EVA,
    SECRET,
    Tenant,
    everything_of,
    give_everything,
    house,
    nobody_s,
    seen_of,
    text_of,
)

#: First what changes nothing of Eva's, then what makes letters of hers; so that Ana's ids do not become hers.
ORDER = (
    *("job", "blob", "undo", "state", "cursor", "account", "word", "folder", "thread", "rule"),
    *("message", "identity", "name", "key"),
)
#: Ids that both have, each their own: of these it is asked only that nothing of Ana's is told.
BOTH_HAVE = {
    "job": ["j1", "j2"],
    "blob": ["m1", "m1-1", "x2"],
    "undo": ["n1", "n2"],
    "folder": ["f1", "inbox", "archive", "sent"],
    "thread": ["t1"],
    "message": ["m1", "m2", "m3"],
    "identity": ["i2"],
}
BLOB_CALLS = [
    ("GET", "", {}),
    ("GET", "/name.txt", {"Range": "bytes=0-9"}),
    ("GET", "/name.txt", {"If-None-Match": "*"}),
    ("HEAD", "", {}),
    ("HEAD", "/name.txt", {}),
    ("POST", "", {"Upload-Length": "9"}),
    ("PATCH", "", {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}),
    ("DELETE", "", {}),
]


class Scene:
    """Ana, Eva, the ids that only Ana has, and all that Eva was answered."""

    def __init__(self, running):
        self.house = running
        self.ana, self.eva = Tenant(running, "ana"), Tenant(running, "eva")
        self.eva.add_account(EVA, SECRET)
        self.eva.collect()
        self.eva.stored.call("folder.set", create=[{"name": "Eva's"}])
        for _ in BOTH_HAVE["job"]:
            self.eva.stored.call("export.start")
        self.eva.finished()
        self.own_upload = self.eva.upload(
            b"From x Thu Jan  1 00:00:00 2026\nSubject: own\n\nx\n", "own.mbox", purpose="import"
        )
        self.ids = give_everything(self.ana)
        self.before = everything_of(self.ana)
        self.told: list[tuple[str, str]] = []

    def ask(self, wire, case, id):
        """Ask as Eva with `id` in its place; return the answer as it may be compared."""
        method, _, params = case
        params = filled(params, id)
        if params.get("key") == "tried":
            params["key"] = secrets.token_hex(8)
        if params.get("blob") == "OWN UPLOAD":
            params["blob"] = self.own_upload
        answer = self.eva.rpc(wire, method, params)
        if (
            method in ("rule.run", "export.start")
            and "error" not in answer.text
            and "fault" not in answer.text
        ):
            self.eva.finished()
        return self.noted(f"{wire} {place_of(case)} {id}", answer, id)

    def noted(self, what, answer, id):
        said = f"{answer.headers} {text_of(answer)}".replace(id, "<id>")
        self.told.append((what, said))
        return seen_of(answer, id)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with house(tmp_path_factory.mktemp("tenants")) as running:
        yield Scene(running)


def wants(method):
    """Tell whether a method (as OpenRPC describes it) cannot be called without parameters."""
    return any(one["required"] for one in method["params"])


def described(scene):
    return requests.get(scene.house.url("stored") + "openrpc.json", timeout=30).json()


def test_every_place_that_may_name_something_has_a_case(scene):
    declared, cases = places(described(scene)), {place_of(case) for case in CASES}
    missing = {place for place in declared - cases if may_name(place)}
    assert not missing, (
        f"{sorted(missing)} may name what is another's: add to CASES of tenant_cases.py a call with ID "
        "in that place and the kind of thing it names; or to PLAIN the key, if its text names nothing."
    )
    assert not cases - declared, f"{sorted(cases - declared)} of CASES are not declared (any more)."
    cased = {case[0] for case in CASES}
    unasked = [one["name"] for one in described(scene)["methods"] if one["name"] not in cased and wants(one)]
    assert not unasked, (
        f"{unasked} cannot be asked without parameters: add a call to CASES of tenant_cases.py."
    )
    assert {kind for _, kind, _ in CASES} == set(ORDER) == set(scene.ids)


def test_a_blob_of_which_both_have_the_id_is_each_one_s_own(scene):
    for id in BOTH_HAVE["blob"]:
        answer = scene.eva.http.get(f"{scene.eva.url}blobs/{id}/name", timeout=30)
        scene.noted(f"GET {id}", answer, "none")
        hers = scene.ana.http.get(f"{scene.ana.url}blobs/{id}/name", timeout=30)
        assert (answer.status_code, hers.status_code) == (200, 200), id
        assert answer.content != hers.content
        assert answer.headers["ETag"] != hers.headers["ETag"]


def test_what_is_another_s_is_answered_like_what_is_nobody_s(scene):
    scene.eva.indexed()
    compared, different = 0, []
    for case in sorted(CASES, key=lambda case: ORDER.index(case[1])):
        for wire in ("json", "xml"):
            for id in scene.ids[case[1]]:
                none = nobody_s(case[1], id)
                theirs, nothing = scene.ask(wire, case, id), scene.ask(wire, case, none)
                compared += 1
                if theirs != nothing:
                    different.append((wire, case, id, theirs, nothing))
    print(f"{compared} calls of {len({case[0] for case in CASES})} methods compared")
    assert not different, "\n".join(map(str, different))


def test_blobs_of_another_are_like_those_nobody_has(scene):
    def ask(verb, path, rest, headers, id):
        address = f"{scene.eva.url}blobs/{path}{rest}"
        answer = scene.eva.http.request(verb, address, headers=headers, data=b"", timeout=30)
        return scene.noted(f"{verb} {path}{rest}", answer, id)

    compared = 0
    for verb, rest, headers in BLOB_CALLS:
        for id in scene.ids["blob"]:
            none = nobody_s("blob", id)
            theirs = ask(verb, id, rest, headers, id)
            assert theirs == ask(verb, none, rest, headers, none), (verb, id, rest)
            assert theirs[0] in (400, 404), (verb, id, rest)
            compared += 1
    print(f"{compared} requests for blobs compared")


def test_an_upload_goes_on_for_nobody_but_who_began_it(scene):
    uploads = [id for id in scene.ids["blob"] if id.startswith("u")]
    headers = {"Content-Type": "application/offset+octet-stream"}
    for id in uploads:
        for offset in ("0", str(len(CANARY) * 99 // 2)):
            address = f"{scene.eva.url}blobs/{id}"
            answer = scene.eva.http.patch(
                address, headers=headers | {"Upload-Offset": offset}, data=b"x" * 99, timeout=30
            )
            scene.noted(f"PATCH {id}", answer, id)
            assert answer.status_code == 404
        assert scene.ana.http.head(f"{scene.ana.url}blobs/{id}", timeout=30).status_code == 200
    standing = scene.ana.http.head(f"{scene.ana.url}blobs/{uploads[1]}", timeout=30).headers
    assert standing["Upload-Offset"] == str(len(CANARY) * 99 // 2)


def test_a_token_of_another_is_worth_nothing_once_they_have_left(scene):
    opened = Service(scene.house.url("profiled")).call(
        "session.open", name="ana", password=scene.ana.password
    )
    headers = {"Authorization": f"Bearer {opened['token']}"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "folder.list"}

    def asked(daemon, method="folder.list"):
        return requests.post(
            scene.house.url(daemon) + "jsonrpc", json=call | {"method": method}, headers=headers, timeout=30
        )

    assert CANARY in asked("stored").text
    assert "error" not in asked("profiled", "session.close").json()
    left = asked("stored")
    scene.noted("a token after its end", left, opened["token"])
    assert (left.status_code, left.json()["error"]["data"]["kind"]) == (401, "session_ended")
    blob = requests.get(f"{scene.ana.url}blobs/{scene.ids['message'][0]}", headers=headers, timeout=30)
    scene.noted("a blob by a token after its end", blob, opened["token"])
    assert blob.status_code == 401


def test_an_id_that_both_have_is_everybody_s_own(scene):
    """Answers are only noted: the last test looks for Ana's text in them."""
    for case in sorted(CASES, key=lambda case: ORDER.index(case[1])):
        for id in BOTH_HAVE.get(case[1], ()):
            scene.ask("json", case, id)


def test_nothing_of_ana_s_was_told_and_nothing_of_hers_changed(scene):
    """Last, since it looks at what all of the above was answered."""
    declared = described(scene)
    for method in declared["methods"]:
        if not wants(method):
            scene.noted(method["name"], scene.eva.rpc("json", method["name"], {}), "none")
    scene.told.append(("everything of Eva's", everything_of(scene.eva)))
    leaks = [what for what, said in scene.told if CANARY.casefold() in said.casefold()]
    print(f"{len(scene.told)} answers searched: {len(leaks)} leaks")
    assert leaks == []
    assert CANARY in scene.before
    assert everything_of(scene.ana) == scene.before
