"""Several waits in one thread: each looks when it is due, and those that are due together share a round."""

from collections.abc import Callable, Sequence
from typing import Protocol

from cloud66_redeploy.clock import Clock
from cloud66_redeploy.model.outcome import Result
from cloud66_redeploy.timing import SAME_ROUND_SECONDS


class Turn(Protocol):
    """Something that looks again and again until it has a result."""

    due: float
    """The instant (monotonic seconds) of its next look."""

    def look(self) -> Result | None:
        """Look; return the result, or set `due` anew and return None."""


def take_turns(
    turns: Sequence[Turn],
    clock: Clock,
    on_round: Callable[[], None] = lambda: None,
    on_result: Callable[[int, Result], None] = lambda _number, _result: None,
) -> list[Result]:
    """
    Let each look until it has a result, and return the results in their order.

    Args:
        turns: those that look.
        clock: tells when, and sleeps.
        on_round: called before each round of looks.
        on_result: told of each result as it comes, with its number in `turns`.

    Raises:
        Aborted: the workflow was cancelled.

    """
    results: dict[int, Result] = {}
    while True:
        on_round()
        for number, turn in enumerate(turns):
            # A sleep may end a hair early: then the next one is due within the second.
            if number not in results and turn.due <= clock.monotonic() + SAME_ROUND_SECONDS:
                result = turn.look()
                if result is not None:
                    results[number] = result
                    on_result(number, result)
        if len(results) == len(turns):
            return [results[number] for number in range(len(turns))]
        soonest = min(turn.due for number, turn in enumerate(turns) if number not in results)
        clock.sleep(max(0.0, soonest - clock.monotonic()))
