"""A session for the tests of the stand-in: what they ask for often, in a few words."""

from typing import Any

import requests

from cloud66_simulator import DEFAULT_STACK

STACK = f"/stacks/{DEFAULT_STACK}"
DEPLOYMENTS = f"{STACK}/deployments"
ACTIONS = f"{STACK}/actions"
MINE = {"user_reference": "mine"}


class Api(requests.Session):
    """A session whose addresses are paths below the API's base, with a time-out on everything."""

    base = "https://app.cloud66.com/api/3"

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        request.url = f"{self.base}{request.url}"
        return super().prepare_request(request)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or (5, 10)
        return super().send(request, **kwargs)

    def show(self, path: str, **query: str) -> Any:
        """What the envelope of an answer holds."""
        return self.get(path, params=query).json()["response"]

    def ids(self, path: str, **query: str) -> list[int]:
        return [record["id"] for record in self.show(path, **query)]

    def live(self) -> list[int]:
        """The ids of all deployments that are said to be live."""
        return [record["id"] for record in self.show(DEPLOYMENTS) if record.get("is_live")]
