"""Stand-ins of Cloud 66 on loopback, each with its own log of requests, and people who interfere."""

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from cloud66_simulator import Behaviour, Deployment, Fault, RequestRecord, Simulator, StackSpec
from cloud66_simulator.server import serve


@dataclass(frozen=True)
class StandIn:
    """One stand-in that is being served."""

    simulator: Simulator
    url: str

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])

    def calls(self, method: str | None = None) -> list[RequestRecord]:
        """What it was asked, by its own log."""
        return [one for one in list(self.simulator.requests) if method in {None, one.method}]

    @property
    def mine(self) -> list[Deployment]:
        """The truth: the deployments that were asked for with a reference, as only the action does."""
        return [one for one in self.simulator.all_deployments() if one.user_reference is not None]


class StandIns:
    """Starts stand-ins, and ends them with all that goes on around them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(
        self,
        *,
        faults: Sequence[Fault] = (),
        tls: ssl.SSLContext | None = None,
        stacks: Sequence[StackSpec] | None = None,
        **behaviour: Any,
    ) -> StandIn:
        """Start one."""
        simulator = Simulator(time.time, behaviour=Behaviour(**behaviour), faults=faults, stacks=stacks)
        return StandIn(simulator, self._stack.enter_context(serve(simulator, ssl_context=tls)))

    def after_post(self, stand_in: StandIn, seconds: float, act: Callable[[], object]) -> None:
        """Let somebody do something that long after the redeploy was asked for."""

        def wait_and_act() -> None:
            while not stand_in.calls("POST"):
                if self._closing.wait(0.02):
                    return
            if not self._closing.wait(seconds):
                act()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        """End everything."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._stack.close()
