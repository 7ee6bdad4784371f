"""What in a letter may deceive whoever reads it: each as a kind, with the words it is about.

A warning is a fact, not a verdict: an honest newsletter may have one. Fields: `where` it is, what it `said`,
what is `true`; and an English sentence for scripts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from stored.mime.addresses import Address, addresses_of
from stored.mime.charsets import unturned
from stored.mime.headers import Fields, decode_words, first
from stored.mime.links import domain_of, host_of
from stored.mime.parts import Part
from stored.mime.runs import Run
from stored.mime.sites import ADDRESS, UNSEEN, sites_in
from stored.mime.summary import Summary

Caution = dict[str, str]

WARNING_LIMIT = 20
_SAID_CHARACTERS = 200
_LINKS = 500

_AROUND_AT = re.compile(r"[ \t]{0,3}@[ \t]{0,3}")
_SITE = re.compile(r"(?:https?://)?www\.((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})/?", re.I)
_WORD = re.compile(r"[^\W\d_]{2,}")
# Scripts whose letters can be taken for one another's. Others are written together by right, as in Japanese.
_ALIKE = frozenset(("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "GEORGIAN"))


def cautions_of(summary: Summary, fields: Fields, parts: list[Part], runs: list[Run]) -> list[Caution]:
    """Return what a reader should be warned of, the gravest first; twenty at most. Pure."""
    found: list[Caution] = []
    for warning in _cautions(summary, fields, parts, runs):
        if warning not in found:
            found.append(warning)
        if len(found) >= WARNING_LIMIT:
            break
    return found


def _cautions(summary: Summary, fields: Fields, parts: list[Part], runs: list[Run]) -> Iterator[Caution]:
    yield from _names(summary.from_[:10])
    yield from _several(summary, fields)
    for where, text in _shown(summary, fields, parts):
        if (straight := unturned(text)) != text:
            yield _caution(
                "bidirectional",
                where,
                straight,
                "",
                "Hidden characters turn the order of letters in {said}.",
            )
        if mixed := mixed_scripts(text):
            yield _caution(
                "mixed_scripts",
                where,
                mixed,
                "",
                "{said} mixes letters of different alphabets that look alike.",
            )
    yield from _elsewhere(summary, fields)
    yield from _links(runs)


def other_addresses(one: Address) -> list[str]:
    """Return the addresses, and the site, that somebody's name holds and that are not theirs. Pure."""
    # As it is seen: with wide letters for narrow ones and without those that are not seen.
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", one.name[:998])).strip()
    if (site := _SITE.fullmatch(seen)) and not related(site[1], domain_of(one.address)):
        return [site[0]]
    seen = _AROUND_AT.sub("@", seen)
    return [claimed for claimed in ADDRESS.findall(seen) if claimed.casefold() != one.address.casefold()]


def called(one: Address) -> str:
    """Return what somebody is called, which deceives nobody: a name to be warned of is none. Pure."""
    deceives = other_addresses(one) or mixed_scripts(one.name)
    name = "" if deceives else unturned(one.name).strip()
    return name or unturned(one.address)


def _caution(kind: str, where: str, said: str, true: str, sentence: str) -> Caution:
    said, true = said[:_SAID_CHARACTERS], true[:_SAID_CHARACTERS]
    sentence = sentence.format(said=f"“{said}”", true=true)
    return {"kind": kind, "where": where, "said": said, "true": true, "sentence": sentence}


def _shown(summary: Summary, fields: Fields, parts: list[Part]) -> Iterator[tuple[str, str]]:
    """Yield the texts that a reader trusts to be what they look like, and where each stands."""
    for one in (*summary.from_[:10], *summary.reply_to[:10]):
        yield "from", one.name
        yield "from", unpunycoded(one.address)
    yield "subject", decode_words(first(fields, "subject"))
    for part in parts[:100]:
        yield "attachment", part.name


def _names(senders: list[Address]) -> Iterator[Caution]:
    """Warn of a sender whose name is an address, but not the one it comes from."""
    for one in senders:
        for claimed in other_addresses(one):
            yield _caution(
                "name_is_address",
                "from",
                claimed,
                one.address,
                "The sender calls itself {said} but writes from {true}.",
            )


