"""How calls get from this machine to a server: the proxy and certificate bundle, and which variable names them."""

import os
import re
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Route(NamedTuple):
    """
    How calls get to a server: the API, or the application.

    Attributes:
        address: the address that is asked, as an input gives it.
        proxy: the proxy's address, which may hold a user and a password, or "".
        bundle: the path of the certificate bundle, or "" for the one that ships with the action.
        given_by: which input gives the address, in words.

    """

    address: str
    proxy: str = ""
    bundle: str = ""
    given_by: str = "the input api_url"

    @property
    def proxy_variable(self) -> str:
        """The variable that names the proxy, spelt as it stands in the environment."""
        scheme = urlsplit(self.address).scheme
        return _variable([f"{scheme}_proxy", "all_proxy"], self.proxy)

    @property
    def bundle_variable(self) -> str:
        """The variable that names the certificate bundle: of those that requests reads, the one that counts."""
        return _variable(["requests_ca_bundle", "curl_ca_bundle"], self.bundle)

    @property
    def passes_in_clear(self) -> bool:
        """Whether a proxy could answer in the API's place: without TLS it reads what goes through it."""
        return bool(self.proxy) and self.address.startswith("http:")

    def fault_of_bundle(self) -> str:
        """Name the certificate bundle and say what is wrong with it."""
        path = Path(self.bundle)
        if path.is_dir():
            return f"{path}, which is a directory"
        return f"{path}, which {'holds no certificate that can be read' if path.exists() else 'is not there'}"

    def hide(self, text: str) -> str:
        """Take the proxy's user and password out of a text from outside, in every way they may be written."""
        login = re.sub("^[a-z][a-z0-9+.-]*://", "", self.proxy, flags=re.IGNORECASE).rpartition("@")[0]
        written = {login, *login.split(":", 1)}
        forms = {*written, *map(unquote, written), b64encode(unquote(login).encode(errors="replace")).decode()}
        for form in sorted(forms - {""} if login else (), key=len, reverse=True):
            text = text.replace(form, "***")
        return text


def _variable(names: Iterable[str], value: str) -> str:
    """Find the variable of one of these names, in any case, that has a value; the first name where none has."""
    first, *_ = names = list(names)
    variables = (key for name in names for key, held in os.environ.items() if key.lower() == name and held == value)
    return next(variables, first.upper())
