"""Settings of the chronicle service."""

from pydantic import Field, SecretStr, model_validator

from domain_services.kernel.settings import KernelSettings, Port

# The database refuses to cut off younger audits. The impact's usual period is 30 days.
LEAST_AUDIT_DAYS = 90


class ChronicleSettings(KernelSettings):
    """Settings of the chronicle service, beside those of every service."""

    port: Port = Field(default=8104, description="port to listen on")
    keep_audits_days: int = Field(
        default=0,
        ge=0,
        description="audits recorded longer ago are cut off, at least 90 days; 0: kept for good",
    )
    # As long as an API key: shorter ones can be guessed from a signed head.
    audit_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="key that signs what is cut off; none: nothing can be cut off, and no cut"
        " verifies",
    )
    audit_keys_before: tuple[SecretStr, ...] = Field(
        default=(), description="JSON list of earlier keys, with which earlier cuts verify"
    )

    @property
    def audit_keys(self) -> tuple[bytes, ...]:
        """Keys by which a cut may be signed, the present one first."""
        keys = (*([self.audit_key] if self.audit_key else []), *self.audit_keys_before)
        return tuple(key.get_secret_value().encode() for key in keys if key.get_secret_value())

    @model_validator(mode="after")
    def _can_cut(self) -> "ChronicleSettings":
        if 0 < self.keep_audits_days < LEAST_AUDIT_DAYS:
            raise ValueError(f"keep_audits_days is 0 or at least {LEAST_AUDIT_DAYS}")
        if self.keep_audits_days and self.audit_key is None:
            raise ValueError("keep_audits_days needs audit_key: no cut is made without a signature")
        return self
