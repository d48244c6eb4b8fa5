"""The only requests that Newsfold makes for pictures: to vetted addresses, within limits of time and size.

A name is resolved once for each request, and the connection is made to what was vetted: a second answer of a name
server is never asked for. No cookie, no password, no proxy of the environment, no redirect that isn't vetted like the
first address.
"""

from __future__ import annotations

import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, cast
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from pictures.sniffing import CONTENT_TYPES, MAX_BYTES, format_of

from .address_check import AddressRefused, Exemption, IPAddress, Target, is_allowed, target_of

SECONDS = 20.0  # for a picture in all: redirects, names and body included
CONNECT_SECONDS = 5.0  # for one address of a host, and for as much TLS
MAX_REDIRECTS = 5
MAX_ADDRESSES = 3  # of a host, tried one after the other
MAX_HEAD_BYTES = 65_536
MAX_WIRE_BYTES = MAX_BYTES + 1_000_000  # with the frames of a chunked body
MAX_WAIT = 7 * 24 * 3600.0  # seconds; whatever Retry-After says
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = 410
TOO_BUSY = frozenset({429, 502, 503, 504})
_READ_BYTES = 65_536

Resolver = Callable[[str, int], list[IPAddress]]


class NotFetched(Exception):
    """The picture was not to be had; the message completes the sentence "the server ...".

    `for_good` tells that asking again is useless; `wait` is for how many seconds the host doesn't want to be asked
    again, None if it doesn't say; `host_fails` tells that others of its pictures would end the same now.
    """

    def __init__(
        self, reason: str, *, for_good: bool = False, wait: float | None = None, host_fails: bool = False
    ) -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.wait = wait
        self.host_fails = host_fails


class Deadline:
    """A moment by which all has to be done."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left. Raises NotFetched if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.missed()
        return left

    def missed(self) -> NotFetched:
        return NotFetched(f"takes longer than {self.seconds:g} s", host_fails=True)


def resolve(host: str, port: int) -> list[IPAddress]:
    """Return the addresses of `host` in the order in which to try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(address[0]) for *_, address in found]


def default_tls() -> ssl.SSLContext:
    """Return what tells whether to believe a host: the certificates that the machine trusts."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_default_certs()
    return context


class Fetcher:
    """Fetches pictures; for any number of threads at once.

    `exempt` are the networks that may be asked although they aren't public. It and the other arguments but `agent`
    are for tests and for those who keep a picture server of their own.
    """

    def __init__(
        self,
        agent: str = "Newsfold",
        *,
        exempt: Collection[Exemption] = (),
        seconds: float = SECONDS,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._exempt = tuple(exempt)
        self._seconds = seconds
        self._resolver = resolver
        self._tls = tls or default_tls()
        self._headers = {
            "Accept": "image/avif,image/webp,image/jpeg,image/png,image/gif",
            "Accept-Encoding": "identity",  # what is compressed has no size before it is unpacked
            "Connection": "close",
            "User-Agent": agent,
        }

    def fetch(self, url: str) -> bytes:
        """Return the file at `url`, which says and looks like a picture; not decoded yet. Raises NotFetched."""
        deadline = Deadline(self._seconds)
        for _ in range(MAX_REDIRECTS + 1):
            target = self._target(url)
            with _Exchange(self._connect(target, deadline), deadline) as exchange:
                answer = exchange.ask(target, self._headers)
                if answer.status not in REDIRECTS:
                    return _picture(exchange, answer)
                url = _location(answer, target)
        raise NotFetched(f"redirects more than {MAX_REDIRECTS} times")

    def _target(self, url: str) -> Target:
        try:
            return target_of(url, self._exempt)
        except AddressRefused as refused:
            raise NotFetched(f"is not asked: the address {refused}", for_good=True) from None

    def _connect(self, target: Target, deadline: Deadline) -> HTTPConnection:
        """Return a connection to the first of the vetted addresses of `target` that takes one."""
        reason = ""
        for address in self._vetted(target, deadline)[:MAX_ADDRESSES]:
            connection = self._connection(target, address, timeout=min(CONNECT_SECONDS, deadline.left() / 2))
            try:
                connection.connect()
            except (ConnectTimeoutError, NewConnectionError) as error:
                connection.close()
                reason = _plain(error)
            except (HTTPError, OSError, ValueError) as error:
                connection.close()
                raise _failure(error) from error
            else:
                return connection
        raise NotFetched(f"can't be reached: {reason}", host_fails=True)

    def _connection(self, target: Target, address: IPAddress, timeout: float) -> HTTPConnection:
        if target.scheme == "http":
            return HTTPConnection(str(address), target.port, timeout=timeout)
        return HTTPSConnection(
            str(address),
            target.port,
            timeout=timeout,
            ssl_context=self._tls,
            server_hostname=target.host,  # whom the certificate has to name
        )

    def _vetted(self, target: Target, deadline: Deadline) -> list[IPAddress]:
        """Return the addresses of the host, all of which may be asked.

        One that may not refuses them all: who mixes inner addresses into public ones means harm or made a mistake,
        and the order in which a name server lists them must not decide.
        """
        found = list(dict.fromkeys(self._resolved(target, deadline)))
        for address in found:
            if not is_allowed(address, target.port, self._exempt):
                raise NotFetched(f"is not asked: its address {address} is not on the public internet")
        if not found:
            raise NotFetched("has no address", host_fails=True)
        return found

    def _resolved(self, target: Target, deadline: Deadline) -> list[IPAddress]:
        """Ask the system's resolver in a thread of its own: nothing else bounds how long it takes."""
        answers: queue.SimpleQueue[list[IPAddress] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolver(target.host, target.port))
            except (OSError, ValueError) as error:  # UnicodeError is a ValueError
                answers.put(error)

        threading.Thread(target=ask, name=f"resolve {target.host}", daemon=True).start()
        try:
            answer = answers.get(timeout=deadline.left())
        except queue.Empty:
            raise deadline.missed() from None
        if isinstance(answer, Exception):
            raise NotFetched(f"has no address: {_plain(answer)}", host_fails=True) from answer
        return answer


