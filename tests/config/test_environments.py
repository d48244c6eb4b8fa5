"""What newsrooms in processes of their own are told."""

from pathlib import Path

from tests.environments import newsroom_environment

AROUND = {"PATH": "/bin", "DEBUG": "true", "SITE_NAME": "Mine", "DATABASE_URL": "postgres://mine"}


def test_a_newsroom_keeps_to_its_folder_whatever_is_set_around_it():
    found = newsroom_environment(AROUND, Path("/its"))
    assert found["PATH"] == "/bin"
    assert found["DEBUG"] == "false"
    assert "SITE_NAME" not in found
    assert found["DATABASE_URL"] == "sqlite:////its/newsroom.sqlite3"


def test_explicit_settings_win():
    assert newsroom_environment(AROUND, Path("/its"), DEBUG="true", SITE_NAME="Its")["SITE_NAME"] == "Its"
    assert newsroom_environment(AROUND, Path("/its"), DEBUG="true")["DEBUG"] == "true"
