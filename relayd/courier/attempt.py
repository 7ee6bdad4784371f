"""One attempt: the hosts in turn, and for every recipient the reply that decides (RFC 5321 section 4.2).

A recipient whose reply is temporary is offered to the next host, at least two of them where there are
two, until one takes it or refuses it for good. Only when the octets may already have been taken, or the
server said 4xx after them, does the attempt end there: another host would make two letters of one.
"""

import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from relayd.courier.reply import Hop, Letter, NoAddress, Reply
from relayd.courier.session import Address, Broken, Session, Times
from restante.address import split

HOSTS_TRIED = 5
ADDRESSES_TRIED = 2
RECIPIENTS_AT_ONCE = 100

Replies = dict[str, Reply]


class _Unencrypted(Exception):
    """TLS was offered and did not work; for an unnamed server the letter may go without it."""


class Courier:
    """Carries letters. One object serves all workers; it keeps nothing between attempts."""

    def __init__(
        self,
        hostname: str,
        addresses: Callable[[Hop], list[Address]],
        *,
        times: Times | None = None,
        ca_file: str = "",
    ) -> None:
        self._hostname = hostname
        self._addresses = addresses
        self._times = times or Times()
        self._verified = ssl.create_default_context(cafile=ca_file or None)
        # An MX offers whatever certificate it has: encryption against listeners, proof of nobody
        # (RFC 7435). Without it the letter would go in the clear, which is worse.
        self._unverified = ssl.create_default_context()
        self._unverified.check_hostname = False
        self._unverified.verify_mode = ssl.CERT_NONE

    def attempt(self, hops: Sequence[Hop], letter: Letter) -> Replies:
        """Return a reply for every recipient of `letter`. Never raises for what a server does.

        Network; blocks for up to the session time for each host, five hosts at most.
        """
        ends_at = time.monotonic() + self._times.session
        replies = dict.fromkeys(letter.recipients, Reply(451, "4.4.1", "No host could be tried."))
        tried = 0
        nowhere: Reply | None = None
        for hop in hops:
            if tried >= HOSTS_TRIED or (tried and time.monotonic() > ends_at):
                break
            try:
                addresses = self._addresses(hop)[:ADDRESSES_TRIED]
            except NoAddress as error:
                nowhere = error.reply if nowhere is None or error.reply.outcome == "deferred" else nowhere
                continue
            for address in addresses:
                left = tuple(one for one in letter.recipients if _may_go_on(replies[one]))
                if left:
                    tried += 1
                    replies |= self._host(hop, address, replace(letter, recipients=left))
        # That a host has no address decides only where no other host had one either.
        return dict.fromkeys(letter.recipients, nowhere) if nowhere and not tried else replies

    def _host(self, hop: Hop, address: Address, letter: Letter) -> Replies:
        """Offer the letter to one address, again without TLS where that is what failed and is allowed."""
        try:
            return self._session(hop, address, letter, tls=hop.security != "plain")
        except _Unencrypted:
            return self._session(hop, address, letter, tls=False)

    def _session(self, hop: Hop, address: Address, letter: Letter, *, tls: bool) -> Replies:
        session = Session(hop.host, self._hostname, self._times)
        replies: Replies = {}
        try:
            refusal = self._open(session, hop, address, tls)
            if refusal is not None:
                return dict.fromkeys(letter.recipients, refusal)
            for at in range(0, len(letter.recipients), RECIPIENTS_AT_ONCE):
                some = letter.recipients[at : at + RECIPIENTS_AT_ONCE]
                self._transaction(session, hop.host, replace(letter, recipients=some), replies)
        except Broken as error:
            broken = Reply(451, "4.4.2", f"{hop.host}: {error}")
            replies = dict.fromkeys(letter.recipients, broken) | replies
        finally:
            session.leave()
        return replies

    def _open(self, session: Session, hop: Hop, address: Address, tls: bool) -> Reply | None:
        """Connect, greet, encrypt and log in; return the refusal that ended it, or None."""
        implicit = self._verified if hop.security == "tls" else None
        code, said = session.connect_to(address, implicit)
        if code != 220:
            return _refused_host(code, said, hop.host)
        code, said = session.greet()
        if code != 250:
            return _refused_host(code, said, hop.host)
        if hop.security == "starttls" and not session.has_extn("starttls"):
            return Reply(451, "4.7.0", f"{hop.host} does not offer TLS, which the operator demands.")
        if tls and hop.security in ("starttls", "opportunistic") and session.has_extn("starttls"):
            self._encrypt(session, hop)
        if hop.login is not None:
            return _log_in(session, hop)
        return None

    def _encrypt(self, session: Session, hop: Hop) -> None:
        try:
            session.secure(self._verified if hop.security == "starttls" else self._unverified)
        except Broken:
            if hop.security == "opportunistic":
                session.close()
                raise _Unencrypted from None
            raise

    def _transaction(self, session: Session, host: str, letter: Letter, replies: Replies) -> None:
        """Run one mail transaction; put a reply for each of its recipients into `replies`."""
        refusal = self._mail(session, host, letter)
        if refusal is not None:
            replies |= dict.fromkeys(letter.recipients, refusal)
            return
        taken = []
        for recipient in letter.recipients:
            code, said = session.command(f"RCPT TO:<{_wire(recipient)}>", self._times.command)
            reply = _at_rcpt(code, said, host)
            if code == 421:
                replies |= dict.fromkeys(_without(letter.recipients, replies), reply)
                raise Broken("it is closing the connection")
            if reply.outcome == "delivered":
                taken.append(recipient)
            else:
                replies[recipient] = reply
        if taken:
            replies |= dict.fromkeys(taken, self._content(session, host, letter.content))
        else:
            session.command("RSET", self._times.command)

    def _mail(self, session: Session, host: str, letter: Letter) -> Reply | None:
        """Send MAIL with what the server understands; return its refusal, or None."""
        limit = session.esmtp_features.get("size", "").strip()
        if limit.isdigit() and 0 < int(limit[:15]) < len(letter.content):
            return Reply(552, "5.3.4", f"The message has {len(letter.content)} octets; {host} takes {limit}.")
        options = f" SIZE={len(letter.content)}" if session.has_extn("size") else ""
        if session.has_extn("8bitmime"):
            options += " BODY=8BITMIME"
        session.command_encoding = "ascii"
        if letter.smtputf8:
            if not session.has_extn("smtputf8"):
                return Reply(550, "5.6.7", f"{host} does not take internationalized addresses (SMTPUTF8).")
            options += " SMTPUTF8"
            session.command_encoding = "utf-8"
        code, said = session.command(f"MAIL FROM:<{_wire(letter.sender)}>{options}", self._times.command)
        if code // 100 == 2:
            return None
        return _as_refusal(Reply.read(code, said, host))

    def _content(self, session: Session, host: str, content: bytes) -> Reply:
        """Send the octets; return the reply that holds for every recipient taken so far."""
        session.final_dot_sent = False
        try:
            code, said = session.command("DATA", self._times.data)
            if code != 354:
                return _as_refusal(Reply.read(code, said, host))
            code, said = session.send_content(content)
        except Broken as error:
            return Reply(451, "4.4.2", f"{host}: {error}", sure=not session.final_dot_sent)
        return replace(Reply.read(code, said, host), sure=False)


