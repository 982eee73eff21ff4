"""What is new in a log, whatever it holds and however it comes: bounds, unfinished lines, what rolls off."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.headers import Quota
from cloud66_redeploy.api.transport import Profile
from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.polling.live_log import LiveLog, new_lines
from cloud66_redeploy.report.progress import log_lines
from cloud66_redeploy.report.text import Sanitizer
from cloud66_redeploy.tracking.tracking import Sighting, Tracking
from elsewhere import rows
from records import seen, tracked
from scripted import Reply, wire

QUEUED: dict[str, Any] = {"id": 108, "started_at": None}
RUNNING = QUEUED | {"started_at": "2026-01-01T00:00:00Z"}
OVER = RUNNING | {"finished_at": "2026-01-01T00:01:00Z", "outcome": {"code": 1}}
LINE = st.text("ab", min_size=1, max_size=3)
ERROR = Reply(500, {"error": "broken"})


def live(*logs: Any, record: dict[str, Any] | None = None) -> tuple[Callable[..., list[str]], Tracking, Quota]:
    """Make a reader of logs that come from a script, for a deployment that runs unless another record is given."""
    replies = [
        one if isinstance(one, Reply) else Reply(200, {"response": {"uid": "abc", "last_log": one}}) for one in logs
    ]
    net, known, quota, sanitizer = wire(*replies, profile=Profile(tries=1)), tracked("mine"), Quota(), Sanitizer()
    sanitizer.hide("demo-token")
    seen(known, Deployment.from_json(record or RUNNING))
    log = LiveLog(Client(net.transport, "abc"), known, quota)

    def read(*, to_the_end: bool = False) -> list[str]:
        return log_lines(log.read_the_end() if to_the_end else log.read_while_running(), known, sanitizer)

    return read, known, quota


def reads(*logs: Any) -> list[list[str]]:
    """Read each log in turn; return what was shown each time."""
    read, *_ = live(*logs)
    return [read() for _ in logs]


@rows(
    "before, now, found, goes_on",
    {
        f"{before}, then {now}": (before, now, found, goes_on)
        for before, now, found, goes_on in (
            ("a b", "a b", "", True), ("", "a b", "a b", True), ("a b", "x y", "x y", False),
            ("a b c", "b c d", "d", True), ("a b c", "a b", "", True), ("a b c", "b c", "", True),
            ("a a b", "a b a", "a", True), ("a b com", "a b compiling c", "compiling c", True),
            ("a com", "a compiling", "compiling", True), ("com", "compiling", "compiling", False),
            ("one two three", "e two three four", "four", True),
            ("one two thr", "e two three four", "three four", True), ("one two", "e two x", "e two x", False),
            ("one two", "e twotwo", "e twotwo", False))
    },
)  # fmt: skip
def test_new_lines(before: str, now: str, found: str, goes_on: bool) -> None:
    """New is what follows what was there: its end may have grown, and its beginning may have rolled off."""
    assert new_lines(before.split(), now.split()) == (found.split(), goes_on)


@settings(max_examples=50)
@given(st.lists(LINE), st.lists(LINE))
def test_what_only_grows_is_never_shown_twice(before: list[str], added: list[str]) -> None:
    """Of a log that only grows, exactly what was added is new."""
    assert new_lines(before, before + added) == (added, True)


@settings(max_examples=50)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_what_rolls_off_is_not_missed(length: int, added: int, rolled: int) -> None:
    """Of a log of lines that are all different, what was added is new, as long as something of before is left."""
    whole = [f"{number}." for number in range(length + added)]
    now = whole[min(rolled, max(0, length - 1)) :]
    assert new_lines(whole[:length], now) == (whole[length:], True)


@rows("logs, shown", {
    "an unfinished line": (["one\nt", "one\ntwo", "one\ntwo\nthree"], ["one t", "two", "three"]),
    "short for a while": (["a\nb\nc", "a", "a\nb\nc\nd", "", "a\nb\nc\nd\ne"], ["a b c", "", "d", "", "e"]),
    "a progress bar": (["a\n1%\r2%", "a\n1%\r2%\r3%\r", "a\n1%\r2%\r3%\r100%\r\nb\n"], ["a 2%", "3%", "100% b"]),
    "a bar longer than a log may be": (["".join(f"demo-token{number}%\r" for number in range(30_000))], ["***29999%"]),
    "the token, commands, what is invisible": (
        ["demo-token\n::error::x\n##[error]y\nde\x1b[0mmo-token\n\tz"], ["*** ::error::x ## [error]y *** z"]),
    # Where a long log is cut, what is left of a line is left out: it may be half of the token.
    "a cut through the token": ([f"demo-token\n{'y' * 199_994}"], ["y" * 299 + "…"]),
    "failures in between": ([*[ERROR] * 4, "a", *[ERROR] * 4, "a\nb"], [*[""] * 4, "a", *[""] * 4, "b"]),
    **{f"no text: {value!r}": ([value], [""]) for value in (None, ["a"], "\n\n \t\n")},
})  # fmt: skip
def test_what_is_shown_of_it(logs: list[Any], shown: list[str]) -> None:
    """Each look shows what is new, cleaned, and a line anew once it has grown; what is no text is nothing."""
    found = reads(*logs)
    assert all(line.startswith("| ") for look in found for line in look)
    assert [" ".join(line[2:].strip() for line in look) for look in found] == shown


def test_a_long_log_goes_on_from_look_to_look() -> None:
    """Of a log beyond the bounds, too, only what is new is shown."""
    whole = [f"{number} {'x' * 300}" for number in range(3000)]
    _, few, many = reads(*("\n".join(whole[:count]) for count in (1000, 1003, 3000)))
    assert [line.split()[1] for line in few] == ["1000", "1001", "1002"]
    assert (many[0].startswith("| … "), len(many), many[-1].split()[1]) == (True, 201, "2999")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028"])
def test_one_endless_line(end: str) -> None:
    """A log that is one huge line, or none but breaks, is taken without complaint."""
    found = reads("x" * 1_000_000, "x" * 1_000_000 + end + "y")
    assert found[1] in (["| y"], [f"| {'x' * 299}…", "| y"])
    assert reads(end * 300_000) == [[]]


@rows("logs", {
    "blank lines": [" \n" * 100_000, " \n" * 100_000 + "x"],
    "equal lines, then another": ["x\n" * 100_000 + "y", "x\n" * 100_001],
    "lines that begin alike": [f"{'x' * 90}{{}}\n" * 2000, f"{'x' * 90}{{}}y\n" * 2000],
    "many megabytes": ["x y\n" * 1_000_000, "x z\n" * 1_000_000],
})  # fmt: skip
def test_a_huge_log_takes_no_time(logs: list[str]) -> None:
    """However huge a log is and however alike its lines are, what is new is found within a second."""
    read, *_ = live(*logs)
    read()
    start = time.process_time()
    assert len(read()) <= 201
    assert time.process_time() - start < 1


@rows("record", {"queued": QUEUED, "over": OVER, "unknown": None})
def test_only_of_what_runs(record: dict[str, Any] | None) -> None:
    """As long as ours waits or is not known, or once it is over, the log may be another's: nothing of it is shown."""
    read, known, _ = live("theirs", "theirs\nand more", "ours", "ours\nand more", record=record)
    if record is None:
        known.sighting = Sighting()
    assert (read(), read(), read(to_the_end=True)) == ([], [], [])
    seen(known, Deployment.from_json(RUNNING))
    assert (read(), read(to_the_end=True)) == (["| ours"], ["| and more"])


