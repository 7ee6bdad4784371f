"""Two people of one storage server: Ana, who has one of everything, and Eva, who asks for what is Ana's.

Whatever Ana has says CANARY somewhere. She has been here for longer than Eva, so that the ids that count up
are not Eva's too.
"""

import base64
import json
import re
import secrets
import xmlrpc.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

import requests

from demo.certificates import make_certificates
from demo.maildrop import Maildrop
from demo.pop3 import Mailboxes, Pop3Server
from demo.settings import Provider
from demo.smtp import SmtpServer
from tests.daemons import House, Visitor, wait_for

CANARY = "zunzuncito"
SECRET = "a secret of the maildrop"
ANA, EVA = f"{CANARY}@post.test", "eva@post.test"
EARLIER_LETTERS, EARLIER_STEPS = 400, 6 * 50
#: What no two answers have in common, whoever asks: ids and states of one's own, times, references.
_OWN = re.compile(
    r"\b(?:s[0-9a-f]{19}|[mtfjnx]\d+(?:-[\d.]+)?|[0-9a-f]{6,}\.\d+|\d{4}-\d\d-\d\dT[\d:.]+Z"
    r"|[0-9a-f]{10,32})\b|(?<=\"behind\":)\d+|(?<=\"indexed\":)\w+"
)
_PASSING = {"date", "content-length", "x-request-id", "server"}


def letter(word: str, number: int, to: str) -> bytes:
    """Return a letter that says `word` wherever a letter can, with a file."""
    made = EmailMessage()
    made["From"], made["To"] = f"{word} <{word}{number}@far.test>", to
    made["Subject"], made["Message-ID"] = f"{word} subject {number}", f"<{word}.{number}@far.test>"
    made["List-Id"] = f"<{word}.far.test>"
    made.set_content(f"The text of {word}, {number}.\n")
    made.add_attachment(f"{word} in a file\n" * 9, filename=f"{word}.txt")
    return made.as_bytes().replace(b"\n", b"\r\n")


@contextmanager
def house(directory: Path) -> Iterator[House]:
    """Run the daemons and one provider, with three letters for Ana and three for Eva."""
    tls = make_certificates(directory)
    drops = {address: Maildrop(directory / address) for address in (ANA, EVA)}
    for number in range(3):
        drops[ANA].deliver(letter(CANARY, number, ANA))
        drops[EVA].deliver(letter("eva", number, EVA))
    with ExitStack() as stack:
        pop3 = stack.enter_context(Pop3Server(Mailboxes(dict.fromkeys(drops, SECRET), drops), tls, True))
        Thread(target=pop3.serve_forever, daemon=True).start()
        stack.callback(pop3.shutdown)
        smtp = SmtpServer(drops, tls, "post.test")
        smtp.start()
        stack.callback(smtp.stop)
        running = House(directory, [Provider("post.test", True, pop3.port, smtp.listening_port)])
        stack.callback(running.stop)
        yield running.start_all()


