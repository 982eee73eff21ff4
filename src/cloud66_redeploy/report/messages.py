"""The words for everything that is no result: lines of the log, annotations, codes, advice on a failed call. Pure."""

from enum import Enum, StrEnum

from cloud66_redeploy.errors import ApiError, Blame, TransientError
from cloud66_redeploy.model.outcome import Hindrance, WhyCancel, WhyNot
from cloud66_redeploy.model.records import Phase
from cloud66_redeploy.tracking.activity import StackActivity

_SHARED = "Another run uses the same reference ({reference}), so the deployment can't be identified."
_TWICE = "Two deployments probably have the reference {reference}."


class Line(StrEnum):
    """The lines of the log, as templates."""

    STACK = "Stack {name} ({environment}), UID {uid}"
    STACK_UNREAD = "Couldn't read the stack's details: {error}"
    REF_CHANGED = "git_ref {given} is sent as {sent}. Cloud 66 accepts only the plain name of a branch or tag."
    NOT_SKIPPING = "Not skipping (if_live: skip): {why}."
    NOTHING_TO_CANCEL = "{Busy}. Nothing is running that could be cancelled, so this deployment will queue behind it."
    REQUESTING = "Requesting redeploy{options}"
    NO_REPLY = "No reply to the redeploy request ({error}). Checking whether it went through."
    NOT_ACCEPTED = "Cloud 66 did not accept the request ({error}). Retrying in {seconds:.0f}s."
    TIME_IS_UP = "the timeout had passed"
    WENT_THROUGH = "It went through (stack action {number}). Not sending it again."
    SENDING_AGAIN = "Not found after {seconds:.0f}s. Sending the request once more."
    SCHEDULED = "Scheduled. Reference: {reference}"
    IDS_UNKNOWN = "The IDs aren't known yet: {error}"
    CHECK_FAILED = "status check failed ({error}), retrying{asks}"
    SLOWED = (
        "{quota.remaining} of {quota.limit} API calls left this hour (shared by all jobs with this user's token). "
        "Checking less often."
    )
    CANCELLING = "{why}: cancelling {name}."
    LIVE_UNREAD = "It is not live. Couldn't read which deployment is: {error}"
    ADDRESS_UNREAD = "Couldn't read the stack's address: {error}"
    VISITED = "Visit after {seconds:.1f}s: {said}"
    HEALTHY = "{address} is healthy: {number} good answers in a row."
    SERVICE = "Service {said}"
    SERVICES_UNREAD = "Couldn't read what the services run: {error}"
    LOG_OF_ANOTHER = "The latest stack log belongs to another deployment, so it isn't shown."
    LOG_UNREAD = "Couldn't read the stack log: {error}"
    LOG = "Last lines of the {log}"
    LOG_AFTER_ROLLBACK = "Last lines of the {log} after the rollback"
    LOG_OF_ONE = "{title}: last lines of the {log}"
    LIVE_BEFORE = "Deployment {number} was live before, with commit {commit}."
    ROLLING_BACK = "Rolling back to commit {commit}."
    NOTHING_LEFT = "Nothing to clean up."
    CONTINUES = "The deployment continues (cancel_on_abort is false). Reference: {names}"


class Note(Enum):
    """The annotations: of each the title, and templates for its text."""

    ACTIONS_UNREADABLE = (
        "Stack actions can't be read",
        "This token can't read stack actions, so only the ID in Cloud 66's reply can identify the deployment.",
    )
    SHARED_ELSEWHERE = "Reference not unique", _SHARED, "Add deployment_id to say which deployment you mean."
    SHARED_AS_GIVEN = "Reference not unique", _SHARED, "Leave user_reference empty, or give each run its own."
    # GitHub's runners give each run an id, and each step a file, of its own; others, like act, don't.
    SHARED_AS_DERIVED = (
        "Reference not unique",
        _SHARED,
        "This runner gives its runs no unique ID.",
        "Set user_reference to a value that is unique per run, such as a random number from an earlier step.",
    )
    TWICE = "Scheduled twice", _TWICE, "Check {number} in the Cloud 66 dashboard."
    TWICE_AND_UNDONE = "Scheduled twice", _TWICE, "The younger one, {number}, was cancelled."
    TWICE_AND_LEFT = "Scheduled twice", _TWICE, "Cancel the younger one, {number}, by hand: {error}."
    TWICE_UNIDENTIFIED = (
        "Scheduled twice",
        "Two stack actions have the reference {reference}, but their deployments can't be identified.",
        "Check the stack in the Cloud 66 dashboard and cancel the younger one.",
    )
    CANCELLED_ANOTHER = (
        "Cancelled another deployment",
        "Deployment {before} was cancelled because it was the only match for this run.",
        "This run's deployment is {number}, which is being cancelled too. Check deployment {before}.",
    )
    NOT_CANCELLED = "Not cancelled", "{sentence} {evidence} Reference: {name}"
    NOT_CANCELLED_BECAUSE = "Not cancelled", "Check {names} in the Cloud 66 dashboard: {error}"
    NOT_CANCELLED_BY_FAULT = "Not cancelled", "Internal error in this action. Check {names} in Cloud 66: {error!r}"
    NOT_IDENTIFIED = (
        "Deployment not identified",
        "{label}The deployment couldn't be identified (several match, or none has appeared),",
        "so its ID and commit are unknown.",
    )
    SERVICES = "Services", "{said} Check it in the Cloud 66 dashboard."
    SKIPPED = "Skipped", "{sentence}"
    SUPERSEDED = "Superseded", "{Name} succeeded, but deployment {number}{of_commit} went live after it."

    def filled(self, **facts: object) -> tuple[str, str]:
        """Return the title, and the text with its placeholders filled."""
        title, *parts = self.value
        return title, " ".join(parts).format(**facts)


