"""What a run remembers of its files, on disk."""

import sqlite3
import subprocess
import sys

import pytest

from articles.exchange import names
from articles.exchange.names import Names
from tests.servers import ROOT


@pytest.fixture(autouse=True, params=[0, 1, 10_000])
def few(request, monkeypatch):
    monkeypatch.setattr(names, "FEW", request.param)


def test_a_name_is_kept_with_its_first_number():
    found = Names()
    assert not found
    assert found.add("2020-06-09-bridge", 2**60 - 1)
    assert not found.add("2020-06-09-bridge", 7)
    assert found
    assert found.get("2020-06-09-bridge") == 2**60 - 1
    assert found.get("2020-06-09-port") is None
    assert "2020-06-09-bridge" in found
    assert "2020-06-09-port" not in found


def test_names_come_in_bytewise_order_whatever_bytes_they_have():
    assert list(Names(["ä.md", "z.md", "\udcff.md", "B.md", "a.md", "B.md"])) == [
        "B.md",
        "a.md",
        "z.md",
        "ä.md",
        "\udcff.md",
    ]


MEASURED = """
import resource
from articles.exchange.names import Names

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

sum(1 for _ in Names(f"{number:0100}" for number in range(20_000)))
before = peak()
assert sum(1 for _ in Names(f"{number:0100}" for number in range(100_000))) == 100_000
print(peak() - before)
"""


def test_a_hundred_thousand_names_take_no_memory():
    done = subprocess.run([sys.executable, "-c", MEASURED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3000  # kilobytes; in a list they are 15,000


def test_where_no_room_is_for_them_the_folder_is_told(monkeypatch, tmp_path):
    def full(*args: object, **kwargs: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(names, "FEW", 1)
    monkeypatch.setattr(sqlite3, "connect", full)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with pytest.raises(OSError, match="no room for the names of the files .database or disk is full.") as failed:
        Names(["2020-06-09-bridge", "2020-06-09-port"])
    assert failed.value.filename == str(tmp_path)
