"""How a request takes up a connection of the pool. With a real server: tests/services/test_postgresql.py."""

import socket

import pytest

psycopg = pytest.importorskip("psycopg")
base = pytest.importorskip("config.postgresql.base")


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
        pool = type("Pool", (), {"putconn": staticmethod(given_back.append)})
        monkeypatch.setattr(base.DatabaseWrapper, "pool", pool)
        return base.DatabaseWrapper({}).get_new_connection({}), given_back

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
