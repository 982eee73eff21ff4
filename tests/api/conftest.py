"""What the tests of the API's rooms share."""

import os
from collections.abc import Callable

import pytest


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Set a variable; none of the runner's own names a proxy or a bundle."""
    for name in os.environ:
        if name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    return monkeypatch.setenv
