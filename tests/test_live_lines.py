"""What is new in a log, whatever it holds and however it comes: bounds, unfinished lines, what rolls off."""

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud66_redeploy.api.client import Client
from cloud66_redeploy.api.headers import Quota
from cloud66_redeploy.api.transport import Profile
from cloud66_redeploy.model.records import Deployment
from cloud66_redeploy.polling.live_log import LiveLog, new_lines
from cloud66_redeploy.report.progress import log_lines
from cloud66_redeploy.report.text import Cleaner
from cloud66_redeploy.tracking.tracking import Certainty, Sighting, Tracking
from records import seen, tracked
from scripted import Reply, wire

RUNNING = {"id": 108, "started_at": "2026-01-01T00:00:00Z"}
LINE = st.text("ab", min_size=1, max_size=3)


class Shown:
    """A log that is read and shown."""

    def __init__(self, log: LiveLog, tracking: Tracking, quota: Quota) -> None:
        self._log = log
        self._tracking = tracking
        self.quota = quota
        self._cleaner = Cleaner()
        self._cleaner.hide("demo-token")

    def read_ours(self) -> list[str]:
        return log_lines(self._log.read_ours(), self._tracking, self._cleaner)

    def read_the_end(self) -> list[str]:
        return log_lines(self._log.read_the_end(), self._tracking, self._cleaner)


def live(*logs: Any, record: dict[str, Any] | None = None) -> tuple[Shown, Tracking]:
    """Make a log that is read from a script, for a deployment that runs unless another record is given."""
    replies = [
        one if isinstance(one, Reply) else Reply(200, {"response": {"uid": "abc", "last_log": one}}) for one in logs
    ]
    net, known, quota = wire(*replies, profile=Profile(tries=1)), tracked("mine"), Quota()
    seen(known, Deployment.from_json(record or RUNNING), Certainty.CONFIRMED)
    return Shown(LiveLog(Client(net.transport, "abc"), known, quota), known, quota), known


def reads(*logs: Any) -> list[list[str]]:
    """Read each log in turn; return what was shown each time."""
    one, _ = live(*logs)
    return [one.read_ours() for _ in logs]


NEW = [
    ("a b", "a b", "", True),
    ("a b", "a b c d", "c d", True),
    ("", "a b", "a b", True),
    ("a b", "x y", "x y", False),
    ("a b c", "b c d", "d", True),
    ("a b c", "c d", "d", True),
    ("a b c", "a b", "", True),
    ("a b c", "b c", "", True),
    ("a a a", "a a", "", True),
    ("a a b", "a b a", "a", True),
    ("a b com", "a b compiling c", "compiling c", True),
    ("a com", "a compiling", "compiling", True),
    ("com", "compiling", "compiling", False),
    ("one two three", "e two three four", "four", True),
    ("one two thr", "e two three four", "three four", True),
    ("one two", "e two x", "e two x", False),
    ("one two", "e twotwo", "e twotwo", False),
]


@pytest.mark.parametrize(("before", "now", "found", "goes_on"), NEW)
def test_new_lines(before: str, now: str, found: str, goes_on: bool) -> None:
    """New is what follows what was there: its end may have grown, and its beginning may have rolled off."""
    assert new_lines(before.split(), now.split()) == (found.split(), goes_on)


@given(st.lists(LINE), st.lists(LINE))
def test_what_only_grows_is_never_shown_twice(before: list[str], added: list[str]) -> None:
    """Of a log that only grows, exactly what was added is new."""
    found, goes_on = new_lines(before, before + added)
    assert (found, goes_on) == (added, True)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_what_rolls_off_is_not_missed(length: int, added: int, rolled: int) -> None:
    """Of a log of lines that are all different, what was added is new, as long as something of before is left."""
    whole = [f"{number}." for number in range(length + added)]
    now = whole[min(rolled, max(0, length - 1)) :]
    assert new_lines(whole[:length], now) == (whole[length:], True)


