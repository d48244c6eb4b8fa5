"""How a request takes up a connection of the pool. With a real server: tests/services/test_postgresql.py."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock, Mock

import pytest

psycopg = pytest.importorskip("psycopg")
psycopg_pool = pytest.importorskip("psycopg_pool")
base = pytest.importorskip("config.postgresql.base")


SETTINGS = {"OPTIONS": {"pool": {"timeout": 3.0}}}


class Pooled:
    """A connection of which the server's end is in our hand."""

    def __init__(self, *, said=b"", is_alive=True):
        self.server, self.ours = socket.socketpair()
        self.server.sendall(said)
        self.is_alive, self.asked, self.autocommit = is_alive, 0, True
        if not is_alive:
            self.server.close()

    def fileno(self):
        return self.ours.fileno()

    def execute(self, statement):
        self.asked += 1
        if not self.is_alive:
            raise psycopg.OperationalError("the connection is closed")

    def close(self):
        self.server.close()
        self.ours.close()


@pytest.fixture
def taken(monkeypatch):
    """A function that takes up the first of some connections that will do, and those that were given back for good."""
    made, given_back = [], []

    def take(*connections):
        made.extend(connections)
        waiting = iter(connections)
        monkeypatch.setattr(base.base.DatabaseWrapper, "get_new_connection", lambda self, params: next(waiting))
        pool = Mock(timeout=3.0, putconn=given_back.append)
        monkeypatch.setattr(base.DatabaseWrapper, "pool", pool)
        return base.DatabaseWrapper(SETTINGS).get_new_connection({}), given_back

    yield take
    for connection in made:
        connection.close()


def test_one_that_is_quiet_is_taken_up_without_a_question(taken):
    quiet = Pooled()
    assert taken(quiet) == (quiet, [])
    assert quiet.asked == 0


def test_one_that_the_server_has_ended_is_replaced(taken):
    first, second, third = Pooled(is_alive=False), Pooled(is_alive=False), Pooled()
    assert taken(first, second, third) == (third, [first, second])


def test_one_on_which_the_server_has_said_something_is_asked(taken):
    notified = Pooled(said=b"a notice")
    assert taken(notified) == (notified, [])
    assert notified.asked == 1


def test_who_asks_while_the_server_is_known_to_be_away_is_told_so_at_once(monkeypatch):
    pool, quiet = MagicMock(timeout=3.0), Pooled()
    answers = iter([base.PoolTimeout(), base.PoolTimeout(), quiet])

    def next_answer(self, params):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(base.base.DatabaseWrapper, "get_new_connection", next_answer)
    monkeypatch.setattr(base.DatabaseWrapper, "pool", pool)
    for _ in range(2):
        with pytest.raises(base.PoolTimeout):
            base.DatabaseWrapper(SETTINGS).get_new_connection({})
        assert pool.timeout == base.AWAY_SECONDS
    assert base.DatabaseWrapper(SETTINGS).get_new_connection({}) is quiet
    assert pool.timeout == 3.0
    quiet.close()


def test_a_connection_that_is_none_of_the_pool_is_a_plain_one(monkeypatch):
    quiet = Pooled(said=b"a notice")
    monkeypatch.setattr(base.base.DatabaseWrapper, "get_new_connection", lambda self, params: quiet)
    monkeypatch.setattr(base.DatabaseWrapper, "pool", None)
    assert base.DatabaseWrapper({"OPTIONS": {}}).get_new_connection({}) is quiet
    assert quiet.asked == 0
    quiet.close()


@pytest.fixture
def pool_of_a_server_that_is_away(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"host=127.0.0.1 port={taken.getsockname()[1]}"
        with psycopg_pool.ConnectionPool(address, min_size=1, max_size=2, timeout=0.02, open=True) as pool:
            monkeypatch.setattr(base.DatabaseWrapper, "pool", pool)
            yield pool


def test_who_has_waited_in_vain_is_not_kept(pool_of_a_server_that_is_away):
    for _ in range(3):
        with pytest.raises(base.PoolTimeout):
            base.DatabaseWrapper(SETTINGS).get_new_connection({})
    assert pool_of_a_server_that_is_away.get_stats()["requests_waiting"] == 0


def test_who_still_waits_stays_in_line(pool_of_a_server_that_is_away):
    patient = pool_of_a_server_that_is_away
    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(patient.getconn, 5)
        while not patient.get_stats()["requests_waiting"]:
            time.sleep(0.001)
        with pytest.raises(base.PoolTimeout):
            base.DatabaseWrapper(SETTINGS).get_new_connection({})
        assert patient.get_stats()["requests_waiting"] == 1
        patient.close()
        with pytest.raises(psycopg_pool.PoolClosed):
            waiting.result()
