"""Methods declared once, served as JSON-RPC 2.0 and as XML-RPC, and described as OpenRPC.

    class SessionService:
        @method("session.open", caller=ANYONE)
        def open(self, call: Call, /, name: Name, password: Password, terminal: Line = "") -> SessionOpened:
            '''Open a session for a person who gives name and password.'''

    methods = Methods.of(SessionService(sessions), system="profiled")

Nothing here knows HTTP or a daemon: bodies come in as octets and go out as octets.
"""

from restante.rpc.caller import ANONYMOUS, ANYONE, OPERATOR, USER, Audience, Call, Caller, Principal, daemons
from restante.rpc.declaration import method
from restante.rpc.methods import Methods

__all__ = [
    "ANONYMOUS",
    "ANYONE",
    "OPERATOR",
    "USER",
    "Audience",
    "Call",
    "Caller",
    "Methods",
    "Principal",
    "daemons",
    "method",
]
