"""An HTTP client for untrusted servers: checked IP addresses, and limits on time, size and redirects.

Each host name is resolved once, and the connection goes to an address that was checked, so a name server can't return
another one in between. Sends no cookies or passwords, uses no proxy from the environment, and checks each redirect like
the first URL.
"""

from __future__ import annotations

import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, LineTooLong
from typing import Any, cast
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from texts import Text
from texts import gettext_lazy as _

from .address_check import AllowedNetwork, IPAddress, Target, UrlError, is_allowed, parse_url

SECONDS = 20.0  # for a whole request: name resolution, redirects and body included
CONNECT_SECONDS = 5.0  # for one address of a host, and again for TLS
MAX_REDIRECTS = 5
MAX_ADDRESSES = 3  # addresses of a host that are tried, one after the other
MAX_HEADER_BYTES = 65_536
CHUNK_FRAMES_BYTES = 1_000_000  # allowance for the framing of a chunked body
MAX_WAIT = 7 * 24 * 3600.0  # seconds; the most that Retry-After can ask for
SUCCESSES = range(200, 300)  # of a page that is only looked at; a file comes with 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = 410
TOO_BUSY = frozenset({429, 502, 503, 504})
PERMANENT_REDIRECTS = frozenset({301, 308})
NOT_MODIFIED = 304
UNKNOWN_ISSUER = frozenset({20, 21})  # codes of OpenSSL: browsers find certificates that the server forgot to send
_READ_BYTES = 65_536
_GZIP = zlib.MAX_WBITS | 16

Resolver = Callable[[str, int], list[IPAddress]]


