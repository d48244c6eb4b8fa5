"""gunicorn's worker with threads, held up by nobody who says nothing, or doesn't hang up."""

from __future__ import annotations

import socket
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

LINGER_SECONDS = 2.0  # how long who was answered for the last time may take to hang up, as in gunicorn
LINGER_BYTES = 65_536  # and how much may still come from there
READ_BYTES = 16_384


class Worker(ThreadWorker):
    """Only who has said something takes a thread, and who is to hang up takes nothing.

    In gunicorn's own a new connection keeps a thread for five seconds until something arrives: as many silent ones as
    there are threads, which browsers open to be quicker later, would stop a site. And after a last answer it waits up
    to two seconds for the other end, where it also looks for requests: everybody else would wait with it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lingering: deque[TConn] = deque()

    def enqueue_req(self, conn: TConn) -> None:
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        waiting: Future[object] = Future()
        waiting.set_result(_DEFER)
        self.finish_request(conn, waiting)

    def finish_request(self, conn: TConn, fs: Future[object]) -> None:
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def _linger(self, conn: TConn) -> None:
        """Hang up, but go on reading: closed at once, what is still on its way would make the last answer be lost."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
        except OSError:  # the other end is gone, or gunicorn has closed ours, when an answer failed midway
            self._end(conn)
            return
        conn.timeout, conn.left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        self.lingering.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn: TConn, client: socket.socket) -> None:
        try:
            read = len(client.recv(READ_BYTES))
        except BlockingIOError:
            return
        except OSError:
            read = 0
        conn.left -= read
        if not read or conn.left <= 0:
            self.lingering.remove(conn)
            self.poller.unregister(client)
            self._end(conn)

    def _end(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        super().murder_pending()
        while self.lingering and self.lingering[0].timeout <= time.monotonic():
            conn = self.lingering.popleft()
            self.poller.unregister(conn.sock)
            self._end(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
