"""Serves the simulator: `python -m cloud66_simulator`."""

import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Sequence

from cloud66_simulator.behaviour import Behaviour
from cloud66_simulator.clock import ScaledClock
from cloud66_simulator.core.world import Simulator
from cloud66_simulator.scenarios import SCENARIOS, apply_scenario
from cloud66_simulator.server import HOSTS, serve


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM and return the exit code."""
    parser = ArgumentParser(prog="python -m cloud66_simulator", description="A simulator of the Cloud 66 API.")
    parser.add_argument("--host", default=HOSTS[0], choices=HOSTS, help="(%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 is any free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of hashes and past durations (%(default)s)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how fast deployments' time runs; not transport faults (%(default)s)"
    )
    parser.add_argument("--duration", type=float, default=Behaviour.duration_seconds, metavar="SECONDS")
    parser.add_argument("--scenario", nargs="+", default=[], choices=list(SCENARIOS), metavar="NAME")
    options = parser.parse_args(arguments)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    behaviour = Behaviour(duration_seconds=options.duration)
    simulator = Simulator(ScaledClock(options.speed).now, behaviour, seed=options.seed)
    for name in options.scenario:
        apply_scenario(simulator, name)
    with serve(simulator, options.host, options.port) as address:
        print(f"listening on {address}", flush=True)  # noqa: T201 - what its caller waits for
        stopping.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
