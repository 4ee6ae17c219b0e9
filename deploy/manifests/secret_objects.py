"""Secrets as manifests, without a library of YAML: an installation need not have one."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploy.manifests.tree import NAMESPACE


@dataclass(frozen=True)
class Secret:
    """Secret of a cluster."""

    name: str
    content: Mapping[str, str]
    """Plain texts by key."""
    namespace: str = NAMESPACE
    kind: str = "Opaque"
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Labels beside those that all have."""

    def text(self) -> str:
        """Write the Secret as one YAML document."""
        # `data`, not `stringData`: a later apply then removes keys that are gone.
        content = {
            key: base64.b64encode(text.encode()).decode() for key, text in self.content.items()
        }
        labels = {"app.kubernetes.io/part-of": "dsm", **self.labels}
        return "\n".join(
            [
                "apiVersion: v1",
                "kind: Secret",
                "metadata:",
                f"  name: {self.name}",
                f"  namespace: {self.namespace}",
                "  labels:",
                *_lines(labels),
                f"type: {self.kind}",
                "data:",
                *_lines(content, "  "),
                "",
            ]
        )


def document(secrets: Iterable[Secret]) -> str:
    """Write Secrets as a stream of YAML documents."""
    return "---\n".join(secret.text() for secret in secrets)


def _lines(pairs: Mapping[str, str], indent: str = "    ") -> list[str]:
    return [f"{indent}{name}: {json.dumps(text)}" for name, text in pairs.items()]