def _may_go_on(reply: Reply) -> bool:
    """Return whether another host may be asked about the recipient that got this reply."""
    return reply.outcome == "deferred" and reply.sure


def _wire(address: str) -> str:
    """Return an address as SMTP wants it: the domain in ASCII. The null sender stays empty."""
    return "@".join(split(address)) if address else ""


def _without(recipients: Sequence[str], replies: Replies) -> list[str]:
    return [one for one in recipients if one not in replies]


def _at_rcpt(code: int, said: bytes, host: str) -> Reply:
    """Read a reply to RCPT: 552 there means too many recipients for now (RFC 5321 section 4.5.3.1.10)."""
    reply = Reply.read(code, said, host)
    if code == 552:
        return replace(reply, code=452, enhanced="4.5.3")
    return reply if code // 100 in (2, 5) else _as_refusal(reply)


def _as_refusal(reply: Reply) -> Reply:
    """Turn a code that makes no sense here (2xx or 3xx for a refusal) into a deferral."""
    return reply if reply.code // 100 in (4, 5) else replace(reply, code=451, enhanced="4.5.0")


def _refused_host(code: int, said: bytes, host: str) -> Reply:
    """Read a greeting that is no welcome. 5xx there speaks of us or of this hour, not of the recipient:
    the next host is asked, and later this one again."""
    reply = _as_refusal(Reply.read(code, said, host))
    return replace(reply, code=450, enhanced="4.3.2") if code // 100 == 5 else reply


def _log_in(session: Session, hop: Hop) -> Reply | None:
    """Authenticate to a smarthost. A refusal is the operator's to mend, so the letter waits."""
    assert hop.login is not None
    try:
        session.allow(session.times.command)
        session.login(hop.login.user, hop.login.password)
    except smtplib.SMTPAuthenticationError as error:
        reply = Reply.read(error.smtp_code, error.smtp_error, hop.host)
        return replace(reply, code=454, enhanced="4.7.0")
    except (smtplib.SMTPException, UnicodeError):
        return Reply(454, "4.7.0", f"{hop.host} offers no way to log in that we know.")
    return None
