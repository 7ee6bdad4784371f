"""What the fake servers know and answer: the methods the client uses, from memory, in their agreed shapes."""

import itertools
from datetime import UTC, datetime, timedelta

from tests.ui.fakemail import make_mail, stamp

ROW = (
    "id",
    "folder",
    "flags",
    "from",
    "to",
    "subject",
    "snippet",
    "sent_at",
    "received_at",
    "octets",
    "account",
    "attachments",
)
ROLES = [("inbox", "Inbox"), ("drafts", "Drafts"), ("sent", "Sent"), ("junk", "Junk"), ("trash", "Trash")]


class Refusal(Exception):
    """An error object to be."""

    def __init__(self, kind, about="", retryable=False):
        super().__init__(kind)
        self.error = {
            "code": -1,
            "message": kind,
            "data": {"kind": kind, "about": about, "retryable": retryable},
        }


class FakeState:
    """One service with the person María; `idle_seconds` is what a session lasts without touch."""

    def __init__(self, count=300, idle_seconds=600, accounts=True):
        self.numbers = itertools.count(1)
        self.idle_seconds = idle_seconds
        self.people = {
            "maria": ("clave-larga", "María Quiroga", "es"),
            "mary": ("long-password", "Mary Smith", "en"),
        }
        self.tokens = {}
        self.mail = {message["id"]: message for message in make_mail(count)}
        self.folders = [{"id": id_, "name": name, "role": id_} for id_, name in ROLES]
        self.folders += [
            {"id": "f1", "name": "Facultad", "role": ""},
            {"id": "f2", "name": "Familia", "role": ""},
        ]
        self.steps = []
        self.submissions = {}
        self.uploads = {}
        self.accounts, self.identities = [], []
        self.collecting = []
        if accounts:
            for address in ("maria@info.unlp.example", "maria.q@correo.example", "mquiroga@rapido.example"):
                self.add_account({"address": address, "host": "pop." + address.split("@")[1], "port": 995})
            self.collecting = self.finished()

    # Helpers

    def add_account(self, settings):
        domain = settings["address"].split("@")[1]
        account = {
            "id": f"a{next(self.numbers)}",
            "name": domain,
            "security": "tls",
            "user": settings["address"],
            "enabled": True,
            "has_secret": True,
            "created_at": self.now(),
        }
        account.update({key: value for key, value in settings.items() if key not in ("secret", "test")})
        self.accounts.append(account)
        self.identities.append(
            {
                "id": "i" + account["id"][1:],
                "name": "María Quiroga",
                "address": account["address"],
                "signature": "",
                "proved": True,
            }
        )
        return account

    def now(self, seconds=0):
        return stamp(datetime.now(UTC) + timedelta(seconds=seconds))

    def state(self):
        return str(len(self.steps))

    def step(self, what, id_):
        self.steps.append((what, id_))

    def inside(self, folder):
        found = [message for message in self.mail.values() if message["folder"] == folder]
        return sorted(
            found, key=lambda message: (message["received_at"], int(message["id"][1:])), reverse=True
        )

    def row(self, message):
        return {key: message[key] for key in ROW}

    def counted(self, folder):
        inside = self.inside(folder["id"])
        unread = sum("seen" not in message["flags"] for message in inside)
        return dict(folder, total=len(inside), unread=unread)

    def found(self, id_):
        if id_ not in self.mail:
            raise Refusal("not_found", id_)
        return self.mail[id_]

    def arrive(self, message):
        """Let a letter arrive, as collecting would."""
        self.mail[message["id"]] = message
        self.step("created", message["id"])

    def finished(self):
        """Progress of a collecting that is over, one account of it in trouble."""
        done = []
        for number, account in enumerate(self.accounts):
            item = {
                "account": account["id"],
                "address": account["address"],
                "stage": "done",
                "done": 0,
                "total": 0,
                "octets": "0",
                "collected": 0,
                "finished_at": self.now(-130),
            }
            if number == 2:
                error = {
                    "kind": "remote_login_refused",
                    "message": "refused",
                    "about": account["host"],
                    "retryable": False,
                }
                item.update(stage="failed", error=error)
            done.append(item)
        return done

    # Profile

    def session(self, name):
        token = f"t{next(self.numbers)}"
        self.tokens[token] = name
        _, full_name, language = self.people[name]
        settings = {"full_name": full_name, "language": language, "interval_minutes": 15, "preferences": {}}
        profile = {
            "name": name,
            "state": "1",
            "states": {},
            "storage": "/storage/1/",
            "settings": settings,
            "accounts": self.accounts,
            "identities": self.identities,
            "rules": [],
        }
        return {
            "token": token,
            "session": "s1",
            "expires_at": self.now(self.idle_seconds),
            "idle_seconds": self.idle_seconds,
            "profile": profile,
        }

    def session_open(self, name, password, terminal=""):
        if self.people.get(name, ("",))[0] != password:
            raise Refusal("login_refused")
        return self.session(name)

    def profile_create(self, name, password, full_name="", language="es", interval_minutes=15):
        if name in self.people:
            raise Refusal("already_exists", name)
        self.people[name] = (password, full_name, language)
        return self.session(name)

    def session_touch(self):
        return {"expires_at": self.now(self.idle_seconds)}

    def session_close(self):
        self.tokens.clear()
        return {}

    def profile_get(self, parts=()):
        return {
            "name": "maria",
            "state": "1",
            "states": {},
            "storage": "/storage/1/",
            "accounts": self.accounts,
            "identities": self.identities,
        }

    def account_discover(self, address):
        domain = address.split("@")[1]
        host = "pop." + domain if domain != "afuera.example" else "pop.desconocido.example"
        return {
            "candidates": [
                {
                    "name": domain,
                    "host": host,
                    "port": 995,
                    "security": "tls",
                    "user": address,
                    "auth": "password",
                    "known": domain == "conocido.example",
                }
            ]
        }

    def account_test(self, account, id=""):
        if account["secret"] == "mala":
            raise Refusal("remote_login_refused", account["host"])
        if account["host"].startswith("pop.nadie"):
            raise Refusal("host_unknown", account["host"], True)
        return {"messages": 12, "octets": "34567"}

    def account_set(self, create=(), update=(), destroy=(), if_state=""):
        for item in create:
            self.account_test(item)
        created = [self.add_account(item) for item in create]
        self.accounts[:] = [account for account in self.accounts if account["id"] not in destroy]
        return {
            "state": "2",
            "created": created,
            "updated": [item["id"] for item in update],
            "destroyed": list(destroy),
        }

    # Mail

    def folder_list(self):
        return {"state": self.state(), "folders": [self.counted(folder) for folder in self.folders]}

    def folder_set(self, create=(), update=(), destroy=()):
        made = []
        for item in create:
            if any(folder["name"] == item["name"] for folder in self.folders):
                raise Refusal("already_exists", item["name"])
            folder = {"id": f"f{100 + next(self.numbers)}", "name": item["name"], "role": ""}
            self.folders.append(folder)
            made.append(self.counted(folder))
        return {"state": self.state(), "created": made, "updated": [], "destroyed": []}

    def message_page(self, folder, position=0, limit=50, anchor=""):
        inside = self.inside(folder)
        unread = sum("seen" not in message["flags"] for message in inside)
        rows = [self.row(message) for message in inside[position : position + limit]]
        return {
            "state": self.state(),
            "folder": folder,
            "position": position,
            "total": len(inside),
            "unread": unread,
            "rows": rows,
        }

    def message_get(self, ids, text=True):
        return {
            "messages": [self.mail[id_] for id_ in ids if id_ in self.mail],
            "missing": [id_ for id_ in ids if id_ not in self.mail],
        }

    def message_changes(self, since):
        steps = self.steps[int(since) :]
        made = [id_ for what, id_ in steps if what == "created" and id_ in self.mail]
        changed = {id_ for what, id_ in steps if what == "updated" and id_ in self.mail} - set(made)
        gone = [id_ for what, id_ in steps if what == "destroyed"]
        updated = [
            {"id": id_, "folder": self.mail[id_]["folder"], "flags": self.mail[id_]["flags"]}
            for id_ in changed
        ]
        created = [self.row(self.mail[id_]) for id_ in made]
        return {
            "state": self.state(),
            "start_again": False,
            "created": created,
            "updated": updated,
            "destroyed": gone,
            "folders": False,
        }

    def message_set(self, ids, set):
        for id_ in ids:
            message = self.found(id_)
            for flag in ("seen", "flagged", "answered"):
                if flag in set:
                    message["flags"] = [old for old in message["flags"] if old != flag] + (
                        [flag] if set[flag] else []
                    )
            message["folder"] = set.get("folder", message["folder"])
            self.step("updated", id_)
        return {"state": self.state(), "updated": len(ids), "missing": []}

    def message_delete(self, ids, for_good=False):
        for id_ in ids:
            if for_good or self.found(id_)["folder"] == "trash":
                del self.mail[id_]
                self.step("destroyed", id_)
            else:
                self.message_set([id_], {"folder": "trash"})
        return {"state": self.state(), "deleted": len(ids), "missing": []}

    # Collecting

    def collect_status(self):
        """Each question moves the accounts on a little, so that a test sees every stage."""
        stages = {"waiting": "connecting", "connecting": "listing", "listing": "fetching"}
        for item in self.collecting:
            if item["stage"] in stages:
                item["stage"] = stages[item["stage"]]
                item["total"] = 8
            elif item["stage"] == "fetching":
                item["done"] = item["collected"] = item["done"] + 4
                if item["done"] >= item["total"]:
                    item.update(stage="done", finished_at=self.now())
        return {
            "running": any(item["stage"] not in ("done", "failed") for item in self.collecting),
            "accounts": self.collecting,
        }

    def collect_start(self, accounts=()):
        known = {item["account"] for item in self.collecting}
        for account in self.accounts:
            if account["id"] not in known:
                self.collecting.append(
                    {
                        "account": account["id"],
                        "address": account["address"],
                        "stage": "waiting",
                        "done": 0,
                        "total": 0,
                        "octets": "0",
                        "collected": 0,
                    }
                )
        return self.collect_status()

    # Writing

    def person(self, text):
        name, _, address = text.rpartition("<")
        return {"name": name.strip(' "'), "address": address.strip("> ")}

    def filed(self, draft, folder, flags, id_=""):
        id_ = id_ or f"m{10_000 + next(self.numbers)}"
        new = id_ not in self.mail
        to = [self.person(text) for text in draft.get("to", [])]
        message = {
            "id": id_,
            "folder": folder,
            "flags": flags,
            # A draft has no sender yet.
            "from": {"name": "", "address": ""}
            if "draft" in flags
            else {"name": "María Quiroga", "address": "m@q.example"},
            "to": to,
            "cc": [self.person(text) for text in draft.get("cc", [])],
            "subject": draft["subject"],
            "snippet": " ".join(draft["text"].split())[:120],
            "sent_at": self.now(),
            "received_at": self.now(),
            "octets": "900",
            "account": "",
            "attachments": len(draft.get("attachments", [])),
            "text": draft["text"],
            "text_truncated": False,
            "parts": [],
            "raw": id_,
            "draft": draft,
        }
        self.mail[id_] = message
        self.step("created" if new else "updated", id_)
        return id_

    def draft_save(self, draft, id=""):
        return {"id": self.filed(draft, "drafts", ["seen", "draft"], id), "state": self.state()}

    def draft_get(self, id):
        return self.found(id)["draft"]

    def draft_reply(self, id, all=False):
        message = self.found(id)
        quoted = "\n".join("> " + line for line in message["text"].splitlines())
        to = ["{} <{}>".format(message["from"]["name"], message["from"]["address"])]
        cc = (
            ["{} <{}>".format(person["name"], person["address"]) for person in message["to"][1:]]
            if all
            else []
        )
        return {
            "to": to,
            "cc": cc,
            "subject": "Re: " + message["subject"],
            "text": "\n\n\n" + quoted,
            "answers": id,
        }

    def draft_forward(self, id):
        message = self.found(id)
        text = "\n\n\n----\n" + message["text"]
        files = [
            {"blob": part["blob"], "name": part["name"], "type": part["type"], "octets": part["octets"]}
            for part in message["parts"]
        ]
        return {
            "to": [],
            "subject": "Fwd: " + message["subject"],
            "text": text,
            "forwards": id,
            "attachments": files,
        }

    def outbox_submit(self, key, draft, id=""):
        if key not in self.submissions:
            message = self.filed(draft, "sent", ["seen"])
            if id in self.mail:
                del self.mail[id]
                self.step("destroyed", id)
            people = draft["to"] + draft.get("cc", []) + draft.get("bcc", [])
            recipients = [
                {"address": self.person(text)["address"], "outcome": "queued", "detail": "", "at": self.now()}
                for text in people
            ]
            self.submissions[key] = {
                "submission": "s" + key[:8],
                "message": message,
                "submitted_at": self.now(),
                "recipients": recipients,
                "subject": draft["subject"],
            }
            if draft.get("answers") in self.mail:
                self.message_set([draft["answers"]], {"answered": True})
        return self.submissions[key]

    def outbox_list(self, limit=50):
        return {"submissions": list(self.submissions.values())}
