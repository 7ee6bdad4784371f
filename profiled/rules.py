"""The rules by which mail is filed as it comes in: kept here, applied by the storage server.

Whether a folder exists is the storage server's to know; here its id is only kept.
"""

from typing import Any

import orjson

from profiled import parts, sieve
from profiled.model import Profile, Root
from profiled.rule_types import Rule, RuleKept, RuleList, RuleNew, RulesImported, RulesSet, RuleUpdate
from restante.db import Database
from restante.errors import InvalidArgument, OverQuota
from restante.rules import checked

AT_MOST = 200
AT_MOST_OCTETS = 262_144  # of all rules of one profile: they travel with the login and with every lease
DEFAULTS = {"name": "", "enabled": True, "match": "all"}


class Rules:
    """The rules in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, user: str) -> RuleList:
        """Return a person's rules in the order in which they are applied. Reads only."""

        def work(root: Root) -> RuleList:
            profile = parts.find(root, user)
            return {"state": parts.state_of(profile, "rules"), "rules": shapes(profile)}

        return self._database.read(work)

    def set(
        self,
        user: str,
        create: list[RuleNew],
        update: list[RuleUpdate],
        destroy: list[str],
        order: list[str],
        if_state: str,
    ) -> RulesSet:
        """Make all the changes or none; new rules come last, then `order` comes first. Commits.

        Raises NotFound, StateMismatch, OverQuota, InvalidArgument.
        """

        def work(root: Root) -> RulesSet:
            profile = parts.find(root, user)
            parts.check_state(profile, "rules", if_state)
            created = [_made(profile, {**item}) for item in create]
            profile.rules.extend(created)
            for change in update:
                rule = parts.one_of(profile.rules, change["id"], "rule")
                place = profile.rules.index(rule)
                profile.rules[place] = _made(profile, parts.merged(rule, dict(change), DEFAULTS))
            for rule_id in destroy:
                profile.rules.remove(parts.one_of(profile.rules, rule_id, "rule"))
            _arrange(profile, order)
            if create or update or destroy or order:
                _check(profile)
                profile.changed("rules")
            return {
                "state": parts.state_of(profile, "rules"),
                "created": [_shape(rule) for rule in created],
                "updated": [change["id"] for change in update],
                "destroyed": destroy,
            }

        return self._database.write(work)

    def import_sieve(
        self, user: str, script: str, folders: dict[str, str], keep: bool, if_state: str
    ) -> RulesImported:
        """Make rules of a Sieve script, put behind those there are; with `keep` false only say which.

        `folders` gives the id of each folder the script names. Commits. Raises InvalidArgument naming the
        lines that cannot be said, and what `set` raises; then nothing is imported.
        """
        own = self._database.read(lambda root: _own(parts.find(root, user)))
        wanted = sieve.rules_of(script, folders, own)

        def work(root: Root) -> RulesImported:
            profile = parts.find(root, user)
            parts.check_state(profile, "rules", if_state)
            if not keep:
                asked = [_made(profile, {**item, "id": f"n{at}"}) for at, item in enumerate(wanted, 1)]
                return {"state": parts.state_of(profile, "rules"), "created": list(map(_shape, asked))}
            made = [_made(profile, {**item}) for item in wanted]
            if made:
                profile.rules.extend(made)
                _check(profile)
                profile.changed("rules")
            return {"state": parts.state_of(profile, "rules"), "created": list(map(_shape, made))}

        return self._database.write(work) if keep else self._database.read(work)


def shapes(profile: Profile) -> list[Rule]:
    """Return a profile's rules as they are told."""
    return [_shape(rule) for rule in profile.rules]


def replace(profile: Profile, wanted: list[RuleKept]) -> None:
    """Make `wanted` the whole list, in its order; an item with the id of a rule stays that rule."""
    for item in wanted:
        if "id" in item:
            parts.one_of(profile.rules, item["id"], "rule")
    kept = [_made(profile, {**item}) for item in wanted]
    if len({rule["id"] for rule in kept}) < len(kept):
        raise InvalidArgument("The same rule stands in the list twice.", about="rules")
    profile.rules[:] = kept
    _check(profile)


def _arrange(profile: Profile, order: list[str]) -> None:
    """Put the rules named in `order` first; the others keep their order after them."""
    if len(set(order)) < len(order):
        raise InvalidArgument("The order names the same rule twice.", about="order")
    first = [parts.one_of(profile.rules, rule_id, "rule") for rule_id in order]
    if first:
        profile.rules[:] = first + [rule for rule in profile.rules if rule["id"] not in order]


def _made(profile: Profile, item: dict[str, Any]) -> dict[str, Any]:
    """Return a rule as it is kept, its conditions and actions checked."""
    actions = checked(item["conditions"], item["actions"], _own(profile))
    return {**DEFAULTS, **item, "actions": actions, "id": item.get("id") or profile.new_id("r")}


def _own(profile: Profile) -> list[str]:
    """Return the user's addresses."""
    own = [account.address for account in profile.accounts.values()]
    return own + [identity["address"] for identity in profile.identities]


def _check(profile: Profile) -> None:
    if len(profile.rules) > AT_MOST:
        raise OverQuota(f"A profile has at most {AT_MOST} rules. Remove one first.", about=str(AT_MOST))
    if len(orjson.dumps(list(profile.rules))) > AT_MOST_OCTETS:
        raise OverQuota("The rules of this profile are too long altogether. Shorten or remove some.")


def _shape(rule: dict[str, Any]) -> Rule:
    return {
        "id": rule["id"],
        "name": rule["name"],
        "enabled": rule["enabled"],
        "match": rule["match"],
        "conditions": rule["conditions"],
        "actions": rule["actions"],
    }
