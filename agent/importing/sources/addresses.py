"""Addresses that a token may be sent to."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from agent.importing.sources.errors import SourceRefused


def check_url(url: str, *, insecure_http: bool) -> SplitResult:
    """Check that a token may be sent to an address, and return its parts.

    Raises: `SourceRefused`, without repeating a password that stands in it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # The cause would repeat a part of a password.
        raise SourceRefused("The URL cannot be read; give one such as https://host.") from None
    if parts.username is not None or parts.password is not None:
        raise SourceRefused(
            "Leave the name and the password out of the URL: the token comes from the environment."
        )
    if parts.scheme not in ("https", "http") or not host or re.search(r"[\s\\]", url):
        # Before an @ may stand a password, even where none belongs.
        text = "This text" if "@" in url else repr(url)
        raise SourceRefused(f"{text} is not a web address; give one such as https://host.")
    if parts.scheme == "http" and not insecure_http and not is_this_machine(host):
        raise SourceRefused(
            f"http://{host} would show the token to others on the way; use https://{host}, or "
            "--insecure-http when nobody else is on that network."
        )
    return parts


def is_this_machine(host: str) -> bool:
    """Return True for a name or address of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_scheme(url: str) -> str:
    """Put https:// before an address without a scheme."""
    return url.strip() if "://" in url else f"https://{url.strip()}"


def base_url(parts: SplitResult, path: str) -> str:
    """Join scheme, host and a path without its last slash."""
    return urlunsplit((parts.scheme, parts.netloc.lower(), path.rstrip("/"), "", ""))
