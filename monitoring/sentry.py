"""Error reports to Sentry, or a service with its protocol, at SENTRY_DSN. They contain no personal or secret data."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.conf import settings

from .logs import request_id
from .redaction import redact, summary_line

REPORTED_HEADERS = {"accept", "content-type", "host", "user-agent", "x-request-id"}


def is_installed() -> bool:
    return find_spec("sentry_sdk") is not None


def init() -> None:
    """Start reporting errors if SENTRY_DSN is set. `checks.py` validates it."""
    if not settings.SENTRY_DSN or not is_installed():
        return
    import sentry_sdk  # noqa: PLC0415  only installed with Sentry
    from sentry_sdk.integrations.stdlib import StdlibIntegration  # noqa: PLC0415

    try:
        sentry_sdk.init(
            settings.SENTRY_DSN,
            # It would add headers to our requests to other servers and variables to the environment of child processes.
            disabled_integrations=[StdlibIntegration()],
            data_collection={"user_info": False, "http_bodies": []},  # equivalent to send_default_pii=False
            include_local_variables=False,  # they hold unpublished text
            max_request_body_size="never",
            max_breadcrumbs=0,  # log lines and queries
            before_send=scrub_event,
            traces_sample_rate=0,
        )
    except sentry_sdk.utils.BadDsn:
        return


def scrub_event(event: Any, hint: Any = None) -> Any:
    """Return the report without cookies, bodies, queries, signed links and all but the first lines of messages."""
    request = event.get("request", {})
    for name in ("cookies", "data", "query_string", "env"):
        request.pop(name, None)
    if "url" in request:
        request["url"] = redact(request["url"])
    headers = request.get("headers")
    if isinstance(headers, dict):
        request["headers"] = {name: value for name, value in headers.items() if name.lower() in REPORTED_HEADERS}
    for name in ("user", "extra", "breadcrumbs"):
        event.pop(name, None)
    for exception in (event.get("exception") or {}).get("values", []):
        exception["value"] = summary_line(exception.get("value", ""))
        for frame in (exception.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    entry = event.get("logentry")
    if isinstance(entry, dict):
        event["logentry"] = {"message": summary_line(entry.get("formatted") or entry.get("message") or "")}
    if "transaction" in event:
        event["transaction"] = redact(event["transaction"])
    if current_id := request_id.get():
        event.setdefault("tags", {})["request_id"] = current_id
    return event
