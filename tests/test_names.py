"""What a run remembers of its files, on disk."""

import sqlite3
import subprocess
import sys

import pytest

from articles.exchange import names
from articles.exchange.names import Names, in_order
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
    given = ["ä.md", "z.md", "a\nb.md", "\udcff.md", "B.md", "a.md"]
    assert list(in_order(given)) == ["B.md", "a\nb.md", "a.md", "z.md", "ä.md", "\udcff.md"]


MEASURED = """
import resource
from articles.exchange.names import Names, in_order

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

names = [f"{number:0100}" for number in range(100_000)]
before = peak()
kept = Names()
for name in in_order(names):
    kept.add(name, 1)
assert names == [] and f"{99_999:0100}" in kept
print(peak() - before)
"""


def test_a_hundred_thousand_names_take_no_memory_beside_their_list_which_is_emptied():
    done = subprocess.run([sys.executable, "-c", MEASURED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 5000  # kilobytes; in a dictionary and a list in order they are 15,000


def keep_one() -> None:
    names = Names()
    names.add("2020-06-09-bridge", 1)
    names.add("2020-06-09-port", 1)


@pytest.mark.parametrize(
    ("place", "error", "use"),
    [
        ("sqlite3.connect", sqlite3.OperationalError("database or disk is full"), keep_one),
        ("tempfile.TemporaryFile", OSError(28, "No space left"), lambda: list(in_order(["a.md", "b.md"]))),
    ],
    ids=["names", "order"],
)
def test_where_no_room_is_for_them_the_folder_is_told(monkeypatch, tmp_path, place, error, use):
    def full(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(names, "FEW", 1)
    monkeypatch.setattr(place, full)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with pytest.raises(OSError, match="no room for the names of the files") as failed:
        use()
    assert failed.value.filename == str(tmp_path)