class _Exchange:
    """One request and its answer on an open connection, which is closed at the end."""

    def __init__(self, connection: HTTPConnection, deadline: Deadline) -> None:
        self._connection = connection
        self._socket = cast(socket.socket, connection.sock)
        self._wire = _Wire(self._socket, deadline)
        connection.sock = cast(Any, _Plug(self._socket, self._wire, deadline))

    def __enter__(self) -> _Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._wire.close()
        self._socket.close()

    def ask(self, target: Target, headers: dict[str, str]) -> BaseHTTPResponse:
        """Return the answer as far as its headers. Raises NotFetched."""
        self._wire.allow(MAX_HEAD_BYTES, "sends headers of more than 64 kB")
        try:
            self._connection.request(
                "GET",
                target.path,
                headers=headers | {"Host": target.name},
                preload_content=False,
                decode_content=False,
            )
            return self._connection.getresponse()
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise _failure(error) from error

    def body(self, answer: BaseHTTPResponse) -> bytes:
        """Return the body, read in pieces. Raises NotFetched."""
        self._wire.allow(MAX_WIRE_BYTES, _TOO_LARGE)
        data = bytearray()
        try:
            while piece := answer.read(_READ_BYTES, decode_content=False):
                data += piece
                if len(data) > MAX_BYTES:
                    raise NotFetched(_TOO_LARGE)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise _failure(error) from error
        return bytes(data)


class _Wire(io.RawIOBase):
    """What comes over a socket, with one deadline for all of it and a number of bytes that it may not exceed."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline
        self._allowed = 0
        self._reason = ""

    def allow(self, size: int, reason: str) -> None:
        """Let `size` further bytes in; more of them end in `reason`."""
        self._allowed, self._reason = size, reason

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._allowed <= 0:
            raise NotFetched(self._reason)
        self._socket.settimeout(self._deadline.left())
        try:
            count = self._socket.recv_into(memoryview(buffer)[: self._allowed])
        except TimeoutError:
            raise self._deadline.missed() from None
        self._allowed -= count
        return count


class _Plug:
    """Stands in for the socket of an http.client connection: what is read from it comes through a _Wire."""

    def __init__(self, sock: socket.socket, wire: _Wire, deadline: Deadline) -> None:
        self._socket, self._wire, self._deadline = sock, wire, deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(self._wire)

    def settimeout(self, _: object) -> None:
        """The deadline decides."""

    def close(self) -> None:
        """Said before the body is read, if the answer ends with the connection: the exchange closes."""


_TOO_LARGE = f"sends more than {MAX_BYTES // 1_000_000} MB"


def _location(answer: BaseHTTPResponse, asked: Target) -> str:
    location = answer.headers.get("Location", "").strip()
    if not location:
        raise NotFetched(f"answers {answer.status} and doesn't say where to")
    with suppress(UnicodeError):  # http.client reads latin-1, most servers write UTF-8
        location = location.encode("latin-1").decode()
    try:
        return urljoin(asked.url, location)
    except ValueError:
        raise NotFetched("redirects to what can't be understood") from None


def _picture(exchange: _Exchange, answer: BaseHTTPResponse) -> bytes:
    """Return the body of an answer that is all that a picture's should be. Raises NotFetched."""
    if answer.status != 200:
        raise NotFetched(
            f"answers {answer.status}",
            for_good=answer.status == GONE,
            wait=retry_after(answer.headers),
            host_fails=answer.status in TOO_BUSY,
        )
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise NotFetched(f"sends it compressed ({encoding[:40]}), which was not asked for")
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        told = f"says that it is {content_type[:80]!r}" if content_type else "doesn't say what it is"
        raise NotFetched(f"{told}; pictures are JPEG, PNG, GIF, WebP or AVIF")
    if (answer.length_remaining or 0) > MAX_BYTES:
        raise NotFetched(_TOO_LARGE)
    data = exchange.body(answer)
    if not data:
        raise NotFetched("sends nothing")
    if format_of(data) != CONTENT_TYPES[content_type]:
        raise NotFetched(f"says that it is {content_type!r}, but it starts like {_looks(data)}")
    return data


def _looks(data: bytes) -> str:
    name = format_of(data)
    return f"a {name} file" if name else "no picture"


def retry_after(headers: Any, now: datetime | None = None) -> float | None:
    """Return for how many seconds the answer asks to be left alone: a number or a date; None if it says nothing."""
    told = str(headers.get("Retry-After", "")).strip()
    if told.isascii() and told.isdigit():
        return min(float(told[:12]), MAX_WAIT)
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), MAX_WAIT)


def _failure(error: Exception) -> NotFetched:
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotFetched(f"can't be believed: {_plain(error)}", host_fails=True)
    return NotFetched(f"breaks off: {_plain(error)}", host_fails=True)


def _plain(error: Exception) -> str:
    """Return the shortest true words for `error`: of a chain, the system's own."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    if isinstance(cause, ssl.SSLCertVerificationError):
        return str(cause.verify_message)
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(str(text).split())[:200]
