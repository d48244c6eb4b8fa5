"""Notify a WebSub hub of changed feeds (W3C Recommendation, 23 January 2018, section 7).

Requests never wait for the hub: `ping_hub` runs beside the site and stores in a file how far it has notified the hub
and which feeds failed. The next run continues there.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import urllib3

from .changed import LogPosition

TIMEOUT = urllib3.Timeout(connect=5, read=10)  # seconds
RETRY_STATUSES = {408, 425, 429}  # beside all from 500


class HubRefusedError(Exception):
    """The hub rejects a feed; a retry would not help."""


class HubUnavailableError(Exception):
    """The hub can't be reached now; retry later."""


class InvalidHubStateError(Exception):
    """The state file holds something else."""


@dataclass(frozen=True)
class HubState:
    """The position up to which the hub was notified, and the URLs of feeds that are still waiting."""

    position: LogPosition
    waiting: list[str]


class WebSubHub:
    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)

    def notify(self, feed: str) -> None:
        """Notify the hub that a feed has changed. Raises HubRefusedError or HubUnavailableError."""
        fields = {"hub.mode": "publish", "hub.url": feed, "hub.topic": feed}  # hubs differ in the name they read
        try:
            response = self._pool.request(
                "POST", self.url, fields=fields, encode_multipart=False, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise HubUnavailableError(f"doesn't respond: {error}") from error
        response.close()  # only the status matters
        if 200 <= response.status < 300:
            return
        is_temporary = response.status >= 500 or response.status in RETRY_STATUSES
        raise (HubUnavailableError if is_temporary else HubRefusedError)(f"responds with {response.status}")


def load_state(path: Path) -> HubState | None:
    """Return the stored state; None if there is none yet. Raises InvalidHubStateError."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        position = LogPosition(int(state["event"]), datetime.fromisoformat(state["at"]))
        return HubState(position, [str(feed) for feed in state["waiting"]])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidHubStateError(str(error)) from error


def save_state(path: Path, state: HubState) -> None:
    """Replace the file atomically. Raises OSError."""
    values = {"event": state.position.event, "at": state.position.at.isoformat(), "waiting": state.waiting}
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(values), encoding="utf-8")
    os.replace(new, path)
