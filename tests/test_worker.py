"""What connections that say nothing cost: no thread, and no time when the site stops."""

import socket
import time

import pytest

from tests.servers import Site

SILENT = 6
QUICK, LINGER = 2.0, 10.0  # seconds; gunicorn waits 5 for each silent one, and 30 for all when it stops


@pytest.fixture
def site(tmp_path):
    found = Site(tmp_path, {"WEB_PROCESSES": "1", "WEB_THREADS": "2"})
    found.serve()
    yield found
    found.close()


def test_silent_connections_hold_up_nobody_and_are_answered_when_they_speak(site):
    silent = [socket.create_connection(("127.0.0.1", site.port), timeout=20) for _ in range(SILENT)]
    time.sleep(0.2)

    begun = time.monotonic()
    assert site.get("/healthz").status == 200
    assert time.monotonic() - begun < QUICK

    silent[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert silent[0].recv(12) == b"HTTP/1.1 200"

    begun = time.monotonic()
    site.process.terminate()
    site.process.wait(timeout=40)
    assert time.monotonic() - begun < LINGER