WHY_CANCEL = {
    WhyCancel.AS_ASKED: "Cancellation was requested",
    WhyCancel.CUT_SHORT: "The step was cut short",
    WhyCancel.MAKING_WAY: "Making way",
    WhyCancel.TIMEOUT: "The timeout expired",
    WhyCancel.QUEUE_TIMEOUT: "The queue_timeout expired",
    WhyCancel.WORKFLOW_CANCELLED: "The workflow was cancelled",
}
"""How a sentence about a cancellation begins."""

WHY_NOT = {
    Phase.QUEUED: "it may still be running",
    Phase.RUNNING: "it may still be running",
    Phase.SUCCESS: "its record says success, so it may be live",
    Phase.REVERTED: "it has already been reverted",
    Phase.CANCELLED: "it was cancelled",
    Phase.ODD: "Cloud 66 reports a status that isn't a known failure",
    Phase.SILENT: "Cloud 66 gives no result for it",
    WhyNot.FAILED_UNIDENTIFIED: "the failed deployment couldn't be identified",
    WhyNot.RECORD_VANISHED: "its record has disappeared",
    WhyNot.MAYBE_CANCELLED: "it may have been cancelled",
    WhyNot.NO_LONGER_LIVE: "it is no longer live",
    WhyNot.DEPLOYED_AFTER: "deployment {later.id} came after it",
    WhyNot.REQUESTED_AFTER: "a redeploy (stack action {later.id}) was requested after it",
    WhyNot.FAILED_COMMIT_UNKNOWN: "the failed commit is unknown",
    WhyNot.LAST_GOOD_UNIDENTIFIED: "the previously live deployment couldn't be identified",
    WhyNot.LAST_GOOD_WITHOUT_COMMIT: "deployment {last.id}, which was live before, has no commit recorded",
    WhyNot.LAST_GOOD_SUPERSEDED: "deployment {later.id} {came} after {live.id}, which was live before",
    WhyNot.LAST_GOOD_SAME_COMMIT: "deployment {last.id}, which was live before, has the same commit",
    WhyNot.LAST_GOOD_CHANGED: "another deployment is the last good one now",
    WhyNot.REQUESTED_BEFORE: "a rollback with the reference {reference} was requested before",
    WhyNot.STEP_ENDED: "the step ended before that",
    WhyNot.WORKFLOW_CANCELLED: "the workflow was cancelled",
    WhyNot.STACK_UNREADABLE: "the stack couldn't be read ({error})",
    WhyNot.ACTIONS_UNREADABLE: "the stack's actions can't be read, so a queued redeploy might be missed",
    WhyNot.BUSY: "{activity}",
    WhyNot.COMMIT_UNKNOWN: "the requested commit is unknown (set git_ref or expected_commit to its full hash)",
    WhyNot.TWO_COMMITS: "git_ref and expected_commit are different commits",
    WhyNot.NONE_LIVE: "no deployment is marked live",
    WhyNot.LIVE_SUPERSEDED: "deployment {later.id} {came} after {live.id}, which is marked live",
    WhyNot.ACTION_AFTER_LIVE: (
        "a redeploy (stack action {later.id}) finished after deployment {live.id}, which is marked live"
    ),
    WhyNot.LIVE_WITHOUT_COMMIT: "deployment {live.id}, which is live, has no commit recorded",
    WhyNot.LIVE_OTHER_COMMIT: "deployment {live.id}, which is live, has commit {commit}",
}
"""Why nothing is rolled back (first, because of what the record of the failed deployment says) or skipped."""

