"""gunicorn's worker with threads, in which only those who have said something take one."""

from __future__ import annotations

from concurrent.futures import Future

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker


class Worker(ThreadWorker):
    """In gunicorn's own a new connection keeps a thread for five seconds until something arrives.

    As many silent ones as there are threads, which browsers open to be quicker later, would stop a site.
    """

    def enqueue_req(self, conn: TConn) -> None:
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        waiting: Future[object] = Future()
        waiting.set_result(_DEFER)
        self.finish_request(conn, waiting)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
