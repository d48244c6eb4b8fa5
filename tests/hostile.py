"""A local picture server that sends exactly the bytes that a test sets, and counts requests."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from PIL import Image

Answer = bytes | Callable[[socket.socket], None]


def picture(
    format: str = "JPEG", size: tuple[int, int] = (40, 30), color: object = 0, mode: str = "RGB", **options: object
) -> bytes:
    output = io.BytesIO()
    Image.new(mode, size, color).save(output, format, **options)
    return output.getvalue()


def answer(body: bytes = b"", status: int = 200, content_type: str = "image/jpeg", **headers: object) -> bytes:
    """Return an HTTP response; headers of None are left out, underscores in names become hyphens."""
    named = {"Content-Type": content_type or None, "Content-Length": len(body)}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in named.items() if value is not None]
    return f"HTTP/1.1 {status} Something\r\n{''.join(lines)}\r\n".encode() + body


def redirect(location: str | bytes, status: int = 302) -> bytes:
    location = location if isinstance(location, bytes) else location.encode()
    return f"HTTP/1.1 {status} Elsewhere\r\nContent-Length: 0\r\nLocation: ".encode() + location + b"\r\n\r\n"


def endlessly(start: bytes, piece: bytes, pause: float = 0) -> Callable[[socket.socket], None]:
    """Return a response that starts with `start` and never ends."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return send


def silence(connection: socket.socket) -> None:
    """Send nothing until the client disconnects."""
    connection.recv(1)


SENT_AT_ONCE = 16_000  # bytes that a socket takes without waiting for its reader


class Server:
    """Responds by path, with 404 for unknown paths. `requests` contains the heads of all requests."""

    def __init__(self, answers: dict[str, Answer] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.answers = answers or {}
        self.requests: list[str] = []
        self.connections = 0
        self.busy = self.busiest = 0  # simultaneous requests, now and at most
        self.delay = 0.0  # seconds before each answer, in which another request would be noticed
        self._lock = threading.Lock()
        self._tls = tls
        # Listens on all addresses of this machine, so that a canary notices every connection.
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
        self.port: int = self._socket.getsockname()[1]

    @property
    def paths(self) -> list[str]:
        return [head.split(" ", 2)[1] for head in self.requests]

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with suppress(OSError, ValueError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head and (piece := connection.recv(65_536)):
                head += piece
            if head:
                self._reply(connection, head.decode("latin-1"))
        connection.close()

    def _reply(self, connection: socket.socket, head: str) -> None:
        with self._lock:
            self.requests.append(head)
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        response = self.answers.get(head.split(" ", 2)[1], answer(b"", 404))
        if not callable(response) and len(response) < SENT_AT_ONCE:
            time.sleep(self.delay)
            with self._lock:  # or the next request could come before this one counts as answered
                self.busy -= 1
                connection.sendall(response)
            return
        try:
            response(connection) if callable(response) else connection.sendall(response)
        finally:
            with self._lock:
                self.busy -= 1


@contextmanager
def serving(answers: dict[str, Answer] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(answers, tls)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
