"""Telling a WebSub hub which feeds have changed (W3C Recommendation, 23 January 2018, section 7).

Nothing waits for the hub: `ping_hub` runs beside the site and remembers in a file how far it has told, and whom it
could not tell. Run again it goes on there.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import urllib3

from .changed import Moment

TIMEOUT = urllib3.Timeout(connect=5, read=10)  # seconds
TRY_AGAIN = {408, 425, 429}  # beside all of 500 and above


class HubRefused(Exception):
    """The hub won't take this address; asking again is no use."""


class HubAway(Exception):
    """The hub can't be told now; later it may."""


class MemoryUnreadable(Exception):
    """The file that remembers holds something else."""


@dataclass(frozen=True)
class Memory:
    """How far the hub was told, and the feeds that it has still to be told of."""

    moment: Moment
    waiting: list[str]


class Hub:
    def __init__(self, address: str) -> None:
        self.address = address
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)

    def tell(self, feed: str) -> None:
        """Tell the hub that `feed` has changed. Raises HubRefused or HubAway."""
        fields = {"hub.mode": "publish", "hub.url": feed, "hub.topic": feed}  # hubs differ in the name they read
        try:
            answer = self._pool.request(
                "POST", self.address, fields=fields, encode_multipart=False, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise HubAway(f"doesn't answer: {error}") from error
        answer.close()  # whatever it says beside the status
        if 200 <= answer.status < 300:
            return
        failure = HubAway if answer.status >= 500 or answer.status in TRY_AGAIN else HubRefused
        raise failure(f"answers {answer.status}")


def recall(path: Path) -> Memory | None:
    """Return what the file remembers; None if there is none yet. Raises MemoryUnreadable."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        moment = Moment(int(told["event"]), datetime.fromisoformat(told["at"]))
        return Memory(moment, [str(feed) for feed in told["waiting"]])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise MemoryUnreadable(str(error)) from error


def remember(path: Path, memory: Memory) -> None:
    """Write the file whole or not at all. Raises OSError."""
    told = {"event": memory.moment.event, "at": memory.moment.at.isoformat(), "waiting": memory.waiting}
    written = path.with_name(f"{path.name}.new")
    written.write_text(json.dumps(told), encoding="utf-8")
    os.replace(written, path)
