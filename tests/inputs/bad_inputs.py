"""Inputs that can't be used: a table of what is given, and the error, word for word."""

from typing import Any, NamedTuple

from cloud66_redeploy.inputs.fields import Command
from harness import INPUTS

SHA = "0123456789abcdef0123456789abcdef01234567"
SECRET = "5f0c9e7b41d8a263f0b7c4d2e19a8833"
OTHER_STACK = "d0c4e2b1a7f64b0e9c3d5a8f7e6b1c20"
LONG = "9" * 5000


class Bad(NamedTuple):
    """One case: the input that is wrong, all that is given, and the error."""

    name: str
    inputs: dict[str, Any]
    error: str

    @property
    def id(self) -> str:
        return ascii(self.inputs)[:120]


def of(names: str, error: str, *values: str, **others: str) -> list[Bad]:
    """Make a case of each input with each value; `{}` in the error is the value, cut if it is long."""
    rows = []
    for name in names.split():
        for value in values:
            bare = value.strip()
            shown = repr(bare if len(bare) <= 100 else f"{bare[:100]}…")
            rows.append(Bad(name, others | {name: value}, f"Input {name}: {error.replace('{}', shown)}"))
    return rows


# fmt: off
BOOLEANS = "wait cancel_on_abort cancel_on_timeout rollback dry_run"
DURATIONS = "timeout queue_timeout poll_interval health_check_timeout"
LINES = "stack_name stack_environment profile user_reference"
_OTHERS = ("health_check health_check_contains health_check_status if_live command stack_id git_ref services "
           "deployment_id on_busy expected_commit log api_url")

_BRANCH = "Give a branch, tag or commit."
_RULES = f"can't be '@', start with '-' or '/', or end with '/' or '.' (git's rules for ref names). {_BRANCH}"
_PART = f"has a part that starts with '.' or ends with '.lock', which git doesn't allow. {_BRANCH}"
_NEITHER = "is neither refs/heads/… nor refs/tags/…. Give the name of a branch or tag alone."
_PULL = "is the ref of a pull request. Give github.head_ref or github.event.pull_request.head.sha."
_ZEROS = "is all zeros, as GitHub says of a branch that is gone. Skip such runs: if: ${{ !github.event.deleted }}."
_UNFILLED = "is a variable or expression left unfilled. Write ${{ github.sha }}: an input knows no shell variables."
_REFS = {
    _RULES: ("@", "/main", "main.", "-main", "--upload-pack=x", "refs/heads/", "refs/heads/-x"),
    _PART: (".main", "feature/.x", "main.lock/x"),
    _NEITHER: ("refs/heads", "refs/remotes/origin/main", "refs/notes/commits"),
    _PULL: ("refs/pull/5/merge", "refs/pull/5/head", "5/merge", "pull/5/head", "refs/heads/refs/pull/5/merge"),
    _ZEROS: ("0" * 40, "0" * 7),
    _UNFILLED: ("$GITHUB_SHA", "$(git rev-parse HEAD)", "github.event.after", "${{ github.sha }}"),
}
"""What is no ref that can be deployed, by what the error says of it."""
_FORBIDDEN = {
    "my branch": " ", "main\nnext": "\n", "main\rnext": "\r", "ma\x01in": "\x01", "main..next": "..", "main~1": "~",
    "main^": "^", "main:next": ":", "release/*": "*", "main[0]": "[", "feature\\x": "\\", "main@{1}": "@{",
    "feature//x": "//", "https://github.com/acme/awesome": ":", "refs/heads/a..b": "..", f"{LONG} x": " ",
}
"""Refs, and what of them git doesn't allow."""
_BAD_TAGS = {
    "web:-v1": _RULES, "web:.v1": _PART, "web:a/": _RULES,
    "web:feature/a..b": f"holds '..', which git doesn't allow in a ref name. {_BRANCH}",
    "web:refs/pull/5/merge": _PULL, f"web:{'0' * 40}": _ZEROS, "web:$GITHUB_SHA": _UNFILLED,
}
_SERVICES = ("Write name or name:tag, separated by commas or new lines. The tag is an image tag or a git reference. "
             "Cloud 66 takes no digest and no full image name.")

