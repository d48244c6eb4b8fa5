"""Reports of errors to Sentry, or what speaks as it does, where SENTRY_DSN names one. Nothing private goes along."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.conf import settings

from .logs import request_id
from .redaction import first_line, redacted

HEADERS = {"accept", "content-type", "host", "user-agent", "x-request-id"}  # that a report may tell


def is_installed() -> bool:
    return find_spec("sentry_sdk") is not None


def start() -> None:
    """Report errors from now on, if SENTRY_DSN says where to; `checks.py` tells what is wrong with it."""
    if not settings.SENTRY_DSN or not is_installed():
        return
    import sentry_sdk
    from sentry_sdk.integrations.stdlib import StdlibIntegration

    try:
        sentry_sdk.init(
            settings.SENTRY_DSN,
            # It would mark what we ask of other servers, and hand variables to the decoder of pictures.
            disabled_integrations=[StdlibIntegration()],
            data_collection={"user_info": False, "http_bodies": []},  # what send_default_pii=False was
            include_local_variables=False,  # they hold what is not published, and `secured`
            max_request_body_size="never",
            max_breadcrumbs=0,  # lines of the log and queries
            before_send=stripped,
            traces_sample_rate=0,
        )
    except sentry_sdk.utils.BadDsn:
        return


def stripped(event: Any, hint: Any = None) -> Any:
    """Return the report without cookies, bodies, queries, signed links and all but the first lines of messages."""
    request = event.get("request", {})
    for name in ("cookies", "data", "query_string", "env"):
        request.pop(name, None)
    if "url" in request:
        request["url"] = redacted(request["url"])
    headers = request.get("headers")
    if isinstance(headers, dict):
        request["headers"] = {name: value for name, value in headers.items() if name.lower() in HEADERS}
    for name in ("user", "extra", "breadcrumbs"):
        event.pop(name, None)
    for each in (event.get("exception") or {}).get("values", []):
        each["value"] = first_line(each.get("value", ""))
        for frame in (each.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    entry = event.get("logentry")
    if isinstance(entry, dict):
        event["logentry"] = {"message": first_line(entry.get("formatted") or entry.get("message") or "")}
    if "transaction" in event:
        event["transaction"] = redacted(event["transaction"])
    if number := request_id.get():
        event.setdefault("tags", {})["request_id"] = number
    return event
