"""Serves the stand-in: `python -m cloud66_simulator`."""

import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.clock import ScaledClock
from cloud66_simulator.core.world import Simulator
from cloud66_simulator.scenarios import SCENARIOS, apply_scenario
from cloud66_simulator.server import check_host, serve


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM and return the exit code."""
    options = _parsed(arguments)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    behaviour = Behaviour(duration_seconds=options.duration)
    simulator = Simulator(ScaledClock(options.speed).now, options.seed, behaviour)
    for name in options.scenario:
        apply_scenario(simulator, name)
    with serve(simulator, options.host, options.port) as address:
        print(f"listening on {address}", flush=True)  # noqa: T201 - what its caller waits for
        stopping.wait()
    return 0


def _parsed(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m cloud66_simulator", description="A stand-in for the Cloud 66 API.")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address, or 0.0.0.0 (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 is any free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of hashes and past durations (%(default)s)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how fast deployments' time runs; not transport faults (%(default)s)"
    )
    parser.add_argument("--duration", type=float, default=Behaviour.duration_seconds, metavar="SECONDS")
    parser.add_argument("--scenario", nargs="+", default=[], choices=list(SCENARIOS), metavar="NAME")
    options = parser.parse_args(arguments)
    try:
        check_host(options.host)
    except ValueError as error:
        parser.error(str(error))
    if options.speed <= 0:
        parser.error("the speed must be above 0")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