_EACH = "Give one for each, in the same order, or a single one for all."
_NO_COMMIT = "The deployments of a Docker stack tell no commit, so it can't be checked: leave it out."
_NO_ROLLBACK = "A rollback deploys the last good commit again, and the deployments of a Docker stack tell no commit."
_DROPPED = ("If it comes from an earlier job, GitHub may have dropped that output, because it held a secret's value. "
            "Look for 'Skip output' in that job's log.")
_UID = "Give the stack's UID; it stands on the stack's information page in the Cloud 66 dashboard."
_ID = "Give a deployment's id: a number above 0."
_NO_STACK = f"is empty. {_UID} Or give its name as stack_name. {_DROPPED}"
_NOTHING = ("is empty, and so is deployment_id. Give what the step that asked for the deployment has put out as "
            f"user_reference, one a line. {_DROPPED} Give that job a user_reference that holds no such value.")
_BOTH = "git_ref is for stacks built from git, services for Docker stacks: give one of the two."
_SEVERAL = "Several, one a line, go with command: wait only."
_ONE_LINE = "It has to be one line without control characters."
_APART = "It tells stacks of one name apart: give stack_name, too."
_ADDRESS = "Give an address like https://app.cloud66.com/api/3, without user, query or fragment."
_HEALTH_CHECK = (
    "Give an address like https://example.com/health, without user or fragment, or true for the stack's own.")
_STATUSES = "Give HTTP statuses and ranges of them, like 200,204,300-399."
_GIVE_CHECK = "Give health_check, too: an address, or true for the stack's own."
_ONCE = "Each can be waited for once."

_TOGETHER: list[tuple[str, dict[str, str], str]] = [
    ("stack_id", {"stack_id": " \t "}, _NO_STACK),
    ("services", {"services": "web", "git_ref": "main"}, f"was given together with git_ref ('main'). {_BOTH}"),
    ("services", {"services": "web:v1", "git_ref": SHA}, f"was given together with git_ref ('{SHA}'). {_BOTH}"),
    ("expected_commit", {"services": "web", "expected_commit": SHA}, f"was given together with services. {_NO_COMMIT}"),
    ("rollback", {"services": "web", "rollback": "true"}, f"was given together with services. {_NO_ROLLBACK}"),
    ("rollback", {"wait": "false", "rollback": "true"},
     "was given together with wait: false. Only who waits sees a bad outcome."),
    ("stack_name", {"stack_name": "Awesome App"},
     f"was given together with stack_id ('{INPUTS['stack_id']}'). Give one of the two."),
    *(("stack_environment", {"stack_environment": "x"} | more, f"was given as 'x', without stack_name. {_APART}")
      for more in ({}, {"stack_id": ""})),
    *((name, {"command": command, name: "1\n2"}, f"was given as '1\\n2'. {valid}")
      for command in ("cancel", "status")
      for name, valid in (("stack_id", _SEVERAL), ("deployment_id", _SEVERAL), ("user_reference", _ONE_LINE))),
    ("stack_id", {"stack_id": f"a\n \n{OTHER_STACK}"}, f"was given as 'a\\n{OTHER_STACK}'. {_SEVERAL}"),
    # Several values are wrong: the first of them is named.
    ("stack_id", {"stack_id": "a b", "git_ref": "a..b", "wait": "maybe"}, f"was given as 'a b'. {_UID}"),
    ("git_ref", {"services": "web", "git_ref": "@"}, f"was given as '@', which {_RULES}"),
]
_WAITS: list[tuple[str, dict[str, str], str]] = [
    ("user_reference", {"user_reference": " \n \n"}, _NOTHING),
    ("user_reference", {"user_reference": "a\nb\x07c"}, f"was given as 'b\\x07c'. {_ONE_LINE}"),
    ("user_reference", {"user_reference": f"a\n{'b' * 256}"},
     f"has 256 characters: '{'b' * 100}…'. At most 255 are allowed."),
    ("stack_id", {"stack_id": f"5999b763\n../x\n{SHA}"}, f"was given as '../x'. {_UID}"),
    ("deployment_id", {"deployment_id": "108\n1O9"}, f"was given as '1O9'. {_ID}"),
    ("stack_id", {"stack_id": "a\nb", "user_reference": "a\nb\nc"},
     f"has 2 lines, where there are 3 deployments. {_EACH}"),
    ("user_reference", {"stack_id": "a\nb\nc", "user_reference": "x\ny"},
     f"has 2 lines, where there are 3 deployments. {_EACH}"),
    *(("deployment_id", {name: "a\nb", "deployment_id": "108"},
       "has 1 lines, where there are 2 deployments. Give one for each.") for name in ("user_reference", "stack_id")),
    ("deployment_id", {"user_reference": "a\nb\nc", "deployment_id": "108\n\n109"},
     "has 2 lines, where there are 3 deployments. Give one for each."),
    *((name, {"user_reference": "a", name: "\n".join(map(str, range(1, count + 1)))},
       f"has {count} lines. At most 50 deployments are allowed.")
      for name, count in (("stack_id", 51), ("deployment_id", 51), ("user_reference", 51), ("stack_id", 50_000))),
    ("user_reference", {"user_reference": "a\nb\nc\nb"}, f"names one deployment twice: 'b'. {_ONCE}"),
    ("user_reference", {"stack_id": "a\na", "user_reference": "x"}, f"names one deployment twice: 'x'. {_ONCE}"),
    *(("deployment_id", {"deployment_id": "108\n109\n108"} | more, f"names one deployment twice: 108. {_ONCE}")
      for more in ({}, {"user_reference": "a"})),
]

