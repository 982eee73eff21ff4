"""The rate limit: so many requests per user and hourly interval."""

_HOUR_SECONDS = 3600.0


class HourlyLimit:
    """Counts the requests of each user in each hourly interval of the simulator's clock."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, int], int] = {}

    def use(self, user: str, now: float) -> int:
        """Count one more request at `now` (epoch seconds) and return how many there were this hour."""
        key = (user, int(now // _HOUR_SECONDS))
        used = self._used[key] = self._used.get(key, 0) + 1
        return used
