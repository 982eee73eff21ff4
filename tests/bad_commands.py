"""Inputs that can't be used by a command, or not together: the other half of the table in bad_inputs.py."""

from bad_inputs import BAD_VALUES, BOOLEANS, FULL_HASH, TEXTS, Bad, of
from cloud66_redeploy.inputs.choices import FITS, Command

_NO_STACK = {"stack_id": ""}
_OTHER_STACK = "d0c4e2b1a7f64b0e9c3d5a8f7e6b1c20"

_COMMANDS: dict[str, str | tuple[str, str]] = {
    "another_word": "deploy",
    "a_word_of_other_tools": "rollback",
    "upper_case": "WAIT",
    "mixed_case": "Status",
    "two_words": "wait cancel",
    "two_lines": ("wait\ncancel", "wait\\ncancel"),
    "a_list": "wait,cancel",
    "a_beginning": "stat",
    "one_letter_more": "cancels",
    "a_dash": "re-deploy",
    "quoted": '"wait"',
    "a_boolean": "true",
    "null": "null",
    "full_width": "\uff57\uff41\uff49\uff54",
    "zero_width_space": ("wait\u200b", "wait\\u200b"),
    "invalid_utf_8": ("wait\udcff", "wait\\udcff"),
}
_ON_BUSY: dict[str, str | tuple[str, str]] = {
    "another_word": "wait",
    "upper_case": "SKIP",
    "a_boolean": "true",
    "any_alone": "any",
    "any_without_a_space": "cancel:any",
    "any_with_two_spaces": ("cancel:  any", "cancel: any"),
    "any_with_a_dash": "cancel-any",
    "any_on_a_line_of_its_own": ("cancel:\nany", "cancel:\\nany"),
    "something_else_than_any": "cancel: all",
    "two": "queue,fail",
    "a_beginning": "que",
    "quoted": "'queue'",
    "full_width_colon": "cancel\uff1a any",
    "invalid_utf_8": ("skip\udcff", "skip\\udcff"),
}
_LOGS: dict[str, str | tuple[str, str]] = {
    "a_boolean": "true",
    "off": "off",
    "always": "always",
    "upper_case": "LIVE",
    "mixed_case_of_the_default": "On_Failure",
    "a_dash": "on-failure",
    "a_space": "on failure",
    "no_separator": "onfailure",
    "two": "live,never",
    "two_lines": ("live\nnever", "live\\nnever"),
    "a_number": "50",
    "null": "null",
    "full_width": "\uff4c\uff49\uff56\uff45",
    "invalid_utf_8": ("live\udcff", "live\\udcff"),
}
_NUMBERS: dict[str, str | tuple[str, str]] = {
    "zero": "0",
    "negative": "-108",
    "plus_sign": "+108",
    "leading_zero": "0108",
    "a_fraction": "108.5",
    "exponent": "1e3",
    "hexadecimal": "0x6c",
    "underscore": "1_08",
    "a_hash_sign": "#108",
    "a_word": "newest",
    "a_link": "https://app.cloud66.com/stacks/5999b763/deployments/108",
    "by_comma": "108,109",
    "by_space": "108 109",
    "too_many_digits": "1" * 19,
    "very_many_digits": ("9" * 5000, "9" * 100),
    "digits_of_another_script": "١٠٨",
    "full_width_digits": "\uff11\uff10\uff18",
    "superscript": "10\u00b2",
    "a_good_one_and_a_bad_one": ("108\n1O9", "1O9"),
    "null": "null",
    "control_character": ("10\x078", "10\\x078"),
    "invalid_utf_8": ("108\udcff", "108\\udcff"),
}


def _with(rows: list[Bad], **inputs: str) -> list[Bad]:
    """Give further inputs in each case."""
    return [row._replace(inputs=inputs | row.inputs) for row in rows]


_MISFITS = {
    "git_ref": "main", "services": "web", "profile": "rolling", "wait": "false", "on_busy": "skip", "rollback": "true",
    "dry_run": "true", "deployment_id": "108", "timeout": "45m", "queue_timeout": "5m", "poll_interval": "7s",
    "cancel_on_abort": "false", "cancel_on_timeout": "true", "expected_commit": "abcdef0", "log": "live",
}  # fmt: skip
"""For each input that doesn't go with every command, something else than its default."""

MISFITS = [
    Bad(f"with command {command}", name, {"command": command, "user_reference": "mine", name: _MISFITS[name]}, given)
    for name, commands in FITS.items()
    for command in Command
    if command not in commands
    for given in [_MISFITS[name]]
]

