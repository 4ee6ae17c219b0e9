"""Answers of the kind `Status`, in the words of a real API server."""

from typing import Any

GROUP = {"group": "batch", "kind": "cronjobs"}
REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
}


class Failure(Exception):
    """Refusal of a request."""

    def __init__(
        self,
        code: int,
        message: str,
        details: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.body = status("Failure") | {"message": message, "reason": reason or REASONS[code]}
        if details:
            self.body["details"] = details
        self.body["code"] = code


def status(outcome: str) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": outcome}


def unauthorized() -> Failure:
    return Failure(401, "Unauthorized")


def forbidden(user: str, verb: str, resource: str, group: str, namespace: str) -> Failure:
    qualified = f"{resource}.{group}" if group else resource
    details = {"group": group, "kind": resource} if group else {"kind": resource}
    return Failure(
        403,
        f'{qualified} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group'
        f' "{group}" in the namespace "{namespace}"',
        details,
    )


def no_namespace(name: str) -> Failure:
    return Failure(404, f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})


def not_found(name: str) -> Failure:
    return Failure(404, f'cronjobs.batch "{name}" not found', {"name": name, **GROUP})


def already_exists(name: str) -> Failure:
    message = f'cronjobs.batch "{name}" already exists'
    return Failure(409, message, {"name": name, **GROUP}, "AlreadyExists")


def modified(name: str) -> Failure:
    message = (
        f'Operation cannot be fulfilled on cronjobs.batch "{name}": the object has been modified;'
        " please apply your changes to the latest version and try again"
    )
    return Failure(409, message, {"name": name, **GROUP})


def other_uid(name: str, expected: str, present: str) -> Failure:
    message = (
        f'Operation cannot be fulfilled on cronjobs.batch "{name}": Precondition failed: UID in'
        f" precondition: {expected}, UID in object meta: {present}"
    )
    return Failure(409, message, {"name": name, **GROUP})


def unknown_fields(paths: list[str]) -> Failure:
    listed = ", ".join(f'unknown field "{path}"' for path in paths)
    return Failure(
        400,
        f'CronJob in version "v1" cannot be handled as a CronJob: strict decoding error: {listed}',
    )


def invalid(name: str, causes: list[dict[str, str]]) -> Failure:
    texts = [f"{cause['field']}: {cause['message']}" for cause in causes]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = ({"name": name} if name else {}) | {
        "group": "batch",
        "kind": "CronJob",
        "causes": causes,
    }
    return Failure(422, f'CronJob.batch "{name}" is invalid: {text}', details)


def expired() -> Failure:
    return Failure(
        410,
        "The provided continue parameter is too old to display a consistent list result. You can"
        " start a new list without the continue parameter.",
    )
