"""The parts of an address that a Sieve script asks for (RFC 5228 section 2.7.4, RFC 5233) as our operators.

An address has one "@" outside of quotation marks, so what stands before and behind it is found by how the
whole begins and ends, and by what is in it. A "+" sets the detail off from the user. Of several, which is for
each server to say, the user ends at the first and the detail begins behind the last; what is between them is
neither's, so that no part has a "+" in it. Pure.
"""

from collections.abc import Callable

from profiled.sieve_refusal import unsaid
from restante.rules import Operator

Asked = tuple[Operator, list[str]]

#: Part and comparison → what is asked. Those that are not here cannot be said.
_ASKED: dict[tuple[str, str], Callable[[str], Asked]] = {
    (":all", "is"): lambda key: ("address_is", [key]),
    (":all", "contains"): lambda key: ("address_contains", [key]),
    (":all", "starts_with"): lambda key: ("address_starts_with", [key]),
    (":all", "ends_with"): lambda key: ("address_ends_with", [key]),
    (":localpart", "is"): lambda key: ("address_starts_with", [f"{key}@"]),
    (":localpart", "starts_with"): lambda key: ("address_starts_with", [key]),
    (":localpart", "ends_with"): lambda key: ("address_contains", [f"{key}@"]),
    (":domain", "is"): lambda key: ("domain_is", [key]),
    (":domain", "starts_with"): lambda key: ("address_contains", [f"@{key}"]),
    (":domain", "ends_with"): lambda key: ("address_ends_with", [key]),
    (":user", "is"): lambda key: ("address_starts_with", [f"{key}@", f"{key}+"]),
    (":user", "starts_with"): lambda key: ("address_starts_with", [key]),
    (":detail", "is"): lambda key: ("address_contains", [f"+{key}@"]),
    (":detail", "exists"): lambda key: ("address_contains", ["+"]),
}
_COMPARED = {
    "is": "as a whole",
    "contains": "by a text anywhere in it",
    "starts_with": "by its beginning",
    "ends_with": "by its end",
    "exists": "by whether it is there",
}


def asked_of(part: str, op: str, key: str, line: int) -> Asked:
    """Return the operator and the values, any of which, that ask for `part` of an address to be so.

    Raises Unsaid where a rule cannot, or a key has the sign that ends the part, which then never holds.
    """
    ends = {":all": "", ":user": "@+", ":detail": "@+"}.get(part, "@")
    if any(sign in key for sign in ends):
        raise unsaid(line, f"“{key}” is never the {part} of an address; ask for the whole address (:all)")
    asking = _ASKED.get((part, op))
    if asking is None:
        instead = "whether its field is there (exists)" if op == "exists" else "all of it, or of the address"
        raise unsaid(line, f"{part} of an address is not compared {_COMPARED[op]}; ask for {instead}")
    return asking(key)