class Tenant(Visitor):
    """A visitor whose answers are looked at as they come over HTTP."""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house, name, f"the password of {name}")
        self.url = house.url("stored")
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def rpc(self, wire: str, method: str, params: dict[str, Any]) -> requests.Response:
        if wire == "json":
            call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return self.http.post(self.url + "jsonrpc", json=call, timeout=60)
        body = xmlrpc.client.dumps((params,), method).encode()
        return self.http.post(self.url + "RPC2", data=body, headers={"Content-Type": "text/xml"}, timeout=60)

    def batch(self, method: str, every: list[dict[str, Any]]) -> None:
        calls = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": one} for n, one in enumerate(every, 1)
        ]
        for answer in self.http.post(self.url + "jsonrpc", json=calls, timeout=60).json():
            assert "result" in answer, answer

    def upload(self, octets: bytes, name: str, *, purpose: str = "", whole: bool = True) -> str:
        about = {"filename": name, "purpose": purpose}
        metadata = ",".join(
            f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in about.items()
        )
        headers = {"Upload-Length": str(len(octets)), "Upload-Metadata": metadata}
        begun = self.http.post(self.url + "blobs/", headers=headers, timeout=60)
        blob = begun.json()["blob"]
        headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = octets if whole else octets[: len(octets) // 2]
        self.http.patch(f"{self.url}blobs/{blob}", data=sent, headers=headers, timeout=60).raise_for_status()
        return blob

    def finished(self) -> list[dict[str, Any]]:
        """Return the jobs once all have ended."""

        def ended():
            jobs = self.stored.call("job.list")["jobs"]
            return None if any(job["stage"] in ("waiting", "running") for job in jobs) else jobs

        return wait_for(ended, "jobs to end")

    def indexed(self) -> None:
        """Wait until all of the mail can be searched."""
        wait_for(lambda: self.stored.call("message.search", query="x")["indexed"], "the index")


def seen_of(answer: requests.Response, id: str) -> tuple[int, dict[str, str], str]:
    """Return an answer as whoever asked for `id` may compare it: it, and what is always new, masked."""
    headers = {name.lower(): text for name, text in answer.headers.items() if name.lower() not in _PASSING}
    return (
        answer.status_code,
        {name: masked(text, id) for name, text in headers.items()},
        masked(text_of(answer), id),
    )


def text_of(answer: requests.Response) -> str:
    return answer.content.decode("utf-8", "replace")


def masked(text: str, id: str) -> str:
    return _OWN.sub("·", text.replace(id, "<id>"))


def give_everything(ana: Tenant) -> dict[str, list[str]]:
    """Give Ana one of everything; return the ids of all that only she has, by what they name."""
    call = ana.stored.call
    # Ids of the profile count up together, so that with these the account is not Eva's "a1".
    ana.profiled.call("identity.set", create=[{"name": CANARY, "address": f"{n}.{ANA}"} for n in range(9)])
    account = ana.add_account(ANA, SECRET)
    _be_here_for_long(ana)
    ana.collect()
    folder = call("folder.set", create=[{"name": f"{CANARY} folder"}])["created"][0]["id"]
    named = call("folder.set", create=[{"name": "Recetas", "parent": folder}])["created"][0]["id"]
    letters = [row["id"] for row in ana.rows()[:3]]
    moved = call("message.set", ids=letters[:1], set={"folder": folder})
    trashed = call("message.delete", ids=letters[1:2])
    copied = call("message.copy", ids=letters[2:], folder=named)
    uploads = [
        ana.upload(CANARY.encode() * 99, f"{CANARY}.txt"),
        ana.upload(CANARY.encode() * 99, f"{CANARY}.part", whole=False),
        ana.upload(
            b"From x Thu Jan  1 00:00:00 2026\nSubject: " + CANARY.encode() + b"\n\nx\n",
            f"{CANARY}.mbox",
            purpose="import",
        ),
    ]
    draft = {"to": [ANA], "subject": f"{CANARY} draft", "text": CANARY, "answers": letters[0]}
    file = {"blob": uploads[0], "name": "", "type": "", "octets": ""}
    saved = call("draft.save", draft=draft | {"attachments": [file]})
    sent = _sent(ana, draft)
    rule = {
        "name": f"{CANARY} rule",
        "match": "all",
        "conditions": [{"field": "subject", "op": "contains", "value": CANARY}],
        "actions": [{"action": "flag"}],
    }
    rules = [one["id"] for one in ana.profiled.call("rule.set", create=[rule])["created"]]
    call("rule.run", ids=rules)
    call("export.start", filter={"subject": CANARY})
    jobs = [job for job in ana.finished() if job["job"] not in ("j1", "j2")]
    ana.indexed()
    found = call("message.search", query=CANARY, limit=1)
    messages = [*letters, *copied["created"], saved["id"], sent["message"]]
    rows = [call("message.get", ids=[id])["messages"][0] for id in messages]
    parts = [part["blob"] for row in rows for part in row["parts"]]
    identities = ana.profiled.call("identity.list")["identities"]
    return {
        "account": [account["id"]],
        "identity": [one["id"] for one in identities if one["address"] == ANA],
        "rule": rules,
        "folder": [folder, named],
        "name": ["Recetas"],
        "message": messages,
        "thread": sorted({row["thread"] for row in rows}),
        "blob": [*messages, *parts, *uploads, *(job["blob"] for job in jobs if "blob" in job)],
        "job": [job["job"] for job in jobs],
        "undo": [
            moved["undo"],
            trashed["undo"],
            copied["undo"],
            *(job["undo"] for job in jobs if "undo" in job),
        ],
        "state": [call("folder.list")["state"], moved["state"]],
        "cursor": [found["more"]],
        "key": ["ana-1"],
        "word": [CANARY, ANA, f"{CANARY}.txt"],
    }


def _be_here_for_long(ana: Tenant) -> None:
    """Use up ids, so that those that follow are none of Eva's: of messages and steps, folders, accounts."""
    mbox = b"".join(
        b"From x Thu Jan  1 00:00:00 2026\nSubject: %s earlier %d\n\nx\n\n" % (CANARY.encode(), n)
        for n in range(EARLIER_LETTERS)
    )
    ana.stored.call(
        "message.import", blob=ana.upload(mbox, "earlier.mbox", purpose="import"), folder="archive"
    )
    assert ana.finished()[0]["counts"]["kept"] == EARLIER_LETTERS
    ana.stored.call("export.start")
    flags = [{"ids": ["m1"], "set": {"flagged": n % 2 == 0}} for n in range(EARLIER_STEPS)]
    for at in range(0, EARLIER_STEPS, 50):
        ana.batch("message.set", flags[at : at + 50])
    ana.stored.call("folder.set", create=[{"name": f"{CANARY} {n}"} for n in range(40)])


def _sent(ana: Tenant, draft: dict[str, Any]) -> dict[str, Any]:
    """Send to herself and to nobody; return the submission once it is known what became of it."""
    nobody = f"{CANARY}.nobody@post.test"
    ana.stored.call("outbox.submit", key="ana-1", draft=draft | {"to": [ANA, nobody]})

    def settled():
        (one,) = ana.stored.call("outbox.list")["submissions"]
        fates = {recipient["outcome"] for recipient in one["recipients"]}
        return one if fates == {"delivered", "failed"} else None

    return wait_for(settled, "the fate of Ana's letter")


def nobody_s(kind: str, id: str) -> str:
    """Return an id of the same make as `id` that nobody has."""
    if kind == "key":
        return secrets.token_hex(8)
    if kind == "name":
        return "Ninguna"
    if kind == "word":
        return id.replace(CANARY, "tocororo")
    if kind == "state":
        epoch, _, step = id.partition(".")
        return f"{epoch[::-1]}.{step}"
    if kind == "cursor":
        return f"{id.partition('.')[0]}.999999"
    if id.startswith("u"):
        return "u" + secrets.token_hex(12)
    return re.sub(r"\d+", "99999", id, count=1)


def everything_of(tenant: Tenant) -> str:
    """Return all that a tenant is told without naming anything but what is told before."""
    call, told = tenant.stored.call, {}
    told["folders"] = call("folder.list")
    for folder in told["folders"]["folders"]:
        told[folder["id"]] = rows = tenant.rows(folder["id"])
        told[folder["id"] + " threads"] = call("thread.page", folder=folder["id"], limit=200)
        for row in rows[:20]:
            told[row["id"]] = tenant.stored.call("message.get", ids=[row["id"]])
            told[row["id"] + " raw"] = tenant.raw(row).decode("utf-8", "replace")
    for job in tenant.finished():
        told[job["job"]] = job
        if "blob" in job:
            told[job["blob"]] = tenant.stored.download(job["blob"], "x").decode("utf-8", "replace")
    for method in ("outbox.list", "collect.status", "message.digest", "stats.mine", "quota.get"):
        told[method] = call(method)
    told["found"] = call("message.search", query="in:anywhere", limit=200, snippets=True)["rows"]
    return json.dumps(told, ensure_ascii=False)