_WHERE_TO_GET_ONE = "create one at https://app.cloud66.com/oauth/authorized_applications"
_ADVICE_BY_STATUS = {
    400: "Check git_ref, services and profile. Does the stack have that branch, service or profile?",
    401: f"Check api_token: the token is wrong, incomplete or revoked ({_WHERE_TO_GET_ONE}).",
    402: "The Cloud 66 account's trial or plan has expired. Its owner can renew it in the dashboard.",
    403: f"The token may lack the scope {{scope}}. Use one with the scopes public and redeploy ({_WHERE_TO_GET_ONE}).",
    409: "The stack stayed busy or locked. Check it in the Cloud 66 dashboard and re-run later.",
}
_NO_STACK = (
    "Check stack_id: no stack with this UID is visible to this token. "
    "In the Cloud 66 dashboard, the UID is under Settings & Information, Information."
)
_STACK_LEFT = "The stack could be read a moment ago. Was it deleted, or is the token's user not allowed to deploy it?"
_ADVICE_BY_BLAME = {
    Blame.NETWORK: "Check that the runner can reach Cloud 66 (api_url, proxy, firewall), then re-run this job.",
    Blame.ADDRESS: "Correct {where}.",
    Blame.NAME: "Check api_url, and that the runner can resolve the name.",
    Blame.TLS: "Check api_url: is it https, and the right port? A firewall may also answer instead.",
    Blame.CERTIFICATE: "If your network uses its own certificate authority, set REQUESTS_CA_BUNDLE to its bundle. "
    "The path must exist inside the container, for example /github/workspace/ca.pem. Otherwise check {where}.",
    Blame.BUNDLE: "Set {where} to a file of PEM certificates that exists inside the container. "
    "Workspace files are under /github/workspace/ there.",
    Blame.PROXY: "Correct the variable {where} in the step's environment. Use an address such as "
    "http://proxy.example.com:3128. SOCKS proxies aren't supported.",
    Blame.PROXY_NAME: "Correct the host in the variable {where}, or make sure the runner can resolve it.",
    Blame.PROXY_TLS: "Check the variable {where}. Most proxies use http://, even for https addresses.",
    Blame.PROXY_ANSWER: "Check the host, port, user and password in the variable {where}. "
    "Otherwise ask the proxy's owner to allow this address.",
    Blame.STRANGER: "Check api_url, including its path. If it is right, something in between answered. "
    "Ask the owner of the firewall or proxy to allow these calls.",
}
_OVER_LIMIT = (
    "All jobs with tokens of this user share the limit. Re-run this job in the next hour, or use another user's token."
)
_REFUSAL = "See the server's message above. There is nothing to clean up."

_WHERE_REFUSED = (
    "Deployment Approval or Application Protection on the stack may be the cause. Check it in the dashboard."
)
NOTHING_SHOWS = (
    "No deployment has appeared. With Deployment Approval, it may be waiting for approval. "
    "With Application Protection, it may never start."
)


def describe_hindrance(hindrance: Hindrance) -> str:
    """Say why something is not done."""
    busy, later = hindrance.facts.get("busy"), hindrance.facts.get("later")
    activity = describe_activity(busy) if busy else ""
    came = "succeeded" if later and later.phase is Phase.SUCCESS else "may have succeeded"
    return WHY_NOT[hindrance.why].format(activity=activity, came=came, **hindrance.facts)


def describe_activity(activity: StackActivity) -> str:
    """Say what keeps a stack busy, and whose that is."""
    first = activity.first
    if first is None:
        action = activity.actions[0]
        what, who = f"a redeploy (stack action {action.id}) is queued", action.user
    else:
        does = "is deploying" if first.phase is Phase.RUNNING else "is queued"
        what, who = f"deployment {first.id} {does}", first.text("triggered_by")
    return f"{what}, started by {who}" if who else what


def advice_on(error: ApiError) -> str:
    """Return what to do about a call that was refused or did not get through."""
    reads = error.call.startswith("GET")
    about_network = _ADVICE_BY_BLAME[error.clue.blame].format(where=error.clue.where)
    if error.status is None or error.clue.blame is not Blame.NETWORK:
        return about_network
    if error.is_over_limit:
        return _OVER_LIMIT
    if error.status in {404, 410}:
        return _NO_STACK if reads else _STACK_LEFT
    if error.status in _ADVICE_BY_STATUS:
        return _ADVICE_BY_STATUS[error.status].format(scope="public" if reads else "redeploy")
    return about_network if isinstance(error, TransientError) else _REFUSAL


def advice_on_request(error: ApiError) -> str:
    """Return what to do about what keeps the redeploy from being requested."""
    advice = advice_on(error)
    may_be_held = error.call.startswith("POST") and error.status in {400, 403, 409, 422}
    return f"{advice} {_WHERE_REFUSED}" if may_be_held and "scope" not in error.said.lower() else advice
