"""The environment of sites in subprocesses."""

from pathlib import Path

from tests.environments import newsroom_environment

AROUND = {"PATH": "/bin", "DEBUG": "true", "SITE_NAME": "Mine", "DATABASE_URL": "postgres://mine"}


def test_a_subprocess_site_ignores_the_settings_of_the_shell():
    found = newsroom_environment(AROUND, Path("/its"))
    assert found["PATH"] == "/bin"
    assert found["DEBUG"] == "false"
    assert "SITE_NAME" not in found
    assert found["DATABASE_URL"] == "sqlite:////its/newsroom.sqlite3"


def test_explicit_settings_take_precedence():
    assert newsroom_environment(AROUND, Path("/its"), DEBUG="true", SITE_NAME="Its")["SITE_NAME"] == "Its"
    assert newsroom_environment(AROUND, Path("/its"), DEBUG="true")["DEBUG"] == "true"
