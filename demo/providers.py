"""Run the two providers of the demonstration."""

import datetime
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demo import letters, texts
from demo.certificates import make_certificates
from demo.maildrop import Maildrop
from demo.pop3 import Mailboxes, Pop3Server
from demo.profile import PASSWORD
from demo.settings import Provider, write_settings
from demo.smtp import SmtpServer

# The university offers POP3 over TLS, the post office POP3 with STLS.
DOMAINS = {texts.UNIVERSITY.partition("@")[2]: True, texts.POST.partition("@")[2]: False}


def _seeded_maildrops(directory: Path) -> dict[str, Maildrop]:
    """Return the maildrops of everybody at both providers, María's full of letters."""
    people = [address for _, address in texts.PEOPLE if address.partition("@")[2] in DOMAINS]
    addresses = [texts.UNIVERSITY, texts.POST, *people]
    drops = {address: Maildrop(directory / address) for address in addresses}
    for address, _, octets in letters.letters(datetime.datetime.now(datetime.UTC)):
        drops[address].deliver(octets)
    return drops


@contextmanager
def running(directory: Path) -> Iterator[list[Provider]]:
    """Run both providers, their mail in `directory`, while the context lasts."""
    tls = make_certificates(directory)
    drops = _seeded_maildrops(directory / "maildrops")
    with ExitStack() as stack:
        providers = []
        for domain, implicit_tls in DOMAINS.items():
            own = {address: drop for address, drop in drops.items() if address.endswith("@" + domain)}
            mailboxes = Mailboxes(dict.fromkeys(own, PASSWORD), own)
            pop3 = stack.enter_context(Pop3Server(mailboxes, tls, implicit_tls))
            threading.Thread(target=pop3.serve_forever, name=f"pop3 {domain}", daemon=True).start()
            stack.callback(pop3.shutdown)
            smtp = SmtpServer(own, tls, domain)
            smtp.start()
            stack.callback(smtp.stop)
            providers.append(Provider(domain, implicit_tls, pop3.port, smtp.listening_port))
        yield providers


def serve(directory: Path) -> None:
    """Run the providers until SIGTERM or Ctrl-C; the file `ready` says that everything is written."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with running(directory) as providers:
        write_settings(directory, providers)
        (directory / "ready").touch()
        signal.sigwait(signals)
