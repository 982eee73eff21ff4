"""Inputs that can't be used: a table of what is given, and the error, word for word."""

from typing import Any, NamedTuple

from cloud66_redeploy.inputs.fields import Command

SHA = "0123456789abcdef0123456789abcdef01234567"
SECRET = "5f0c9e7b41d8a263f0b7c4d2e19a8833"
OTHER_STACK = "d0c4e2b1a7f64b0e9c3d5a8f7e6b1c20"
LONG = "9" * 5000


class Bad(NamedTuple):
    """One case: the input that is wrong, all that is given, and the error."""

    name: str
    inputs: dict[str, Any]
    error: str


def of(names: str, error: str, *values: str, **others: str) -> list[Bad]:
    """Make a case of each input with each value; `{}` in the error is the value, cut if it is long."""
    rows = []
    for name in names.split():
        for value in values:
            bare = value.strip()
            shown = f'"{repr(bare if len(bare) <= 100 else f"{bare[:100]}…")[1:-1]}"'
            rows.append(Bad(name, others | {name: value}, f"Invalid {name}{error.replace('{}', shown)}"))
    return rows


def one(name: str, said: str, **given: str) -> Bad:
    """Make a case of inputs whose error shows no value."""
    return Bad(name, given, f"Invalid {name}: {said}")


# fmt: off
BOOLEANS = "wait cancel_on_abort cancel_on_timeout rollback dry_run"
DURATIONS = "timeout queue_timeout poll_interval health_check_timeout"
LINES = "stack_name stack_environment profile user_reference"
_OTHERS = ("health_check health_check_contains health_check_status if_live command stack_id git_ref services "
           "deployment_id on_busy expected_commit log api_url")

_BRANCH = "Use a branch, tag or commit."
_RULES = f"can't be '@', start with '-' or '/', or end with '/' or '.' (git's rules for ref names). {_BRANCH}"
_PART = f"has a part that starts with '.' or ends with '.lock', which git doesn't allow. {_BRANCH}"
_NEITHER = "is neither refs/heads/… nor refs/tags/…. Use the plain name of a branch or tag."
_PULL = "is the ref of a pull request. Use github.head_ref or github.event.pull_request.head.sha."
_ZEROS = "is all zeros, which means that the branch was deleted. Skip such runs with if: ${{ !github.event.deleted }}."
_UNFILLED = "is a variable or expression left unfilled. Use ${{ github.sha }}. Inputs know no shell variables."
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
    "web:feature/a..b": f"contains '..', which git doesn't allow in a ref name. {_BRANCH}",
    "web:refs/pull/5/merge": _PULL, f"web:{'0' * 40}": _ZEROS, "web:$GITHUB_SHA": _UNFILLED,
}
_SERVICES = ("use name or name:tag, separated by commas or new lines. The tag is an image tag or a git reference. "
             "Cloud 66 accepts no digest and no full image name.")

_EACH = "Use one per deployment, in the same order, or a single one for all."
_DROPPED = ("If it comes from an earlier job, GitHub may have dropped that output because it contained "
            "a secret's value. Look for 'Skip output' in that job's log.")
_UID = "use the stack's UID. In the Cloud 66 dashboard, it is under Settings & Information, Information."
_ID = "use a deployment's ID, a number above 0."
_NO_STACK = f"Missing stack_id: {_UID} You can also use the stack's name as stack_name. {_DROPPED}"
_NOTHING = ("Missing user_reference or deployment_id. Pass the user_reference output of the step that started "
            f"the deployment, one per line. {_DROPPED} Give that job a user_reference that contains no such value.")
_SEVERAL = "use several values only with command: wait, one per line."
_ONE_LINE = "use one line without control or invisible characters."
_ADDRESS = "use an address such as https://app.cloud66.com/api/3, without user, query or fragment."
_HEALTH_CHECK = (
    "use an address such as https://example.com/health, without user or fragment, or true for the stack's own.")
_STATUSES = "use HTTP statuses and ranges, for example 200,204,300-399."

