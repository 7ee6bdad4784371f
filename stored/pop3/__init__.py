"""Our own POP3 client: what the maildrops of the world are read with.

Written by hand because it is what the project exists for: it pipelines, it has one deadline for the whole
session and a limit for everything a server may send, and it keeps every octet of a message.
Knows sockets, TLS and `restante.errors`; knows nothing of users, storage or threads.
"""

from stored.pop3.breaker import Breaker
from stored.pop3.client import PopClient, Server
from stored.pop3.entries import Entry
from stored.pop3.session import Arriving, Session
from stored.pop3.wire import Limits, MessageTooLarge

__all__ = ["Arriving", "Breaker", "Entry", "Limits", "MessageTooLarge", "PopClient", "Server", "Session"]
