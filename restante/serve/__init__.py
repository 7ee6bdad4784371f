"""Serving methods over HTTP: the WSGI application, the server that runs it, and stopping cleanly.

    application = Application(methods, authenticate, audience="public", path="/profile/")
    server = Server([(application, "127.0.0.1:8601")], settings.http)
    sys.exit(run_until_signalled(server, on_drain=clock.stop, on_stopped=database.close))

`application` knows HTTP but no server; `listener` and `channel` are the only files that know waitress.
"""

from restante.serve.application import Application
from restante.serve.authorization import Authenticator, Basic, Bearer, Credentials
from restante.serve.messages import Request, Response, Route
from restante.serve.server import Server
from restante.serve.signals import run_until_signalled

__all__ = [
    "Application",
    "Authenticator",
    "Basic",
    "Bearer",
    "Credentials",
    "Request",
    "Response",
    "Route",
    "Server",
    "run_until_signalled",
]