_TOGETHER = [
    Bad("stack_id", {"stack_id": " \t "}, _NO_STACK),
    *(one("services", "it can't be combined with git_ref. git_ref is for stacks built from git, and services is for "
          "Docker stacks.", services="web:v1", git_ref=ref) for ref in ("main", SHA)),
    one("expected_commit", "it can't be used with services. Cloud 66 records no commit for a Docker stack, so there is "
        "nothing to check.", services="web", expected_commit=SHA),
    one("rollback", "it can't be used with services. A rollback redeploys a commit, and Cloud 66 records none for a "
        "Docker stack.", services="web", rollback="true"),
    *(one(name, "it needs wait: true.", wait="false", **{name: value})
      for name, value in (("rollback", "true"), ("health_check", "true"), ("expected_commit", "abcdef0"))),
    one("stack_name", "it can't be combined with stack_id. Use one of them.", stack_name="Awesome App"),
    one("stack_environment", "it needs stack_name. Use it if several stacks share a name.", stack_environment="x"),
    *(row for command in ("cancel", "status") for row in (
        *of("stack_id deployment_id", f" {{}}: {_SEVERAL}", "1\n2", command=command),
        *of("user_reference", f" {{}}: {_ONE_LINE}", "1\n2", command=command))),
    Bad("stack_id", {"stack_id": f"a\n \n{OTHER_STACK}"}, f'Invalid stack_id "a\\n{OTHER_STACK}": {_SEVERAL}'),
    # Several values are wrong: the first of them is named.
    *of("stack_id", f" {{}}: {_UID}", "a b", git_ref="a..b", wait="maybe"),
    *of("git_ref", f" {{}}: it {_RULES}", "@", services="web"),
]
_WAITS = [
    Bad("user_reference", {"user_reference": " \n \n"}, _NOTHING),
    Bad("user_reference", {"user_reference": "a\nb\x07c"}, f'Invalid user_reference "b\\x07c": {_ONE_LINE}'),
    Bad("user_reference", {"user_reference": f"a\n{'b' * 256}"},
        f'Invalid user_reference "{"b" * 100}…": it has 256 characters. Use at most 255.'),
    Bad("stack_id", {"stack_id": f"5999b763\n../x\n{SHA}"}, f'Invalid stack_id "../x": {_UID}'),
    Bad("deployment_id", {"deployment_id": "108\n1O9"}, f'Invalid deployment_id "1O9": {_ID}'),
    one("stack_id", f"it has 2 lines, but there are 3 deployments. {_EACH}", stack_id="a\nb", user_reference="a\nb\nc"),
    one("user_reference", f"it has 2 lines, but there are 3 deployments. {_EACH}",
        stack_id="a\nb\nc", user_reference="x\ny"),
    *(one("deployment_id", "it has 1 lines, but there are 2 deployments. Use one per deployment.",
          deployment_id="108", **{name: "a\nb"}) for name in ("user_reference", "stack_id")),
    one("deployment_id", "it has 2 lines, but there are 3 deployments. Use one per deployment.",
        user_reference="a\nb\nc", deployment_id="108\n\n109"),
    *(one(name, f"it has {count} lines. Use at most 50.",
          **{"user_reference": "a", name: "\n".join(map(str, range(1, count + 1)))})
      for name, count in (("stack_id", 51), ("deployment_id", 51), ("user_reference", 51), ("stack_id", 5000))),
    *(one("user_reference", f'"{twice}" is listed twice. List each deployment once.',
          stack_id=stack_id, user_reference=given)
      for twice, stack_id, given in (("b", "s", "a\nb\nc\nb"), ("x", "a\na", "x"))),
    *(one("deployment_id", '"108" is listed twice. List each deployment once.', deployment_id="108\n109\n108", **more)
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
    *of(BOOLEANS, " {}: use true or false.",
        "yes", "off", "1", "tRUE", "t", '"true"', "true\nfalse", "true\udcff", "\uff54\uff52\uff55\uff45", LONG),
    *of(DURATIONS, " {}: add a unit, for example 90s or 90m.", "90"),
    *of(DURATIONS, " {}: use 1s to 24h.", "0s", "0h0m0s", "25h", "86401s"),
    *of(DURATIONS, " {}: use hours, minutes and seconds, for example 90s, 30m or 1h30m.",
        "0", "1.5", "-30m", "99999999s", "30 minutes", "500ms", "1d", "m", "1,5h", "30m1h", "1h30", "PT30M", "0:30:00", LONG),
    *of(LINES, f" {{}}: {_ONE_LINE}",
        "one\rtwo", "one\ttwo", "one\x07two", "\x1b[31mred", "one\u2028two", "one\x85two", "one\u202etwo",
        "one\u200btwo", "x\n::error::y"),
    *of(f"{LINES} git_ref", " {}: it has 256 characters. Use at most 255.", "p" * 256),
    *of(f"{LINES} {DURATIONS} {_OTHERS}", " {}: use valid UTF-8 text.", "one\udcff"),
    *of("stack_id", f" {{}}: {_UID}",
        "Awesome App", "https://app.cloud66.com/stacks/5999b763", "../../account", "5999b763?show_log=true",
        "5999b763#x", "5999b763%2F..", "a" * 101, "-5999b763", "5999.b763", "stäck", "\uff15\uff19",
        "5999b763,5999b764", "5999\x1bb763"),
    *of("command", " {}: use one of redeploy, wait, cancel, status.",
        "deploy", "rollback", "WAIT", "wait cancel", "wait,cancel", "stat", "cancels", "true", "wait\u200b", LONG),
    *of("on_busy", " {}: use one of queue, fail, skip, cancel, cancel_any.",
        "wait", "SKIP", "true", "any", "cancel: any", "cancel:\nany", "queue,fail", "que", "cancel\uff1a any", LONG),
    *of("log", " {}: use one of on_failure, live, never.",
        "true", "off", "always", "LIVE", "On_Failure", "on-failure", "on failure", "live,never", "live\nnever", LONG),
    *of("expected_commit", " {}: use a commit's hash, 7 to 40 hex digits.",
        "abc123", f"{SHA}0", "abcdefg", "0x1234567", "abc1234 def5678", "\uff11" * 7, "abc1234\ndef5678", "$GITHUB_SHA"),
    *of("expected_commit", f" {{}}: it {_ZEROS}", "0" * 7, "0" * 40),
    *(row for problem, refs in _REFS.items() for row in of("git_ref", f" {{}}: it {problem}", *refs)),
    *(row for ref, part in _FORBIDDEN.items() for row in of("git_ref",
      f" {{}}: it contains {part!r}, which git doesn't allow in a ref name. {_BRANCH}", ref)),
    *of("services", f" {{}}: {_SERVICES}", ",\n,"), *of("services", f' entry "work er": {_SERVICES}', "web, work er"),
    *of("services", f" entry {{}}: {_SERVICES}",
        "web server", "web;worker", "acme/web", "-web", "wéb", ":v1", "web:", "web:v1:v2", "web@sha256:0123",
        "localhost:5000/app:v1", "web:acme/app:v1", '["web"]', "- web", "we\x02b", "web&services=all", f"{LONG} x"),
    *(row for entry, said in _BAD_TAGS.items()
      for row in of("services", f" entry {{}}: its tag {said}", entry)),
    *of("services", ': "web" is listed twice. List each service once.', "web, worker, web", "web:v1\nweb:v2"),
    *of("git_ref", f" {{}}: {_ONE_LINE}", "ma\u200bin", "main\u2060", "v1\u202e", "my\u00a0branch"),
    *of("services", f' "{"t" * 100}…": it has 256 characters. Use at most 255.', f"web:{'t' * 256}"),
    *of("api_url", f" {{}}: {_ADDRESS}",
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
        "https://app.cloud66.com/api 3", "https://app.cloud66.com/äpi/3", "https://app.cloud66.com/api\\3", LONG),
    *of("api_url", " {}: use https. Only loopback and names without a dot may use http, which sends tokens in clear text.",
        "http://app.cloud66.com/api/3", "HTTP://APP.CLOUD66.COM/api/3", "http://10.0.0.7/api/3", "http://0.0.0.0/api/3",
        "http://localhost.example.com/api/3", "http://localhost./api/3", "http://[2001:db8::1]/api/3", "http://[::]/api/3",
        "http://[::ffff:192.0.2.7]/api/3",
        # Addresses in disguise.
        "http://3221225991/api/3", "http://0xc0000207/api/3", "http://030000001007/api/3", "http://192.519/api/3"),
    *(one(name, f"it contains a user or a password. {valid[:1].upper()}{valid[1:]}", **{name: value})
      for name, valid in (("api_url", _ADDRESS), ("health_check", _HEALTH_CHECK))
      for value in ("https://me:pass@app.cloud66.com/api/3", "https://@app.cloud66.com/api/3",
                    "http://127.0.0.1@evil.example/api/3", "https://app.cloud66.com\\@evil.example",
                    "https://me:s@app.cloud66.com:99999/", "javascript://%0a@evil.example")),
    *of("health_check", f" {{}}: {_HEALTH_CHECK}",
        "yes", "1", "example.com/health", "//example.com/health", "/health", "ftp://example.com/",
        "https:///health", "https://example.com/#top", "https://exämple.com/", "https://example.com/a b",
        "https://example.com:0/", "https://example.com:65536/", "https://[::1/", "https://a..example.com/",
        "https://a.example.com\nhttps://b.example.com", "$HEALTH"),
    *(Bad("health_check", {"health_check": value}, f'Invalid health_check "{said}": {_HEALTH_CHECK}')
      for value, said in (("htps://example.com/a?key=s3cret", "htps://example.com/a"),
                          ("https://example.com/a?key=s3cret#b", "https://example.com/a"),
                          ("https://me:pa/ss@example.com/", "https://***@example.com/"))),
    Bad("health_check", {"health_check": "https://me:pass@example.com/a?key=s3cret", "command": "status"},
        'Invalid health_check "https://***@example.com/a": it can\'t be used with command: status. '
        "Use it with command: redeploy, wait."),
    *of("health_check_status", f" {{}}: {_STATUSES}",
        "ok", "2xx", "99", "600", "200-", "299-200", "200,,204", "200 204", "200-300-400", "\uff12\uff10\uff10",
        health_check="true"),
    *of("health_check_status", " {}: use the status of the page that redirects lead to. They are followed.",
        "302", "301,302", health_check="true"),
    *(one(f"health_check_{name}", "it needs health_check. Set health_check to an address, or to true for the stack's "
          "own.", **{f"health_check_{name}": value}) for name, value in (("timeout", "5m"), ("status", "200"), ("contains", "ok"))),
    *of("health_check_contains", f" {{}}: {_ONE_LINE}",
        "a\nb", "a\x07b", "\x1b[31mred", "a\u2028b", "a\u202eb", "a\rb", "a\tb", health_check="true"),
    *of("health_check_contains", " {}: it has 256 characters. Use at most 255.", "p" * 256, health_check="true"),
    one("health_check", "it is one address, but there are 2 deployments. Use true to check each stack's own address.",
        health_check="https://example.com/", command="wait", user_reference="a\nb"),
    *of("if_live", " {}: use one of deploy, skip.",
        "true", "SKIP", "yes", "no", "skip,deploy", "skip\ndeploy", "skipped", "never", "\uff53kip", LONG),
    *of("deployment_id", f" {{}}: {_ID}",
        "0", "-108", "0108", "108.5", "1e3", "0x6c", "1_08", "#108", "newest", "108,109", "1" * 19, LONG, "١٠٨",
        "10\u00b2", "10\x078", command="wait"),
    *_TOGETHER,
    *(bad._replace(inputs={"command": "wait"} | bad.inputs) for bad in _WAITS),
    *(Bad(name, {"command": command.value, "user_reference": "mine", name: value},
          f'Invalid {name} "{value}": it can\'t be used with command: {command}. Use it with command: {where}.')
      for where, values in FITS.items() for command in Command if command not in where.split(", ")
      for name, value in values.items()),
]
# fmt: on