FITS = {
    "redeploy": {"git_ref": "main", "services": "web", "profile": "rolling", "wait": "false", "on_busy": "skip",
                 "rollback": "true", "dry_run": "true", "if_live": "skip"},
    "redeploy, wait": {"queue_timeout": "5m", "poll_interval": "7s", "cancel_on_abort": "false",
                       "cancel_on_timeout": "true", "expected_commit": "abcdef0", "log": "live", "health_check": "true",
                       "health_check_timeout": "5m", "health_check_status": "200", "health_check_contains": "ok"},
    "redeploy, wait, cancel": {"timeout": "45m"},
    "wait, cancel, status": {"deployment_id": "108"},
}
"""The commands that some inputs go with only, and for each of those a value that is not its default."""
_A, _B = SECRET[:16], SECRET[16:]
BAD_TOKENS = (
    f"{_A} {_B}", f"{_A}\t{_B}", f"{_A}\r\n{_B}", f"{SECRET}\r\nX-Forged: yes", f"Bearer {SECRET}", f"{SECRET}é",
    "\uff15\uff46\uff10", f"🔑{SECRET}", f"{_A}\u00a0{_B}", f"{_A}\u200b{_B}", f"{_A}\u2028{_B}", f"{_A}\x01{_B}",
    f"{SECRET}\x7f", f"\x1b[31m{SECRET}", f"{SECRET}\udcff", f"{SECRET}\n::set-output name=outcome::success",
)