@rows(
    "last, shown",
    {
        "ours goes on": ("ours\nand more", ["| ours", "| and more"]),
        "a third one's, and then ours": ("all ours", ["| all ours"]),
        "nothing new": ("ours", ["| ours"]),
    },
)
def test_a_log_that_begins_before_ours_is_seen_to_run(last: str, shown: list[str]) -> None:
    """What has begun when ours was last seen to wait may be ours: its record was read right before the log."""
    read, known, _ = live("theirs", "ours", last, last, record=QUEUED)
    assert (read(), read()) == ([], [])
    seen(known, Deployment.from_json(RUNNING))
    assert (read(), read()) == (shown, [])


@rows("between", {"fails": ERROR, "brings none": ""})
def test_a_log_that_began_a_look_before_is_no_longer_ours(between: Any) -> None:
    """Only what has begun at the very last look that ours was seen to wait may be ours, though a reading fails."""
    read, known, _ = live("theirs", "a third one's", between, "a third one's", "ours", record=QUEUED)
    assert (read(), read(), read()) == ([], [], [])
    seen(known, Deployment.from_json(RUNNING))
    assert (read(), read()) == ([], ["| ours"])


def test_the_end_is_only_of_the_same_log() -> None:
    """Once ours is over, a log that shares nothing with what was shown is another one's."""
    read, *_ = live("a\nb", "c\nd", "c\nd\ne")
    assert (read(), read(to_the_end=True)) == (["| a", "| b"], [])


@rows("record", {"while it runs": RUNNING, "while it waits": QUEUED})
def test_it_is_given_up_once(record: dict[str, Any]) -> None:
    """After five failures in a row that is said, once, even while ours still waits; then no call is made."""
    read, *_ = live(ERROR, record=record)
    found = [read() for _ in range(8)]
    assert [len(said) for said in found] == [0, 0, 0, 0, 1, 0, 0, 0]
    assert "can't be read any more: GET /stacks/abc answered 500" in found[4][0]
    assert read(to_the_end=True) == []


def test_it_may_be_given_up_at_the_end() -> None:
    """The fifth failure may be the last look."""
    read, *_ = live("a", *[ERROR] * 5)
    assert [read() for _ in range(5)] == [["| a"], [], [], [], []]
    assert len(read(to_the_end=True)) == 1


def test_the_hours_calls_are_left_alone() -> None:
    """While the hour's calls run low, nothing is read, which is said once, and after that nothing is lost."""
    read, _, quota = live("a", "a\nb\nc")
    assert read() == ["| a"]
    for number, left in enumerate(("49", "48", "47")):
        quota.note("100", left, 0.0)
        assert read() == ["The stack log pauses: fewer than half of this hour's API calls are left."][number:]
    quota.note("100", "100", 10.0)
    assert read() == ["| b", "| c"]
    quota.note("100", "49", 20.0)
    assert len(read(to_the_end=True)) == 1
