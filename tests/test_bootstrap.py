"""The set-up script: what it refuses and says, and that it does nothing twice. No network, no virtual environment."""

import ast
import socket
import stat

import pytest

from config import bootstrap
from config.bootstrap import Missing


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let the script believe that it stands in an empty folder."""
    for name, path in {
        "BASE_DIR": tmp_path,
        "VENV": tmp_path / ".venv",
        "VENV_PYTHON": tmp_path / ".venv/bin/python",
        "STAMP": tmp_path / ".venv/newsfold-installed",
        "ENV_FILE": tmp_path / ".env",
    }.items():
        monkeypatch.setattr(bootstrap, name, path)
    monkeypatch.delenv("PYTHON", raising=False)
    return tmp_path


@pytest.fixture
def installed(folder, monkeypatch):
    """Pretend that .venv is sound and record what is installed into it."""
    calls = []
    (folder / ".venv").mkdir()
    (folder / "requirements.txt").write_text("django\n")
    (folder / "requirements-dev.txt").write_text("-r requirements.txt\npytest\n")
    monkeypatch.setattr(bootstrap, "venv_is_sound", lambda: True)
    monkeypatch.setattr(bootstrap, "require_room", lambda *arguments: None)
    monkeypatch.setattr(bootstrap, "install", calls.append)
    return calls


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_python_3_6_can_read_the_script():
    with open(bootstrap.__file__) as file:
        ast.parse(file.read(), feature_version=(3, 6))


def test_an_old_python_says_which_it_is_and_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PYTHON", raising=False)
    with pytest.raises(Missing, match=r"needs Python 3\.11 or newer, this is 3\.8\.18, and none of python3\.13"):
        bootstrap.newer_python()


def test_an_old_python_that_was_asked_for_is_not_replaced_in_silence(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    monkeypatch.setenv("PYTHON", "python3.8")
    with pytest.raises(Missing, match=r"this is 3\.8\.18 \(PYTHON=python3\.8\)"):
        bootstrap.newer_python()


def test_an_old_python_finds_a_newer_one_that_really_runs(monkeypatch, tmp_path):
    program(tmp_path / "python3.13", "echo 'command not found' >&2; exit 127")
    newer = program(tmp_path / "python3.12", "echo 3.12.1")
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PYTHON", raising=False)
    assert bootstrap.newer_python() == str(newer)


def test_an_environment_of_an_old_or_removed_python_is_not_sound(folder):
    assert not bootstrap.venv_is_sound()
    (folder / ".venv/bin").mkdir(parents=True)
    program(folder / ".venv/bin/python", "echo 3.8.18")
    assert not bootstrap.venv_is_sound()


def test_a_folder_that_is_no_environment_is_never_emptied(folder):
    (folder / ".venv").mkdir()
    (folder / ".venv/diary.txt").write_text("dear diary")
    with pytest.raises(Missing, match="is not a virtual environment. Move it away"):
        bootstrap.create_venv()
    assert (folder / ".venv/diary.txt").exists()


def test_a_python_without_venv_names_the_debian_package(folder, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "executable", str(program(folder / "python", "exit 1")))
    with pytest.raises(Missing, match="apt-get install python3-venv"):
        bootstrap.create_venv()


def test_requirements_are_installed_once_and_again_when_they_change(folder, installed):
    bootstrap.prepare("requirements.txt")
    bootstrap.prepare("requirements.txt")
    assert installed == ["requirements.txt"]
    (folder / "requirements.txt").write_text("django==5.2.19\n")
    bootstrap.prepare("requirements.txt")
    assert installed == ["requirements.txt"] * 2


def test_what_the_tests_need_includes_what_the_demo_needs(folder, installed):
    bootstrap.prepare("requirements-dev.txt")
    bootstrap.prepare("requirements.txt")
    assert installed == ["requirements-dev.txt"]
    (folder / "requirements.txt").write_text("django==5.2.19\n")
    bootstrap.prepare("requirements-dev.txt")
    assert installed == ["requirements-dev.txt"] * 2


def test_an_installation_that_failed_is_tried_again(folder, installed, monkeypatch):
    bootstrap.prepare("requirements.txt")
    before = (folder / "requirements.txt").read_text()
    (folder / "requirements.txt").write_text("other\n")

    def fail(requirements):
        raise Missing("no network")

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "install", fail)
        with pytest.raises(Missing):
            bootstrap.prepare("requirements.txt")
    (folder / "requirements.txt").write_text(before)  # .venv may hold half of the other ones by now
    bootstrap.prepare("requirements.txt")
    assert installed == ["requirements.txt"] * 2


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("WARNING: Retrying (Retry(total=4)) after connection broken by NewConnectionError", "can't be reached"),
        ("ERROR: Could not install packages due to an OSError: No space left on device", "The disk is full"),
        ("ERROR: x\nERROR: No matching distribution found for Django==99\n\n[notice] new", "found for Django==99."),
    ],
)
def test_a_failed_installation_is_told_in_plain_words(output, message):
    assert message in bootstrap.why_pip_failed(output, "requirements.txt")


def test_a_disk_without_room_is_named_before_anything_is_installed(tmp_path):
    bootstrap.require_room(tmp_path, 0)
    with pytest.raises(Missing, match=r"nearly full: .* Make room"):
        bootstrap.require_room(tmp_path, 10**12)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    bootstrap.require_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Missing, match="can't be written to: No such file or directory"):
        bootstrap.require_writable(tmp_path / "missing")


def test_a_taken_port_is_named_with_another_to_choose():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Missing, match=rf"Port {port} is taken by another program\. .* PORT="):
            bootstrap.require_free(port)
    bootstrap.require_free(port)


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "80 80", ""])
def test_a_port_is_a_number(text):
    with pytest.raises(Missing, match="is not a port"):
        bootstrap.wanted_port(text)


def test_the_first_run_writes_settings_of_its_own_that_nobody_else_reads(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    bootstrap.write_env_file(one)
    bootstrap.write_env_file(other)
    settings = bootstrap.env_settings(one)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert (settings["DEBUG"], settings["HTTPS"]) == ("false", "false")
    assert settings["ALLOWED_HOSTS"] == "localhost,127.0.0.1,[::1]"
    assert len(settings["SECRET_KEY"]) >= 50
    assert settings["SECRET_KEY"] != bootstrap.env_settings(other)["SECRET_KEY"]


def test_settings_that_are_there_are_kept(tmp_path):
    (tmp_path / ".env").write_text("DEBUG=true\n")
    bootstrap.write_env_file(tmp_path / ".env")
    assert (tmp_path / ".env").read_text() == "DEBUG=true\n"


@pytest.mark.parametrize(
    ("line", "requirements"),
    [
        ("", "requirements.txt"),
        ("DATABASE_URL=sqlite:///db.sqlite3", "requirements.txt"),
        ("#DATABASE_URL=postgres://host/news", "requirements.txt"),
        ("export DATABASE_URL = 'postgres://host/news'", "config/requirements-services.txt"),
        ("CACHE_URL=rediss://host:6379/0", "config/requirements-services.txt"),
        ("MEDIA_STORAGE=s3://bucket", "config/requirements-services.txt"),
    ],
)
def test_services_that_the_settings_name_bring_their_clients(folder, monkeypatch, line, requirements):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("CACHE_URL", raising=False)
    monkeypatch.delenv("MEDIA_STORAGE", raising=False)
    (folder / ".env").write_text(line + "\n")
    assert bootstrap.runtime_requirements() == requirements


def test_a_real_variable_wins_over_the_env_file(folder, monkeypatch):
    (folder / ".env").write_text("DATABASE_URL=sqlite:///db.sqlite3\n")
    monkeypatch.setenv("DATABASE_URL", "postgres://host/news")
    assert bootstrap.runtime_requirements() == "config/requirements-services.txt"


@pytest.mark.parametrize("text", ["", "SECRET_KEY=x\n", "ALLOWED_HOSTS=news.example\n"])
def test_nothing_is_served_without_key_and_hosts(folder, monkeypatch, text):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    if text:
        (folder / ".env").write_text(text)
    with pytest.raises(bootstrap.Missing, match="SECRET_KEY and ALLOWED_HOSTS must be set"):
        bootstrap.serve([])


@pytest.mark.parametrize("arguments", [[], ["dance"], ["demo", "--serve"]])
def test_an_unknown_command_shows_how_to_use_the_script(arguments, capsys):
    assert bootstrap.main(arguments) == 2
    assert "Usage:" in capsys.readouterr().err


def test_what_is_missing_is_one_message_and_exit_code_1(monkeypatch, capsys):
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setattr(bootstrap.os, "chdir", lambda path: None)
    assert bootstrap.main(["demo"]) == 1
    assert capsys.readouterr().err.startswith("\nPORT=abc is not a port")


def test_every_pinned_requirement_is_exact():
    for name in ("requirements.txt", "config/requirements-services.txt", "requirements-dev.txt"):
        lines = (bootstrap.BASE_DIR / name).read_text().splitlines()
        assert name in bootstrap.ROOM
        assert all("==" in line for line in lines if not line.startswith(("#", "-r ")))