def test_an_unfinished_line_is_shown_again_when_it_is_whole() -> None:
    """A line that was still being written makes no other log of it."""
    found = reads("one\ntwo\nthr", "one\ntwo\nthree", "one\ntwo\nthree\nfour")
    assert found == [["| one", "| two", "| thr"], ["| three"], ["| four"]]


def test_a_log_that_was_short_for_a_while() -> None:
    """What was shown before a log shrank is not shown again when it comes back."""
    assert reads("a\nb\nc", "a", "a\nb\nc\nd", "", "a\nb\nc\nd\ne") == [["| a", "| b", "| c"], [], ["| d"], [], ["| e"]]


@pytest.mark.parametrize("value", [None, 5, ["a"], {"a": 1}, True, "", "\n\n \t\n"])
def test_what_is_no_text_is_nothing(value: object) -> None:
    """A log that is no text, or holds nothing, is none."""
    assert reads(value) == [[]]


def test_a_long_log_goes_on_from_look_to_look() -> None:
    """Of a log beyond the bounds, too, only what is new is shown."""
    whole = [f"{number} {'x' * 300}" for number in range(3000)]
    logs = ["\n".join(whole[:count]) for count in (1000, 1003, 3000)]
    found = reads(*logs)
    assert [line.split()[1] for line in found[1]] == ["1000", "1001", "1002"]
    assert found[2][0].startswith("| … ")
    assert (len(found[2]), found[2][-1].split()[1]) == (201, "2999")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\u2028"])
def test_one_endless_line(end: str) -> None:
    """A log that is one huge line, or none but breaks, is taken without complaint."""
    found = reads("x" * 1_000_000, "x" * 1_000_000 + end + "y")
    assert found[1] in (["| y"], [f"| {'x' * 299}…", "| y"])
    assert reads(end * 300_000) == [[]]


BIG = {
    "empty lines": ["\n" * 100_000, "\n" * 100_000 + "x"],
    "blank lines": [" \n" * 100_000, " \n" * 100_000 + "x"],
    "short equal lines": ["x\n" * 100_000, "x\n" * 100_000 + "y"],
    "equal lines, then another": ["x\n" * 100_000 + "y", "x\n" * 100_001],
    "long equal lines": [f"{'x' * 99}\n" * 2000 + "y", f"{'x' * 99}\n" * 2001],
    "lines that begin alike": [f"{'x' * 90}{{}}\n" * 2000, f"{'x' * 90}{{}}y\n" * 2000],
    "different lines": ["\n".join(map(str, range(200_000))), "\n".join(map(str, range(1, 200_001)))],
    "many megabytes": ["x y\n" * 5_000_000, "x z\n" * 5_000_000],
    "escape codes": ["\x1b[31m" * 40_000, "\x1b[" * 100_000],
}


@pytest.mark.parametrize("logs", BIG.values(), ids=BIG.keys())
def test_a_huge_log_takes_no_time(logs: list[str]) -> None:
    """However huge a log is and however alike its lines are, what is new is found within a second."""
    one, _ = live(*logs)
    one.read_ours()
    start = time.process_time()
    assert len(one.read_ours()) <= 201
    assert time.process_time() - start < 1


def test_the_token_is_taken_out() -> None:
    """The token is not shown, nor a command, nor what is invisible."""
    [found] = reads("demo-token\n::error::x\n##[error]y\nde\x1b[0mmo-token\n\tindented")
    assert found == ["| ***", "| ::error::x", "| ## [error]y", "| ***", "|         indented"]


def test_a_log_is_not_cut_through_the_token() -> None:
    """Where a long log is cut, what is left of a line is left out: it may be half of the token."""
    rest = "\n" + "y" * 199_994
    assert reads(f"demo-token{rest}") == [[f"| {'y' * 299}…"]]


