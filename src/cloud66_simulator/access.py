"""Who may ask what, and how often."""

from flask import Request

from cloud66_simulator.problems import Problem
from cloud66_simulator.records import Token
from cloud66_simulator.world import Simulator


def token_of(simulator: Simulator, request: Request) -> Token | None:
    """Return what the request's bearer token stands for, or None."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return simulator.tokens.get(secret.strip()) if scheme.lower() == "bearer" else None


def demand_account(token: Token | None) -> Token:
    """
    Return the token of a user in good standing.

    Raises:
        Problem: 401 or 402.

    """
    if token is None:
        raise Problem(401, "The access token is missing or invalid")
    if token.expired:
        raise Problem(402, "The trial of this account has expired")
    return token


def demand_scope(token: Token, method: str) -> None:
    """
    Demand the scope that the method needs.

    Raises:
        Problem: 403.

    """
    scope = "public" if method in {"GET", "HEAD"} else "redeploy"
    if scope not in token.scopes:
        raise Problem(403, f"The access token lacks the scope {scope}")
