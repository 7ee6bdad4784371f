"""What the names of folders and accounts in a question stand for. To be run in a unit of work; reads."""

from collections.abc import Iterator

from restante.errors import NotFound
from stored.model.account import Account
from stored.model.folder import Folder
from stored.search import parser, query, vocabulary
from stored.search.plan import Names
from stored.search.query import Node


def understood(account: Account, tree: Node, accounts: dict[str, frozenset[str]]) -> tuple[Node, Names]:
    """Return the tree with folders nobody has as the words they are, and what the names stand for.

    Raises NotFound for one of a structure, in which nobody types.
    """
    named = {leaf for leaf in query.leaves(tree) if isinstance(leaf, query.InFolder)}
    folders = {leaf.name: _folders(account, leaf.name) for leaf in named}
    unknown = {name for name, numbers in folders.items() if not numbers}
    if missing := [leaf.name for leaf in named if leaf.name in unknown and not leaf.typed]:
        raise NotFound(
            f"There is no folder {missing[0][:80]}; read the list of folders.", about=missing[0][:80]
        )
    again = {name: list(_again(account, ids)) for name, ids in accounts.items()}
    return (_as_words(tree, unknown) if unknown else tree), Names(folders, accounts, again)


def _again(account: Account, ids: frozenset[str]) -> Iterator[int]:
    """Give the letters that came once more, by one of these remote accounts."""
    for uid, arrivals in account.arrivals.items():
        if any(id in ids for id, _ in arrivals):
            yield uid


def _as_words(node: Node, unknown: set[str]) -> Node:
    if isinstance(node, query.InFolder) and node.name in unknown:
        return parser.words(node.name) or query.NOTHING
    if isinstance(node, query.All):
        return query.All(tuple(_as_words(part, unknown) for part in node.parts))
    if isinstance(node, query.Any):
        return query.Any(tuple(_as_words(part, unknown) for part in node.parts))
    if isinstance(node, query.Not):
        return query.Not(_as_words(node.part, unknown))
    return node


def _folders(account: Account, name: str) -> frozenset[int]:
    """Return the numbers of the folders somebody calls `name`: by id, by role, by name, by path.

    A path is names with a slash between them, from any folder down: "Viajes/2026".
    """
    ids = [name] if account.folders.find(name) else vocabulary.roles(name)
    by_id = [folder.number for id in ids if (folder := account.folders.find(id))]
    if by_id:
        return frozenset(by_id)
    wanted = vocabulary.folded(name)
    return frozenset(folder.number for folder in account.folders if _ends(account, folder, wanted))


def _ends(account: Account, folder: Folder, wanted: str) -> bool:
    """Tell whether the folder's path ends with `wanted`; a name may have a slash of its own."""
    path = vocabulary.folded(folder.name)
    while len(path) < len(wanted) and (above := account.folders.get(folder.parent)):
        folder, path = above, f"{vocabulary.folded(above.name)}/{path}"
    return path == wanted