@pytest.mark.parametrize(
    "record",
    [
        {"id": 108, "started_at": None},
        {
            "id": 108,
            "started_at": "2026-01-01T00:00:00Z",
            "finished_at": "2026-01-01T00:01:00Z",
            "outcome": {"code": 1},
        },
    ],
    ids=["queued", "over"],
)
def test_only_of_what_runs(record: dict[str, Any]) -> None:
    """As long as ours waits, or once it is over, the log may be another's: what is new in it is not shown."""
    one, known = live("theirs", "theirs\nand more", "ours", "ours\nand more", record=record)
    assert (one.read_ours(), one.read_ours(), one.read_the_end()) == ([], [], [])
    seen(known, Deployment.from_json(RUNNING), Certainty.CONFIRMED)
    assert (one.read_ours(), one.read_the_end()) == (["| ours"], ["| and more"])


def test_where_ours_is_not_known() -> None:
    """Without a deployment there is no log of it."""
    one, known = live("theirs")
    known.sighting = Sighting()
    assert one.read_ours() == []


def test_the_end_is_only_of_the_same_log() -> None:
    """Once ours is over, a log that shares nothing with what was shown is another one's."""
    one, _ = live("a\nb", "c\nd", "c\nd\ne")
    assert (one.read_ours(), one.read_the_end()) == (["| a", "| b"], [])


ERROR = Reply(500, {"error": "broken"})


@pytest.mark.parametrize("runs", [True, False])
def test_it_is_given_up_once(runs: bool) -> None:
    """After five failures in a row that is said, once, even while ours still waits; then no call is made."""
    one, _ = live(ERROR, record=None if runs else {"id": 108, "started_at": None})
    found = [one.read_ours() for _ in range(8)]
    assert [len(said) for said in found] == [0, 0, 0, 0, 1, 0, 0, 0]
    assert "it is not shown any more: GET /stacks/abc answered 500" in found[4][0]
    assert one.read_the_end() == []


def test_it_may_be_given_up_at_the_end() -> None:
    """The fifth failure may be the last look."""
    one, _ = live("a", *[ERROR] * 5)
    assert [one.read_ours() for _ in range(5)] == [["| a"], [], [], [], []]
    assert len(one.read_the_end()) == 1


def test_failures_in_between_do_not_count() -> None:
    """Only failures in a row count."""
    logs = [ERROR, ERROR, ERROR, ERROR, "a", ERROR, ERROR, ERROR, ERROR, "a\nb"]
    assert [said for said in reads(*logs) if said] == [["| a"], ["| b"]]


def test_the_hours_calls_are_left_alone() -> None:
    """While the hour's calls run low, nothing is read, and after that nothing is lost."""
    one, _ = live("a", "a\nb\nc")
    assert one.read_ours() == ["| a"]
    one.quota.note("100", "49", 0.0)
    assert one.read_ours() == []
    one.quota.note("100", "100", 10.0)
    assert one.read_ours() == ["| b", "| c"]


@given(st.lists(st.lists(LINE, max_size=4), max_size=5))
def test_every_line_comes_once(parts: list[list[str]]) -> None:
    """However a log grows, what is shown of it, put together, is the log."""
    whole = ["start"]
    logs = ["start", *("\n".join(whole := whole + part) for part in parts)]
    found = [line.removeprefix("| ") for said in reads(*logs) for line in said]
    assert found == whole
    assert all(now.startswith(before) for before, now in pairwise(logs))


def test_a_progress_bar_is_shown_as_it_stands() -> None:
    """Of a line that is written over, each look shows what it says by then, and what follows once."""
    assert reads("a\n1 %\r2 %", "a\n1 %\r2 %\r3 %\r", "a\n1 %\r2 %\r3 %\r100 %\r\nb\n") == [
        ["| a", "| 2 %"],
        ["| 3 %"],
        ["| 100 %", "| b"],
    ]


def test_a_bar_longer_than_what_is_compared() -> None:
    """A line that is written over for longer than a log may be still shows what it says, and no half of a secret."""
    bar = "".join(f"demo-token {number} %\r" for number in range(20_000))
    assert reads(bar) == [["| *** 19999 %"]]