class FetchError(Exception):
    """The file could not be fetched; the message completes the sentence "It ...", about what was to be fetched.

    `permanent` says that retrying is useless, `host_down` that other requests to this host would fail too now. `wait`
    is the number of seconds after which the host wants the next request, None if it doesn't say; `status` that of the
    response, None if there is none. `is_inconclusive` says that the page may be there for readers: a limit of ours kept
    us from looking, or the server lets only browsers in.
    """

    def __init__(
        self,
        reason: Text | str,
        *,
        permanent: bool = False,
        wait: float | None = None,
        host_down: bool = False,
        status: int | None = None,
        is_inconclusive: bool = False,
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.wait = wait
        self.host_down = host_down
        self.status = status
        self.is_inconclusive = is_inconclusive


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response with the status 200, or 304 without a body.

    `url` is where it came from after redirects. `moved_to` is where permanent redirects from the requested URL lead,
    before the first temporary one; empty without any.
    """

    status: int
    url: str
    moved_to: str
    headers: Mapping[str, str]
    body: bytes


class Deadline:
    """The moment by which a request must be complete."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left. Raises FetchError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    def error(self) -> FetchError:
        reason = _("takes longer than %(seconds)s s", seconds=f"{self.seconds:g}")
        return FetchError(reason, host_down=True, is_inconclusive=True)


def resolve(host: str, port: int) -> list[IPAddress]:
    """Return the IP addresses of `host` in the order in which to try them. Raises OSError."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(address[0]) for *_, address in infos]


def default_tls() -> ssl.SSLContext:
    """Return a TLS context that verifies hosts by the certificates that this machine trusts."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_default_certs()
    return context


class HttpClient:
    """Fetch files with GET requests; may be used by several threads at once.

    `accept` is the Accept header, `max_bytes` the largest body. With `max_unpacked_bytes` bodies may come compressed by
    gzip, and unpack to that size. `allowed_networks` are allowed although they are not on the public internet.
    `resolver`, `seconds` and `tls` are for tests.
    """

    def __init__(
        self,
        agent: str = "Newsfold",
        *,
        accept: str,
        max_bytes: int,
        max_unpacked_bytes: int = 0,
        allowed_networks: Collection[AllowedNetwork] = (),
        seconds: float = SECONDS,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_unpacked_bytes = max_unpacked_bytes
        self._allowed_networks = tuple(allowed_networks)
        self._seconds = seconds
        self._resolver = resolver
        self._tls = tls or default_tls()
        self._headers = {
            "Accept": accept,
            "Accept-Encoding": "gzip" if max_unpacked_bytes else "identity",
            "Connection": "close",
            "User-Agent": agent,
        }

    def get(self, url: str, check_headers: Callable[[Mapping[str, str]], None]) -> bytes:
        """Return the body of the 200 response at `url`. Raises FetchError; so may `check_headers`, before the body."""
        return self.request(url, check_headers=check_headers).body

    def request(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        check_headers: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> Response:
        """Return the response at `url`, after up to MAX_REDIRECTS redirects. Raises FetchError.

        `headers` are sent besides our own; a conditional request may be answered with 304. `check_headers` sees the
        headers of the response before the body is read, and may raise FetchError.
        """
        deadline = Deadline(self._seconds)
        sent = self._headers | dict(headers or {})
        moved_to, only_permanent = "", True
        for hop in range(MAX_REDIRECTS + 1):
            target = self._target(url, is_redirect=hop > 0)
            with _Exchange(self._connect(target, deadline), deadline) as exchange:
                response = exchange.send(target, sent)
                if response.status not in REDIRECTS:
                    is_unchanged = response.status == NOT_MODIFIED and bool(headers)
                    body = b"" if is_unchanged else self._body(exchange, response, check_headers)
                    return Response(
                        status=response.status, url=target.url, moved_to=moved_to, headers=response.headers, body=body
                    )
                url = _location(response, target)
                only_permanent = only_permanent and response.status in PERMANENT_REDIRECTS
                if only_permanent:
                    moved_to = url
        raise FetchError(_("redirects more than %(most)s times", most=MAX_REDIRECTS), is_inconclusive=True)

    def probe(self, url: str) -> int:
        """Return the status of the page at `url`, after redirects, and read no body. Raises FetchError if it has none.

        A page that HEAD doesn't find is asked for with GET: not every server knows HEAD.
        """
        deadline = Deadline(self._seconds)
        try:
            return self._probe(url, "HEAD", deadline)
        except FetchError as error:
            if error.status is None or error.status in TOO_BUSY:
                raise
        return self._probe(url, "GET", deadline)

    def _probe(self, url: str, method: str, deadline: Deadline) -> int:
        for hop in range(MAX_REDIRECTS + 1):
            target = self._target(url, is_redirect=hop > 0)
            with _Exchange(self._connect(target, deadline), deadline) as exchange:
                response = exchange.send(target, self._headers, method)
                if response.status not in REDIRECTS:
                    if response.status not in SUCCESSES:
                        raise _status_error(response)
                    return response.status
                url = _location(response, target)
        raise FetchError(_("redirects more than %(most)s times", most=MAX_REDIRECTS), is_inconclusive=True)

    def _body(
        self, exchange: _Exchange, response: BaseHTTPResponse, check_headers: Callable[[Mapping[str, str]], None]
    ) -> bytes:
        if response.status != 200:
            raise _status_error(response)
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
        if encoding not in (("identity", "gzip", "x-gzip") if self._max_unpacked_bytes else ("identity",)):
            raise FetchError(
                _("sends a compressed file (%(encoding)s), which was not requested", encoding=encoding[:40])
            )
        check_headers(response.headers)
        body = exchange.read_body(response, self._max_bytes)
        return body if encoding == "identity" else unpack_gzip(body, self._max_unpacked_bytes)

    def _target(self, url: str, *, is_redirect: bool) -> Target:
        try:
            return parse_url(url, self._allowed_networks)
        except UrlError as error:
            reason = _("has a URL that %(error)s", error=error)
            if is_redirect:
                reason = _("redirects to a URL that %(error)s", error=error)
            raise FetchError(reason, permanent=True, is_inconclusive=True) from None

    def _connect(self, target: Target, deadline: Deadline) -> HTTPConnection:
        """Return a connection to the first checked address of `target` that accepts one."""
        reason = ""
        for address in self._checked_addresses(target, deadline)[:MAX_ADDRESSES]:
            connection = self._connection(target, address, timeout=min(CONNECT_SECONDS, deadline.left() / 2))
            try:
                connection.connect()
            except (ConnectTimeoutError, NewConnectionError) as error:
                connection.close()
                reason = _reason(error)
            except (HTTPError, OSError, ValueError) as error:
                connection.close()
                raise _failure(error) from error
            else:
                return connection
        raise FetchError(_("can't be reached: %(reason)s", reason=reason), host_down=True)

    def _connection(self, target: Target, address: IPAddress, timeout: float) -> HTTPConnection:
        if target.scheme == "http":
            return HTTPConnection(str(address), target.port, timeout=timeout)
        return HTTPSConnection(
            str(address),
            target.port,
            timeout=timeout,
            ssl_context=self._tls,
            server_hostname=target.host,  # the certificate must be for this name
        )

    def _checked_addresses(self, target: Target, deadline: Deadline) -> list[IPAddress]:
        """Return the IP addresses of the host, all of them allowed.

        One that is not allowed rules out the host: mixing internal and public addresses is an attack or a mistake, and
        the order in which a name server lists them must not decide.
        """
        addresses = list(dict.fromkeys(self._resolve(target, deadline)))
        for address in addresses:
            if not is_allowed(address, target.port, self._allowed_networks):
                raise FetchError(
                    _("leads to the IP address %(address)s, which is not on the public internet", address=address),
                    is_inconclusive=True,
                )
        if not addresses:
            raise FetchError(_("has no IP address; check the host of its URL"), host_down=True)
        return addresses

    def _resolve(self, target: Target, deadline: Deadline) -> list[IPAddress]:
        """Resolve the host in a separate thread, because the system's resolver has no timeout."""
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
            raise deadline.error() from None
        if isinstance(answer, Exception):
            reason = _("has no IP address (%(reason)s); check the host of its URL", reason=_reason(answer))
            raise FetchError(reason, host_down=True) from answer
        return answer


class _Exchange:
    """One request and its response on an open connection, which is closed at the end."""

    def __init__(self, connection: HTTPConnection, deadline: Deadline) -> None:
        self._connection = connection
        self._socket = cast(socket.socket, connection.sock)
        self._stream = _LimitedStream(self._socket, deadline)
        connection.sock = cast(Any, _SocketAdapter(self._socket, self._stream, deadline))

    def __enter__(self) -> _Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._stream.close()
        self._socket.close()

    def send(self, target: Target, headers: dict[str, str], method: str = "GET") -> BaseHTTPResponse:
        """Send the request and return the response with its headers, its body unread. Raises FetchError."""
        self._stream.allow(MAX_HEADER_BYTES, _("sends headers of more than 64 kB"))
        try:
            self._connection.request(
                method,
                target.path,
                headers=headers | {"Host": target.name},
                preload_content=False,
                decode_content=False,
            )
            return self._connection.getresponse()
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise _failure(error) from error

    def read_body(self, response: BaseHTTPResponse, max_bytes: int) -> bytes:
        """Return the body, at most `max_bytes`. Raises FetchError."""
        too_large = _("sends more than %(most)s MB", most=max_bytes // 1_000_000)
        if (response.length_remaining or 0) > max_bytes:
            raise FetchError(too_large, is_inconclusive=True)
        self._stream.allow(max_bytes + CHUNK_FRAMES_BYTES, too_large)
        data = bytearray()
        try:
            while chunk := response.read(_READ_BYTES, decode_content=False):
                data += chunk
                if len(data) > max_bytes:
                    raise FetchError(too_large, is_inconclusive=True)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise _failure(error) from error
        return bytes(data)


class _LimitedStream(io.RawIOBase):
    """The bytes that come over a socket, with one deadline for all of them and a limit on their number."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline
        self._allowed = 0
        self._reason: Text | str = ""

    def allow(self, size: int, reason: Text) -> None:
        """Allow `size` more bytes; further ones raise FetchError with `reason`."""
        self._allowed, self._reason = size, reason

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._allowed <= 0:
            raise FetchError(self._reason, is_inconclusive=True)
        self._socket.settimeout(self._deadline.left())
        try:
            count = self._socket.recv_into(memoryview(buffer)[: self._allowed])
        except TimeoutError:
            raise self._deadline.error() from None
        self._allowed -= count
        return count


class _SocketAdapter:
    """Stand in for the socket of an http.client connection, so that all reads go through a _LimitedStream."""

    def __init__(self, sock: socket.socket, stream: _LimitedStream, deadline: Deadline) -> None:
        self._socket, self._stream, self._deadline = sock, stream, deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(self._stream)

    def settimeout(self, _: object) -> None:
        """Do nothing: the deadline sets the timeouts."""

    def close(self) -> None:
        """Do nothing: http.client may close before the body is read, so the exchange closes the socket."""


def _status_error(response: BaseHTTPResponse) -> FetchError:
    text = _("responds with %(status)s", status=response.status)
    if _is_challenge(response):
        text = _("responds with %(status)s (it lets only browsers in)", status=response.status)
    return FetchError(
        text,
        permanent=response.status == GONE,
        wait=retry_after(response.headers),
        host_down=response.status in TOO_BUSY,
        status=response.status,
        is_inconclusive=_is_challenge(response),
    )


def unpack_gzip(data: bytes, max_bytes: int) -> bytes:
    """Return the data unpacked, at most `max_bytes`: a bomb is not unpacked. Raises FetchError."""
    unpacker = zlib.decompressobj(wbits=_GZIP)
    packed, size = data, 0  # counted first, without keeping it
    try:
        while not unpacker.eof and (piece := unpacker.decompress(packed, _READ_BYTES)):
            size += len(piece)
            if size > max_bytes:
                reason = _("sends more than %(most)s MB", most=max_bytes // 1_000_000)
                raise FetchError(reason, is_inconclusive=True)
            packed = unpacker.unconsumed_tail
    except zlib.error:
        raise FetchError(_("sends a compressed file that can't be unpacked")) from None
    if not unpacker.eof:
        raise FetchError(_("sends an incomplete compressed file"))
    return zlib.decompress(data, _GZIP, size)


def _is_challenge(response: BaseHTTPResponse) -> bool:
    """Return whether the server wants to see a browser, as Cloudflare does."""
    return "challenge" in response.headers.get("cf-mitigated", "").lower()


def _location(response: BaseHTTPResponse, target: Target) -> str:
    location = response.headers.get("Location", "").strip()
    if not location:
        raise FetchError(_("redirects with %(status)s, but doesn't say where to", status=response.status))
    with suppress(UnicodeError):  # http.client decodes as latin-1, most servers send UTF-8
        location = location.encode("latin-1").decode()
    try:
        return urljoin(target.url, location)
    except ValueError:
        raise FetchError(_("redirects to an invalid URL")) from None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the delay that Retry-After requests in seconds or as a date, at most MAX_WAIT; None without one."""
    value = str(headers.get("Retry-After", "")).strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), MAX_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), MAX_WAIT)


def _failure(error: Exception) -> FetchError:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _("has a certificate that can't be trusted: %(reason)s", reason=_reason(error))
        return FetchError(reason, host_down=True, is_inconclusive=error.verify_code in UNKNOWN_ISSUER)
    is_too_long = isinstance(error, LineTooLong) or type(error) is HTTPException  # Python's limits of a header
    reason = _("breaks off the connection: %(reason)s", reason=_reason(error))
    return FetchError(reason, host_down=True, is_inconclusive=is_too_long)


def _reason(error: Exception) -> str:
    """Return the message of the innermost cause of `error`, which is the system's own."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    if isinstance(cause, ssl.SSLCertVerificationError):
        return str(cause.verify_message)
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(str(text).split())[:200]