def _several(summary: Summary, fields: Fields) -> Iterator[Caution]:
    """Warn of a letter from several people: one is shown, and what checks senders may look at another.

    There is one From field, and where that names several people a Sender (RFC 5322 section 3.6.2), which says
    more only where it is who is shown, or of their domain; people of one domain deceive nobody without one.
    """
    shown = summary.writer.address
    others = [one.address for one in summary.from_[:10] if "@" in one.address]
    others = [one for one in others if one.casefold() != shown.casefold()]
    twice = sum(name.lower() == "from" for name, _ in fields) > 1
    if not twice:
        sender = [one.address for one in addresses_of(first(fields, "sender"), 1) if "@" in one.address]
        domain = domain_of(shown)
        honest = any(related(domain, domain_of(one)) for one in sender)
        others = [] if honest or all(related(domain, domain_of(one)) for one in others) else others
    for other in others:
        yield _caution(
            "several_senders",
            "from",
            shown,
            other,
            "The letter says that it is from {said} and also from {true}, and not that {said} sent it.",
        )


def _elsewhere(summary: Summary, fields: Fields) -> Iterator[Caution]:
    """Warn of answers that go to another domain than the letter came from, unless to its mailing list."""
    senders = {domain_of(one.address) for one in summary.from_} - {""}
    lists = {one.address.casefold() for name in ("to", "cc") for one in getattr(summary, name)}
    listed = bool(first(fields, "list-id") or first(fields, "list-post"))
    for one in summary.reply_to[:10]:
        domain = domain_of(one.address)
        if not domain or not senders or any(related(domain, sender) for sender in senders):
            continue
        if listed and one.address.casefold() in lists | {link.address for link in _list_post(fields)}:
            continue
        sender = summary.writer.address
        yield _caution(
            "reply_elsewhere",
            "reply_to",
            sender,
            one.address,
            "The letter is from {said}, but an answer would go to {true}.",
        )


def _list_post(fields: Fields) -> list[Address]:
    value = first(fields, "list-post")
    return [Address("", one.address.casefold().removeprefix("mailto:")) for one in addresses_of(value, 5)]


def _links(runs: list[Run]) -> Iterator[Caution]:
    """Warn of links whose text names another host than they lead to, or whose host looks like another."""
    for text, target in islice(_linked(runs), _LINKS):
        sites = sites_in(text)
        if not sites and target.isascii() and "xn--" not in target.lower():
            continue
        host = host_of(target)
        claimed = next((site for site in sites if host and not related(site, host)), "")
        if claimed:
            yield _caution(
                "link_elsewhere", "link", claimed, host, "A link that reads {said} leads to {true}."
            )
        shown = unpunycoded(host)
        if mixed := mixed_scripts(shown):
            yield _caution(
                "mixed_scripts",
                "link",
                mixed,
                host,
                "A link leads to {true}, which mixes alphabets that look alike.",
            )


def _linked(runs: list[Run]) -> Iterator[tuple[str, str]]:
    """Yield the text and target of each link, which may be of several runs."""
    text, target = "", ""
    for run in runs:
        if run.look.link != target:
            if target:
                yield text, target
            text, target = "", run.look.link
        if target and len(text) < _SAID_CHARACTERS:
            text += run.text
    if target:
        yield text, target


# Second levels under which anybody may have a name, beside those of two-letter countries.
_PUBLIC = frozenset(
    ("com", "co", "org", "net", "gov", "gob", "edu", "ac", "ne", "or", "go", "mil", "ltd", "plc", "me")
)


def registered(domain: str) -> str:
    """Return the part of a domain that somebody registered, about: two labels, three under "com.ar". Pure.

    Of an address in numbers it is all.
    """
    labels = domain.lower().rstrip(".").split(".")
    if labels[-1].isdecimal():
        return ".".join(labels)
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _PUBLIC
    return ".".join(labels[-3 if deep else -2 :])


def related(one: str, other: str) -> bool:
    """Tell whether two domains are of the same registration, about. Pure."""
    return one == other or registered(unpunycoded(one)) == registered(unpunycoded(other))


def from_elsewhere(address: str, domains: Iterable[str]) -> bool:
    """Tell whether an address is of none of these domains, nor related to one. Pure."""
    domain = domain_of(address)
    return bool(domain) and not any(related(domain, one) for one in domains)


def unpunycoded(host: str) -> str:
    """Return a host, or an address, with its labels as they are shown to people. Pure."""
    if "xn--" not in host.lower():
        return host
    local, at, domain = host.rpartition("@")
    return local + at + ".".join(_label(label) for label in domain.split(".")[:20])


def _label(label: str) -> str:
    label = label.lower() if label[:4].lower() == "xn--" else label
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def mixed_scripts(text: str) -> str:
    """Return the first word that mixes alphabets which can be taken for one another; "" without one. Pure."""
    if text.isascii():
        return ""
    for word in _WORD.findall(text[:2000]):
        if not word.isascii() and len({_script(letter) for letter in word[:100]} & _ALIKE) > 1:
            return str(word)
    return ""


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
