"""`restante call URL METHOD [KEY=VALUE …]`: call one method and print its result as JSON.

    restante call http://127.0.0.1:8601/profile/ session.open name=ana password="$PASSWORD"
    restante call http://127.0.0.1:8611/storage/1/ message.page folder=inbox limit=5 --user ana
    restante call http://127.0.0.1:8612/ admin.clock_confirm --operator stored

A value that is JSON (`5`, `true`, `["m1"]`, `"5"`) is taken as that, anything else as text.
"""

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Any

import orjson

from restante.cli import Command
from restante.cli.client import Client
from restante.credentials import OPERATOR, Keys
from restante.errors import InvalidArgument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", help="where the daemon answers, such as http://127.0.0.1:8601/profile/")
    parser.add_argument("method", help="the method, such as folder.list")
    parser.add_argument(
        "params", nargs="*", metavar="KEY=VALUE", help="a parameter; JSON where it is JSON, else text"
    )
    parser.add_argument(
        "--json", metavar="TEXT", help='all parameters as one JSON object; "-" reads it from the input'
    )
    parser.add_argument(
        "--user", metavar="NAME", help="call as this user; RESTANTE_PASSWORD or a question gives the password"
    )
    parser.add_argument(
        "--token", help="call with this session token; better in RESTANTE_TOKEN, where others cannot see it"
    )
    parser.add_argument(
        "--operator",
        metavar="DAEMON",
        help="call as the operator, at the second listener of this daemon; see --keys",
    )
    parser.add_argument(
        "--keys", metavar="DIRECTORY", default="var/keys", help="where the daemons' keys are (var/keys)"
    )
    parser.add_argument("--ca-file", metavar="FILE", help="trust this certificate authority")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="how long to wait (60)")


def run(arguments: argparse.Namespace) -> int:
    params = _from_json(arguments.json) | dict(_pair(text) for text in arguments.params)
    client = Client(arguments.url, ca_file=arguments.ca_file, timeout_seconds=arguments.timeout)
    if arguments.operator:
        # Whoever may write beside the daemons' keys may operate them.
        client.show_token(Keys.load(Path(arguments.keys), OPERATOR).issue(arguments.operator))
        arguments.user = None
    token = "" if arguments.operator else arguments.token or os.environ.get("RESTANTE_TOKEN", "")
    if arguments.user:
        client.login(arguments.user, os.environ.get("RESTANTE_PASSWORD") or getpass.getpass("Password: "))
    elif token:
        client.show_token(token)
    result = client.call(arguments.method, params)
    sys.stdout.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


def _from_json(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        params = orjson.loads(sys.stdin.read() if text == "-" else text)
    except orjson.JSONDecodeError as error:
        raise InvalidArgument(f"--json is not JSON: {error}.") from None
    if not isinstance(params, dict):
        raise InvalidArgument('--json must be an object, such as {"folder": "inbox"}.')
    return params


def _pair(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidArgument(f"{text} is no parameter; write KEY=VALUE.")
    try:
        return key, orjson.loads(value)
    except orjson.JSONDecodeError:
        return key, value


command = Command("call", "Call a method and print its result as JSON.", add_arguments, run)
