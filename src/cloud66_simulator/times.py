"""How the API writes times."""

from datetime import UTC, datetime
from functools import lru_cache

from cloud66_simulator.behaviour import OffsetStyle


def written(at: float, style: OffsetStyle) -> str:
    """Return a time, given in epoch seconds, as the API writes it."""
    return _written(int(at)) + style


@lru_cache(maxsize=1000)
def _written(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