_WAIT = {"command": "wait"}
_MANY = [str(number) for number in range(1, 52)]

_TOGETHER = [
    Bad("with stack_id", "stack_name", {"stack_name": "Awesome App"}, "stack_id ('5999b763"),
    Bad("with stack_id, for wait", "stack_name", _WAIT | {"stack_name": "Awesome App", "user_reference": "a"}, "5999b"),
    Bad("without stack_name", "environment", {"environment": "production"}, "production"),
    Bad("without any stack", "environment", _NO_STACK | {"environment": "production"}, "production"),
    Bad("with services", "rollback", {"rollback": "true", "services": "web"}, "services"),
    Bad("without waiting", "rollback", {"rollback": "true", "wait": "false"}, "wait: false"),
    Bad("nothing to wait for", "user_reference", _WAIT, "deployment_id"),
    Bad("nothing but blanks to wait for", "user_reference", _WAIT | {"user_reference": " \n \n"}, "is empty"),
    *(
        Bad(f"several for {command}", name, {"command": command, name: given}, shown)
        for command in ("cancel", "status")
        for name, given, shown in (
            ("stack_id", f"5999b763\n{_OTHER_STACK}", _OTHER_STACK),
            ("deployment_id", "108\n109", "108\\n109"),
            ("user_reference", "one\ntwo", "one\\ntwo"),
        )
    ),
    Bad("several for redeploy", "stack_id", {"stack_id": f"5999b763\n{_OTHER_STACK}"}, _OTHER_STACK),
    Bad("two for three", "stack_id", _WAIT | {"stack_id": "a\nb", "user_reference": "a\nb\nc"}, "2 lines"),
    Bad("two for three stacks", "user_reference", _WAIT | {"stack_id": "a\nb\nc", "user_reference": "x\ny"}, "2 lines"),
    Bad("one for two", "deployment_id", _WAIT | {"user_reference": "a\nb", "deployment_id": "108"}, "1 lines"),
    Bad("one for two stacks", "deployment_id", _WAIT | {"stack_id": "a\nb", "deployment_id": "108"}, "1 lines"),
    Bad("an empty line among three", "deployment_id",
        _WAIT | {"user_reference": "a\nb\nc", "deployment_id": "108\n\n109"}, "2 lines"),
    Bad("a line twice", "user_reference", _WAIT | {"user_reference": "mine\nmine"}, "'mine'"),
    Bad("a line twice among others", "user_reference", _WAIT | {"user_reference": "a\nb\nc\nb"}, "'b'"),
    Bad("a line twice", "deployment_id", _WAIT | {"deployment_id": "108\n109\n108"}, "108"),
    Bad("a line twice with one reference", "deployment_id",
        _WAIT | {"deployment_id": "108\n108", "user_reference": "a"}, "108"),
    Bad("a stack twice", "user_reference", _WAIT | {"stack_id": "a\na", "user_reference": "mine"}, "'mine'"),
    Bad("more than fifty", "user_reference", _WAIT | {"user_reference": "\n".join(_MANY)}, "51 lines"),
    Bad("more than fifty", "deployment_id", _WAIT | {"deployment_id": "\n".join(_MANY)}, "51 lines"),
    Bad("more than fifty", "stack_id", _WAIT | {"stack_id": "\n".join(_MANY), "user_reference": "a"}, "51 lines"),
    Bad("far more than fifty", "user_reference",
        _WAIT | {"user_reference": "\n".join(map(str, range(50_000)))}, "50000 lines"),
    Bad("a line too long", "user_reference", _WAIT | {"user_reference": f"a\n{'b' * 256}"}, "256 characters"),
    Bad("a line with a control character", "user_reference", _WAIT | {"user_reference": "a\nb\x07c"}, "b\\x07c"),
    Bad("a bad line", "stack_id", _WAIT | {"stack_id": f"5999b763\n../x\n{FULL_HASH}", "user_reference": "a"}, "../x"),
]  # fmt: skip

BAD_INPUTS: list[Bad] = [
    *BAD_VALUES,
    *of("command", **_COMMANDS),
    *_with(of("stack_name", **TEXTS), **_NO_STACK),
    *_with(of("environment", **TEXTS), stack_name="Awesome App", **_NO_STACK),
    *_with(of("deployment_id", **_NUMBERS), command="wait"),
    *of("on_busy", **_ON_BUSY),
    *of("rollback", **BOOLEANS),
    *of("log", **_LOGS),
    *of("dry_run", **BOOLEANS),
    *MISFITS,
    *_TOGETHER,
]
