"""rule.*: how mail is filed as it comes in."""

from profiled.rule_types import (
    FoldersByName,
    RuleCreates,
    RuleList,
    RulesImported,
    RulesSet,
    RuleUpdates,
    SieveScript,
)
from profiled.rules import Rules
from profiled.types import Ids, Since
from restante.rpc import USER, Call, method


class RuleService:
    """The methods about rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    @method("rule.list", caller=USER)
    def rules(self, call: Call, /) -> RuleList:
        """Return the rules in the order in which they are applied."""
        return self._rules.of(call.principal.name)

    @method("rule.set", caller=USER)
    def set(
        self,
        call: Call,
        /,
        create: RuleCreates | None = None,
        update: RuleUpdates | None = None,
        destroy: Ids | None = None,
        order: Ids | None = None,
        if_state: Since = "",
    ) -> RulesSet:
        """Add, change, remove and order rules: all of it or nothing.

        New rules come last; then those named in `order` come first, in that order.
        """
        return self._rules.set(
            call.principal.name, create or [], update or [], destroy or [], order or [], if_state
        )

    @method("rule.import", caller=USER)
    def import_sieve(
        self,
        call: Call,
        /,
        script: SieveScript,
        folders: FoldersByName | None = None,
        keep: bool = True,
        if_state: Since = "",
    ) -> RulesImported:
        """Make rules of a Sieve script, behind those there are; with `keep` false only tell which.

        `folders` gives the id of each folder that the script names; inbox, sent, drafts, junk, spam, trash
        and archive are known. All lines that no rule can say are told, and then nothing is imported.
        """
        return self._rules.import_sieve(call.principal.name, script, folders or {}, keep, if_state)
