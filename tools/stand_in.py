# ruff: noqa: INP001 - a script, no part of a package
"""
Talks to the stand-in of Cloud 66 from a workflow's steps, with nothing but the standard library.

    python3 tools/stand_in.py ready
    python3 tools/stand_in.py post behaviour '{"fate": "failed"}'
    python3 tools/stand_in.py hostile
    python3 tools/stand_in.py expect REFERENCE --posts 1 --deployments 1 [--cancelled]
"""

import json
import os
import sys
import time
import urllib.request
from argparse import ArgumentParser, Namespace
from typing import Any

ADDRESS = os.environ.get("STAND_IN", "http://127.0.0.1:8066")
# Each of these does something where a runner finds it at the start of a line of the log.
HOSTILE = "x\n::set-env name=TAKEN::1\n::set-output name=taken::1\n::add-mask::selftest\n::stop-commands::x"


def ask(path: str, body: bytes | None = None) -> Any:  # noqa: ANN401 - whatever JSON there is
    """GET (or POST, if there is a body) a path below `/_stand_in`."""
    with urllib.request.urlopen(f"{ADDRESS}/_stand_in/{path}", body, timeout=10) as answer:  # noqa: S310 - our own
        return json.load(answer)


def ready(seconds: float) -> int:
    """Wait until it answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            ask("state")
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"{ADDRESS} doesn't answer: {error}")
            time.sleep(0.2)
        else:
            return 0


def expect(options: Namespace) -> int:
    """Compare what the stand-in saw and did for a reference with what was expected."""
    posts = [
        one
        for one in ask("requests")
        if one["method"] == "POST" and one["query"].get("user_reference") == options.reference
    ]
    made = [one for one in ask("state")["deployments"] if one["user_reference"] == options.reference]
    seen = (len(posts), len(made), any(one["cancelled"] for one in made))
    meant = (options.posts, options.deployments, options.cancelled)
    print(f"{options.reference}: POSTs, deployments, cancelled: {seen}, expected {meant}")  # noqa: T201 - the log
    return int(seen != meant)


def main() -> int:
    """Run one command."""
    parser = ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("ready").add_argument("--seconds", type=float, default=30)
    commands.add_parser("hostile")
    post = commands.add_parser("post")
    post.add_argument("path", choices=["behaviour", "faults", "deployments"])
    post.add_argument("json")
    expected = commands.add_parser("expect")
    expected.add_argument("reference")
    expected.add_argument("--posts", type=int, required=True)
    expected.add_argument("--deployments", type=int, required=True)
    expected.add_argument("--cancelled", action="store_true")
    options = parser.parse_args()
    if options.command == "ready":
        return ready(options.seconds)
    if options.command == "expect":
        return expect(options)
    if options.command == "hostile":
        ask("behaviour", json.dumps({"text": HOSTILE}).encode())
    else:
        ask(options.path, options.json.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
