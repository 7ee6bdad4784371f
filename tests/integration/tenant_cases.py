"""Where the methods of `stored` take something that names something: one line a place, with what it names.

A call is written with ID in its place. `places` reads the same places out of the declaration, so that a
method, a parameter or a key that is new and stands here nowhere is noticed.
"""

from collections.abc import Iterator
from typing import Any

ID = "<ID>"
LETTER = {"to": ["eva@post.test"], "subject": "s", "text": "t"}
FILE = {"blob": ID, "name": "", "type": "", "octets": ""}
RULE = {"conditions": [{"field": "subject", "op": "exists"}], "actions": [{"action": "flag"}]}

Case = tuple[str, str, dict[str, Any]]


def _rule(**action: str) -> dict[str, Any]:
    return RULE | {"actions": [action]}


def _condition(field: str, **said: Any) -> dict[str, Any]:
    return RULE | {"conditions": [{"field": field, "op": "is", **said}]}


def _draft(method: str, **more: Any) -> list[Case]:
    """Return the cases of a method that takes a draft, `id` in place of which it stands among them."""
    drafts: list[tuple[str, dict[str, Any]]] = [
        ("identity", {"draft": LETTER | {"from": ID}}),
        ("message", {"draft": LETTER | {"answers": ID}}),
        ("message", {"draft": LETTER | {"forwards": ID}}),
        ("blob", {"draft": LETTER | {"attachments": [FILE]}}),
        ("message", {"draft": LETTER, "id": ID}),
        ("message", {"draft": LETTER | {"attachments": [FILE | {"blob": "m1-9"}]}, "id": ID}),
    ]
    return [(method, kind, params | more) for kind, params in drafts]


def _filter(method: str, **more: Any) -> list[Case]:
    named = {"folder": "folder", "account": "account", "from": "word", "subject": "word"}
    return [(method, kind, {"filter": {key: ID}} | more) for key, kind in named.items()]


def _clauses() -> Iterator[Case]:
    """Give the cases of `where`, plain and in its lists."""
    kinds = {"folder": "folder", "account": "account"}
    for key in ("words", "from", "to", "subject", "filename", "body", "folder", "account"):
        clause, kind = {key: ID}, kinds.get(key, "word")
        for where in (clause, {"any": [clause]}, {"none": [clause]}):
            yield "message.search", kind, {"where": where, "snippets": True}


def _rules(method: str, **more: Any) -> list[Case]:
    tried = [
        ("folder", _rule(action="file", folder=ID)),
        ("account", _condition("account", value=ID)),
        ("account", _condition("account", values=[ID])),
        ("rule", RULE | {"id": ID}),
    ]
    return [(method, kind, {"rule": rule} | more) for kind, rule in tried] + [
        (method, "folder", {"rule": RULE, "folder": ID})
    ]