BAD_INPUTS: list[Bad] = [
    *of(BOOLEANS, "was given as {}. Valid are true and false.",
        "yes", "off", "1", "tRUE", "t", '"true"', "true\nfalse", "true\udcff", "\uff54\uff52\uff55\uff45", LONG),
    *of(DURATIONS, "was given as {}, which needs a unit: 1.5s is 1.5 seconds, 1.5m is 1.5 minutes.", "1.5"),
    *of(DURATIONS, "was given as {}. Valid are 1s to 24h.", "0s", "0h0m0s", "25h", "86401s"),
    *of(DURATIONS, "was given as {}, which is not a duration. Write hours, minutes and seconds like 90s, 30m or 1h30m.",
        "-30m", "99999999s", "30 minutes", "500ms", "1d", "m", "1,5h", "30m1h", "1h30", "PT30M", "0:30:00", LONG),
    *of(LINES, f"was given as {{}}. {_ONE_LINE}",
        "one\rtwo", "one\ttwo", "one\x07two", "\x1b[31mred", "one\u2028two", "one\x85two", "one\u202etwo",
        "one\u200btwo", "x\n::error::y"),
    *of(f"{LINES} git_ref", "has 256 characters: {}. At most 255 are allowed.", "p" * 256),
    *of(f"{LINES} {DURATIONS} {_OTHERS}", "was given as {}. It has to be valid UTF-8 text.", "one\udcff"),
    *of("stack_id", f"was given as {{}}. {_UID}",
        "Awesome App", "https://app.cloud66.com/stacks/5999b763", "../../account", "5999b763?show_log=true",
        "5999b763#x", "5999b763%2F..", "a" * 101, "-5999b763", "5999.b763", "stäck", "\uff15\uff19",
        "5999b763,5999b764", "5999\x1bb763"),
    *of("command", "was given as {}. Valid are redeploy, wait, cancel, status.",
        "deploy", "rollback", "WAIT", "wait cancel", "wait,cancel", "stat", "cancels", "true", "wait\u200b", LONG),
    *of("on_busy", "was given as {}. Valid are queue, fail, skip, cancel, cancel_any.",
        "wait", "SKIP", "true", "any", "cancel:any", "cancel:  any", "cancel:\nany", "queue,fail", "que",
        "cancel\uff1a any", LONG),
    *of("log", "was given as {}. Valid are on_failure, live, never.",
        "true", "off", "always", "LIVE", "On_Failure", "on-failure", "on failure", "live,never", "live\nnever", LONG),
    *of("expected_commit", "was given as {}. Give a commit's hash, 7 to 40 hex digits.",
        "abc123", f"{SHA}0", "abcdefg", "main", "0x1234567", "abc1234 def5678", "\uff11" * 7, "refs/heads/main",
        "abc1234\ndef5678", "$GITHUB_SHA"),
    *of("expected_commit", f"was given as {{}}, which {_ZEROS}", "0" * 7, "0" * 40),
    *(row for problem, refs in _REFS.items() for row in of("git_ref", f"was given as {{}}, which {problem}", *refs)),
    *(row for ref, part in _FORBIDDEN.items() for row in of("git_ref",
      f"was given as {{}}, which holds {part!r}, which git doesn't allow in a ref name. {_BRANCH}", ref)),
    *of("services", f"was given as {{}}, which names no service. {_SERVICES}", ",\n,"),
    *of("services", f"has the entry {{}}. {_SERVICES}",
        "web server", "web;worker", "acme/web", "-web", "wéb", ":v1", "web:", "web:v1:v2", "web@sha256:0123",
        "localhost:5000/app:v1", "web:acme/app:v1", '["web"]', "- web", "we\x02b", "web&services=all", f"{LONG} x"),
    *(row for entry, said in _BAD_TAGS.items()
      for row in of("services", f"has the entry {{}}, whose tag {said} {_SERVICES}", entry)),
    *of("services", "names 'web' twice. Each service can be deployed once.", "web, worker, web", "web:v1\nweb:v2"),
    *of("services", f"has the entry 'work er'. {_SERVICES}", "web, work er"),
    *of("services", f"has 256 characters: '{'t' * 100}…'. At most 255 are allowed.", f"web:{'t' * 256}"),
    *of("api_url", f"was given as {{}}. {_ADDRESS}",
        # Another machine, or what leads to one.
        "https:\\\\app.cloud66.com", "http://evil。example/api/3",
        "http://ⓛocalhost/api/3",
        # More than an address; another scheme, or none.
        "https://app.cloud66.com/api/3?x=1", "https://app.cloud66.com/api/3?", "https://app.cloud66.com/api/3#",
        "https://app.cloud66.com//api/3", "app.cloud66.com/api/3", "//app.cloud66.com/api/3", "ftp://app.cloud66.com/api/3",
        "file:///etc/passwd", "javascript:alert(1)", "https://https://app.cloud66.com", '"https://app.cloud66.com/api/3"',
        # No host.
        "https:///api/3", "https://:443/api/3", "https://./api/3", "https://app..cloud66.com/api/3",
        f"https://{'a' * 64}.com/api/3", f"https://{'a.' * 127}com/api/3", "https://*.cloud66.com/api/3",
        "https://app%2ecloud66.com/api/3", "https://äpp.example/api/3", "https://[fe80::1%25eth0]/api/3",
        "https://[::1/api/3", "https://[::g]/api/3", "https://app.cloud66.com:65536/api/3",
        "https://app.cloud66.com:https/api/3", "https://app cloud66.com/api/3", "https://app.cloud66\n.com/api/3",
        # No path.
        "https://app.cloud66.com/api 3", "https://app.cloud66.com/api\t/3", "https://app.cloud66.com/äpi/3",
        "https://app.cloud66.com/api\\3", LONG),
    *of("api_url", "was given as {}. The token would travel in clear text: use https (http only to this host).",
        "http://app.cloud66.com/api/3", "HTTP://APP.CLOUD66.COM/api/3", "http://10.0.0.7/api/3", "http://0.0.0.0/api/3",
        "http://localhost.example.com/api/3", "http://localhost./api/3", "http://[2001:db8::1]/api/3", "http://[::]/api/3",
        "http://[::ffff:192.0.2.7]/api/3",
        # Addresses in disguise.
        "http://3221225991/api/3", "http://0xc0000207/api/3", "http://030000001007/api/3", "http://192.519/api/3"),
    *(Bad(name, {name: value}, f"Input {name}: holds a user or a password. {valid}")
      for name, valid in (("api_url", _ADDRESS), ("health_check", _HEALTH_CHECK))
      for value in ("https://me:pass@app.cloud66.com/api/3", "https://@app.cloud66.com/api/3",
                    "http://127.0.0.1@evil.example/api/3", "https://app.cloud66.com\\@evil.example",
                    "https://me:s@app.cloud66.com:99999/", "javascript://%0a@evil.example")),
    *of("health_check", f"was given as {{}}. {_HEALTH_CHECK}",
        "yes", "1", "example.com/health", "//example.com/health", "/health", "ftp://example.com/", "file:///etc/passwd",
        "https:///health", "https://example.com/#top", "https://exämple.com/", "https://example.com/a b",
        "https://example.com:0/", "https://example.com:65536/", "https://[::1/", "https://a..example.com/",
        "https://a.example.com\nhttps://b.example.com", "$HEALTH"),
    *of("health_check_status", f"was given as {{}}. {_STATUSES}",
        "ok", "2xx", "99", "600", "200-", "299-200", "200,,204", "200 204", "200-300-400", "\uff12\uff10\uff10",
        health_check="true"),
    *of("health_check_status",
        "was given as {}. Redirects are followed: give the status of the page that they lead to.",
        "302", "301,302", health_check="true"),
    *(Bad(name, {name: value}, f"Input {name}: was given as '{value}', without health_check. {_GIVE_CHECK}")
      for name, value in (("health_check_timeout", "5m"), ("health_check_status", "200"),
                          ("health_check_contains", "ok"))),
    *of("health_check_contains", f"was given as {{}}. {_ONE_LINE}", "a\nb", "a\x07b", "\x1b[31mred", "a\u2028b",
        "a\u202eb", "a\rb", "a\tb", "x\n::error::y", health_check="true"),
    *of("health_check_contains", "has 256 characters: {}. At most 255 are allowed.", "p" * 256, health_check="true"),
    Bad("health_check", {"health_check": "true", "wait": "false"},
        "Input health_check: was given together with wait: false. "
        "Only who waits knows when there is something to check."),
    Bad("health_check", {"health_check": "https://example.com/", "command": "wait", "user_reference": "a\nb"},
        "Input health_check: is one address, where there are 2 deployments. "
        "Give true: each stack's own address is checked."),
    *of("if_live", "was given as {}. Valid are deploy, skip.",
        "true", "SKIP", "yes", "no", "skip,deploy", "skip\ndeploy", "skipped", "never", "\uff53kip", LONG),
    *of("deployment_id", f"was given as {{}}. {_ID}",
        "0", "-108", "0108", "108.5", "1e3", "0x6c", "1_08", "#108", "newest", "108,109", "1" * 19, LONG, "١٠٨",
        "10\u00b2", "10\x078", command="wait"),
    *(Bad(name, given, f"Input {name}: {error}") for name, given, error in _TOGETHER),
    *(Bad(name, {"command": "wait"} | given, f"Input {name}: {error}") for name, given, error in _WAITS),
    *(Bad(name, {"command": command.value, "user_reference": "mine", name: value},
          f"Input {name}: was given as '{value}', with command: {command}. It goes with {where} only.")
      for where, values in FITS.items() for command in Command if command not in where.split(", ")
      for name, value in values.items()),
]
# fmt: on
