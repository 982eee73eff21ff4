"""What to do about each way in which a call can be refused or not get through. Pure."""

from cloud66_redeploy.errors import ApiError, Blame, Trouble

_WHERE_TO_GET_ONE = "personal access tokens are made in the Cloud 66 dashboard, under Account, Authorized Applications"
_ADVICE_BY_STATUS = {
    400: "Check the inputs git_ref, services and profile: does the stack have that branch, service or profile?",
    401: f"Check the input api_token: the token is wrong, cut short or revoked ({_WHERE_TO_GET_ONE}).",
    402: "The Cloud 66 account's trial or plan has ended: its owner has to renew it in the dashboard.",
    403: "The token lacks the scope '{scope}': make one with the scopes 'public' and 'redeploy' "
    f"({_WHERE_TO_GET_ONE}).",
    409: "The stack was busy or locked all the time: look at it in the Cloud 66 dashboard, and run this again later.",
}
_NO_STACK = (
    "Check the input stack_id: no stack with this UID can be seen with this token. "
    "The UID stands on the stack's information page in the Cloud 66 dashboard."
)
_STACK_LEFT = "The stack could be read a moment ago: was it deleted, or may the token's user not deploy it?"
_ADVICE_BY_BLAME = {
    Blame.NETWORK: "Check that the runner reaches Cloud 66 (the input api_url, a proxy, a firewall), "
    "and run this again.",
    Blame.ADDRESS: "Correct {where}.",
    Blame.NAME: "Check the input api_url, and that the runner's resolver knows the name.",
    Blame.TLS: "Check the input api_url: is it https, and the right port? A firewall may also answer in its place.",
    Blame.CERTIFICATE: "If your network has an authority of its own, point REQUESTS_CA_BUNDLE at its certificates. "
    "The path has to exist inside the container, like /github/workspace/ca.pem. Otherwise check {where}.",
    Blame.BUNDLE: "Point {where} at a file of PEM certificates that exists inside the container. "
    "A file of the workspace is /github/workspace/… there.",
    Blame.PROXY: "Correct the variable {where} in the step's environment: it needs an address like "
    "http://proxy.example.com:3128. SOCKS proxies can't be used.",
    Blame.PROXY_NAME: "Correct the host in the variable {where}, or see that the runner's resolver knows its name.",
    Blame.PROXY_TLS: "Check the variable {where}: most proxies are reached by http://, also for https addresses.",
    Blame.PROXY_ANSWER: "Check the variable {where}: its host and port, and the user and password in it. "
    "Otherwise ask who runs the proxy to let this address through.",
    Blame.STRANGER: "Check the input api_url, its path included. If it is right, something in between answers. "
    "Ask who runs the firewall or the proxy to let these calls through.",
}
_REFUSAL = "The server's words above say what it minds; nothing has to be cleaned up."

_WHERE_REFUSED = (
    "If the stack has Deployment Approval or Application Protection, that may be why: look at it in the dashboard."
)
NOTHING_SHOWS = (
    "No deployment has shown: if the stack has Deployment Approval, it may wait for somebody to approve it. "
    "With Application Protection it may never come."
)


def advice_on(error: ApiError) -> str:
    """Return what to do about a call that was refused or did not get through."""
    reads = error.call.startswith("GET")
    about_network = _ADVICE_BY_BLAME[error.clue.blame].format(where=error.clue.where)
    if error.status is None or error.clue.blame is not Blame.NETWORK:
        return about_network
    if error.status in {404, 410}:
        return _NO_STACK if reads else _STACK_LEFT
    if error.status in _ADVICE_BY_STATUS:
        return _ADVICE_BY_STATUS[error.status].format(scope="public" if reads else "redeploy")
    return about_network if isinstance(error, Trouble) else _REFUSAL


def advice_on_request(error: ApiError) -> str:
    """Return what to do about what keeps the redeploy from being asked for."""
    advice = advice_on(error)
    may_be_held = error.call.startswith("POST") and error.status in {400, 403, 409, 422}
    return f"{advice} {_WHERE_REFUSED}" if may_be_held else advice