CASES: list[Case] = [
    ("collect.start", "account", {"accounts": [ID]}),
    ("collect.cancel", "account", {"accounts": [ID]}),
    ("collect.rehearse", "account", {"account": ID}),
    ("folder.set", "folder", {"create": [{"name": "Innen", "parent": ID}]}),
    ("folder.set", "folder", {"update": [{"id": ID, "set": {"name": "Anders"}}]}),
    ("folder.set", "folder", {"update": [{"id": ID, "set": {"keep_days": 3}}]}),
    ("folder.set", "folder", {"update": [{"id": "f1", "set": {"parent": ID}}]}),
    ("folder.set", "folder", {"destroy": [ID]}),
    ("folder.set", "name", {"create": [{"name": ID}]}),
    ("message.page", "folder", {"folder": ID}),
    ("message.page", "message", {"folder": "inbox", "anchor": ID}),
    ("thread.page", "folder", {"folder": ID}),
    ("thread.page", "thread", {"folder": "inbox", "anchor": ID}),
    ("thread.get", "thread", {"id": ID, "everywhere": True}),
    ("message.get", "message", {"ids": [ID]}),
    ("message.changes", "state", {"since": ID}),
    ("message.set", "message", {"ids": [ID], "set": {"flagged": True}}),
    ("message.set", "folder", {"ids": ["m2"], "set": {"folder": ID}}),
    ("message.delete", "message", {"ids": [ID]}),
    ("message.delete", "message", {"ids": [ID], "for_good": True}),
    ("message.copy", "message", {"ids": [ID], "folder": "archive"}),
    ("message.copy", "folder", {"ids": ["m2"], "folder": ID}),
    ("message.set_where", "folder", {"filter": {"seen": True}, "set": {"folder": ID}}),
    *_filter("message.set_where", set={"flagged": True}),
    ("message.undo", "undo", {"undo": ID}),
    *[("message.search", kind, {"query": ID, "snippets": True}) for kind in ("word", "folder", "account")],
    ("message.search", "folder", {"query": f"in:{ID}"}),
    ("message.search", "account", {"query": f"account:{ID}"}),
    ("message.search", "cursor", {"query": "is:read", "cursor": ID}),
    *_clauses(),
    ("blob.thumbnail", "blob", {"blob": ID}),
    *_draft("draft.save"),
    ("draft.get", "message", {"id": ID}),
    ("draft.reply", "message", {"id": ID, "all": True}),
    ("draft.forward", "message", {"id": ID}),
    *_draft("outbox.submit", key="tried"),
    ("outbox.submit", "key", {"key": ID, "draft": LETTER}),
    ("rule.from_message", "message", {"id": ID}),
    *_rules("rule.rehearse"),
    *_rules("rule.run"),
    ("rule.run", "rule", {"ids": [ID]}),
    ("job.cancel", "job", {"job": ID}),
    ("message.import", "blob", {"blob": ID}),
    ("message.import", "folder", {"blob": "OWN UPLOAD", "folder": ID}),
    *_filter("export.start"),
    ("message.digest", "state", {"seen": ID}),
]

#: Keys, wherever they stand, whose text names nothing that is kept here.
PLAIN = {
    *("to", "cc", "bcc", "text", "name", "type", "octets", "op", "action", "field", "header"),
    *("before", "after", "on", "newer_than", "older_than", "larger", "smaller"),
}
#: The same, where the key names something elsewhere.
PLAIN_PLACES = {f"{method} draft.subject" for method in ("draft.save", "outbox.submit")}


def places(described: dict[str, Any]) -> set[str]:
    """Return every place of a declaration (OpenRPC) that takes text of any kind: "message.get ids[]"."""
    schemas = described["components"]["schemas"]
    return {
        f"{method['name']} {one['name']}{rest}"
        for method in described["methods"]
        for one in method["params"]
        for rest in _texts(one["schema"], schemas)
    }


def may_name(place: str) -> bool:
    """Tell whether the text of a place may name something that is kept here."""
    key = place.partition(" ")[2].removesuffix("[]").rpartition(".")[2]
    return key not in PLAIN and place not in PLAIN_PLACES


def _texts(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """Give the path to each text in `schema` that may be any text."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema["type"] == "array":
        yield from (f"[]{rest}" for rest in _texts(schema["items"], schemas))
    for key, inner in schema.get("properties", {}).items():
        yield from (f".{key}{rest}" for rest in _texts(inner, schemas))
    if schema["type"] == "string" and not {"enum", "format", "contentEncoding"} & set(schema):
        yield ""


def place_of(case: Case) -> str:
    """Return the place where ID stands in a case, as `places` says it."""
    (found,) = _paths(case[2])
    return f"{case[0]} {found.removeprefix('.')}"


def _paths(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        for key, inner in said.items():
            yield from (f".{key}{rest}" for rest in _paths(inner))
    elif isinstance(said, list):
        for inner in said:
            yield from (f"[]{rest}" for rest in _paths(inner))
    elif isinstance(said, str) and ID in said:
        yield ""


def filled(said: Any, id: str) -> Any:
    """Return a case's parameters with `id` in place of ID."""
    if isinstance(said, dict):
        return {key: filled(inner, id) for key, inner in said.items()}
    if isinstance(said, list):
        return [filled(inner, id) for inner in said]
    return said.replace(ID, id) if isinstance(said, str) else said
