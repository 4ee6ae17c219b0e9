"""Tokens: from the environment or a hidden prompt, and never in a text that anybody reads."""

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.source_request import SourceKind, SourceRequest

# What a header can hold; another character would be repeated by the error of the HTTP library.
_USABLE = re.compile(r"[!-~]+")
_NAMES: Mapping[SourceKind, tuple[str, ...]] = {
    "jira": ("JIRA_TOKEN",),
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
}
_PAGES: Mapping[SourceKind, str] = {
    "jira": "https://id.atlassian.com/manage-profile/security/api-tokens (Cloud), or your profile "
    "> Personal access tokens (Server, Data Center)",
    "github": "https://github.com/settings/tokens, with read access to issues",
    "gitlab": "your avatar > Edit profile > Access tokens, with the scope read_api",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Right to read a tracker; its repr and str hide the token."""

    token: SecretStr | None = None
    """Token; None reads as a stranger."""
    email: str | None = None
    """Address of the account, for Jira Cloud."""

    def bearer(self) -> dict[str, str]:
        """Return the header of a bearer token; empty for a stranger."""
        secret = self.token.get_secret_value() if self.token else None
        return {} if secret is None else {"Authorization": f"Bearer {secret}"}

    def basic(self) -> dict[str, str]:
        """Return the header of address and token; empty for a stranger."""
        if self.token is None or self.email is None:
            return {}
        pair = f"{self.email}:{self.token.get_secret_value()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def private_token(self) -> dict[str, str]:
        """Return GitLab's header; empty for a stranger."""
        secret = self.token.get_secret_value() if self.token else None
        return {} if secret is None else {"PRIVATE-TOKEN": secret}


def token_names(kind: SourceKind) -> str:
    """Return the variables of a tracker's token, for a sentence."""
    return " or ".join(_NAMES[kind])


def token_page(kind: SourceKind) -> str:
    """Return where a person makes a token."""
    return _PAGES[kind]


def credentials_of(
    request: SourceRequest,
    environment: Mapping[str, str] | None = None,
    ask: Callable[[str], str] | None = None,
) -> Credentials:
    """Return the credentials for a source: from the environment, else asked of a person.

    `ask` prompts without an echo; None when nobody watches. GitHub and GitLab can be read as a
    stranger. Raises: `SourceRefused` without any way to get the token, or for an unusable one.
    """
    variables = os.environ if environment is None else environment
    names = _NAMES[request.kind]
    secret = next((variables[name] for name in names if variables.get(name, "").strip()), None)
    if secret is None and ask is not None:
        secret = ask(f"Token for {request.url} (hidden; empty: none): ")
    secret = (secret or "").strip()
    if not secret and request.kind == "jira":
        raise SourceRefused(
            f"Jira is read with a token: set {token_names('jira')}, and for Jira Cloud also "
            f"JIRA_EMAIL. Make a token at {token_page('jira')}."
        )
    if secret and not _USABLE.fullmatch(secret):
        raise SourceRefused(
            f"The token in {token_names(request.kind)} has spaces or other characters that no "
            "token has; copy it once more."
        )
    email = variables.get("JIRA_EMAIL", "").strip() if request.kind == "jira" else ""
    return Credentials(SecretStr(secret) if secret else None, email or None)
