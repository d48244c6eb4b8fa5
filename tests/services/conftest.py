"""PostgreSQL and Redis for the tests of one module; tests are skipped where they are missing, except in CI."""

import os

import pytest

from tests.servers import Postgres, Redis, missing


def require(program):
    if missing(program):
        assert not os.environ.get("CI"), f"{program} is missing: apt-get install postgresql redis-server nginx"
        pytest.skip(f"{program} is missing")


@pytest.fixture(scope="module")
def postgres():
    require("initdb")
    pytest.importorskip("psycopg")
    server = Postgres({"fsync": "off", "log_statement": "all"})  # the log shows the queries of a standby
    yield server
    server.close()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    require("redis-server")
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.pause(resume=True)
    server.stop()
