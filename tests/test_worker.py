"""What connections cost that say nothing, or don't hang up: no thread, nobody's time, and none when the site stops."""

import socket
import struct
import time
from concurrent.futures import Future
from contextlib import closing
from selectors import DefaultSelector

import pytest

from tests.servers import Site

pytest.importorskip("gunicorn")
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from config import worker

SILENT, RELUCTANT = 6, 3
QUICK, LINGER = 3.0, 10.0  # seconds; gunicorn waits 5 for each silent one, 2 for each reluctant one, 30 when it stops
ASKED = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def site(tmp_path):
    found = Site(tmp_path, {"WEB_PROCESSES": "1", "WEB_THREADS": "2"})
    found.serve()
    yield found
    found.close()


def test_silent_and_reluctant_connections_hold_up_nobody(site):
    silent = [socket.create_connection(("127.0.0.1", site.port), timeout=20) for _ in range(SILENT)]
    time.sleep(0.2)
    assert_quick(site)
    silent[0].sendall(ASKED + b"\r\n")
    assert silent[0].recv(12) == b"HTTP/1.1 200"

    begun = time.monotonic()
    reluctant = [answered_for_the_last_time(site) for _ in range(RELUCTANT)]
    assert time.monotonic() - begun < QUICK

    begun = time.monotonic()
    site.process.terminate()
    site.process.wait(timeout=40)
    assert time.monotonic() - begun < LINGER
    for connection in silent + reluctant:
        connection.close()


def assert_quick(site):
    begun = time.monotonic()
    assert site.get("/healthz").status == 200
    assert time.monotonic() - begun < QUICK


def answered_for_the_last_time(site):
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=20)
    connection.sendall(ASKED + b"Connection: close\r\n\r\n")
    while connection.recv(4096):
        pass
    return connection


@pytest.fixture
def working():
    found = worker.Worker(1, 1, [], None, 30, Config(), None)
    found.poller = DefaultSelector()
    yield found
    found.poller.close()


@pytest.fixture
def reader(working):
    """The other end of a connection that has had its last answer."""
    ours, theirs = socket.socketpair()
    answered_last(working, TConn(working.cfg, ours, None, None))
    theirs.settimeout(1)
    yield theirs
    theirs.close()


def answered_last(working, connection):
    working.nr_conns = 1
    answered = Future()
    answered.set_result(False)
    working.finish_request(connection, answered)


def turn(working):
    """One turn of the worker's loop: what came, and whose time is over."""
    for key, _ in working.poller.select(0):
        key.data(key.fileobj)
    working.murder_pending()


def is_closed(working, reader):
    try:
        reader.sendall(b"more")
    except OSError:
        assert (working.nr_conns, len(working.lingering), len(working.poller.get_map())) == (0, 0, 0)
        return True
    return False


def test_who_has_the_last_answer_is_told_so_and_may_still_send(working, reader):
    assert reader.recv(1) == b""
    turn(working)
    assert not is_closed(working, reader)


def test_a_connection_ends_when_the_other_end_hangs_up(working, reader):
    reader.shutdown(socket.SHUT_WR)
    turn(working)
    assert is_closed(working, reader)


def test_a_connection_ends_when_its_time_is_over(working, reader, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr(worker.time, "monotonic", lambda: now + worker.LINGER_SECONDS + 1)
    turn(working)
    assert is_closed(working, reader)


def test_a_connection_ends_when_the_other_end_sends_on_and_on(working, reader):
    for _ in range(worker.LINGER_BYTES // 4096):
        reader.sendall(b"x" * 4096)
        turn(working)
    assert is_closed(working, reader)


@pytest.mark.parametrize("closer", ["ours", "theirs"])
def test_a_connection_that_is_gone_already_ends_at_once(working, closer):
    """gunicorn itself closes ours when an answer fails midway; the process would end by an error here."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        theirs = socket.create_connection(server.getsockname())
        ours = TConn(working.cfg, server.accept()[0], None, None)
        if closer == "ours":
            ours.close()
        else:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it breaks off
            theirs.close()
        answered_last(working, ours)
    turn(working)
    assert (working.nr_conns, len(working.lingering), len(working.poller.get_map())) == (0, 0, 0)
    theirs.close()
