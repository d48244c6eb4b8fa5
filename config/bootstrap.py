"""Set Newsfold up in this folder and start it: `make demo`, `make serve`, `make test` and `make lint` come here.

Standard library only. Python 3.6 must be able to read this file and to run it as far as `newer_python()`,
so that it can say that it is too old.
"""

import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWER_COMMANDS = ("python3.13", "python3.12", "python3.11")
BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "newsfold-installed"  # what was installed: a line for each requirements file, with its hash
ROOM = {
    "requirements.txt": 170,
    "config/requirements-services.txt": 250,
    "requirements-dev.txt": 800,
}  # megabytes in .venv
ENV_FILE = BASE_DIR / ".env"
USAGE = """Usage: python3 config/bootstrap.py demo [--no-serve] | serve | test [pytest's options] | thorough | browser
       | faults | fuzz | bench | load | lint | lock | audit | install

From the environment: PYTHON, the interpreter to use; PORT, where demo and serve listen (8000); SERVE=no, as
--no-serve."""

VERSION_PROBE = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
SETTINGS_PROBE = """
import sys
try:
    from django.conf import settings
    from django.db import connection
    settings.SECRET_KEY, connection.vendor
except Exception as error:
    sys.exit(str(error).partition(chr(10))[0] or type(error).__name__)
"""


class Missing(Exception):
    """Something that we need is not there; the message says what, and what to do."""


def main(arguments):
    try:
        return run(arguments)
    except Missing as missing:
        sys.stderr.write(f"\n{missing}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command goes on from here.\n")
        return 130


def run(arguments):
    name, options = (arguments[0], arguments[1:]) if arguments else ("", [])
    commands = {
        "demo": demo,
        "serve": serve,
        "test": test,
        "thorough": thorough,
        "browser": browser,
        "faults": faults,
        "fuzz": fuzz,
        "bench": bench,
        "load": load,
        "lint": lint,
        "lock": lock,
        "audit": audit,
        "install": install_all,
    }
    if name not in commands or (name == "demo" and set(options) - {"--no-serve"}):
        sys.stderr.write(USAGE + "\n")
        return 2
    python = newer_python()
    if python != sys.executable:  # from here on, the one that is new enough
        replace_process([python, str(Path(__file__).resolve())] + list(arguments))
    os.chdir(str(BASE_DIR))
    return commands[name](options)


def demo(options):
    serve = "--no-serve" not in options and os.environ.get("SERVE", "").lower() not in ("no", "false", "0")
    port = wanted_port(os.environ.get("PORT") or "8000")
    if serve:
        require_free(port)
    require_writable(BASE_DIR)
    write_env_file(ENV_FILE)
    prepare(runtime_requirements())
    require_settings()
    replace_process([str(VENV_PYTHON), "manage.py", "demo"] + (["--port", str(port)] if serve else ["--no-serve"]))


def serve(options):
    """Serve as in production: what the settings ask for, its tables, its static files, and gunicorn."""
    require_writable(BASE_DIR)
    settings = dict(env_settings(ENV_FILE), **os.environ)
    if not settings.get("SECRET_KEY") or not settings.get("ALLOWED_HOSTS"):
        raise Missing(
            f"SECRET_KEY and ALLOWED_HOSTS must be set before the site can be served: copy .env.example to {ENV_FILE} "
            "and fill them in, or set them as variables. (`make demo` writes a .env for this machine alone by itself.)"
        )
    if not settings.get("WEB_BIND"):
        port = wanted_port(settings.get("PORT") or "8000")
        require_free(port)
        os.environ["WEB_BIND"] = f"127.0.0.1:{port}"
    prepare(runtime_requirements())
    require_settings()
    for command in (["check", "--deploy"], ["migrate", "--no-input", "-v1"], ["collectstatic", "--no-input"]):
        if subprocess.call([str(VENV_PYTHON), "manage.py"] + command):
            raise Missing(f"`manage.py {' '.join(command)}` failed: the reason stands above. Nothing is served.")
    say("Serving on {}. Ctrl-C ends it.".format(settings.get("WEB_BIND") or os.environ["WEB_BIND"]))
    replace_process([str(VENV_PYTHON), "-m", "gunicorn", "-c", "config/gunicorn.conf.py"])


def install_all(options):
    require_writable(BASE_DIR)
    prepare("requirements-dev.txt")


def test(options):
    install_all(options)
    replace_process([str(VENV_PYTHON), "-m", "pytest", "-n", "auto"] + options)


def thorough(options):
    install_all(options)
    replace_process([str(VENV_PYTHON), "-m", "pytest", "-n", "auto", "-m", "thorough"] + options)


def browser(options):
    install_all(options)
    replace_process([str(VENV_PYTHON), "-m", "pytest", "-n", "auto", "-m", "browser", "tests/browser"] + options)


def faults(options):
    install_all(options)
    names = ("import_faults", "backup_faults", "picture_faults", "hostile_pictures")
    files = [f"tests/test_{name}.py" for name in names]
    command = ["pytest", "-n", "auto", "--dist", "loadfile", "-m", "faults"]  # a file's tests share their newsrooms
    replace_process([str(VENV_PYTHON), "-m"] + command + files + ["tests/services"] + options)


def fuzz(options):
    install_all(options)
    replace_process([str(VENV_PYTHON), "-m", "benchmarks.fuzzing"] + options)


def bench(options):
    install_all(options)
    environment = dict({"BENCH_BIG": "100000"}, **os.environ)  # a million articles take their time
    modules = ("import_export", "serving", "growth", "pictures")
    return max(
        [
            subprocess.call([str(VENV_PYTHON), "-m", "benchmarks." + module] + options, env=environment)
            for module in modules
        ]
    )


def load(options):
    install_all(options)
    replace_process([str(VENV_PYTHON), "-m", "benchmarks.load"] + options)


def lint(options):
    install_all(options)
    commands = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
    return max([subprocess.call([str(VENV_PYTHON), "-m"] + command) for command in commands])


def lock(options):
    install_all(options)
    return subprocess.call([str(VENV_PYTHON), "config/supply.py", "lock"])


def audit(options):
    install_all(options)
    return subprocess.call([str(VENV_PYTHON), "config/supply.py", "audit"])


# Which Python


def newer_python():
    """Return an interpreter that is new enough: this one, or another that really runs."""
    if sys.version_info >= OLDEST:
        return sys.executable
    found = "this is {}.{}.{}".format(*sys.version_info[:3])
    if os.environ.get("PYTHON"):
        asked = os.environ["PYTHON"]
        raise Missing(f"Newsfold needs Python 3.11 or newer, {found} (PYTHON={asked}). Name a newer one.")
    for command in NEWER_COMMANDS:
        path = shutil.which(command)
        if path and version_of(path) >= OLDEST:
            return path
    raise Missing(
        f"Newsfold needs Python 3.11 or newer, {found}, and none of {', '.join(NEWER_COMMANDS)} runs here. "
        "Install one, or name it: PYTHON=/path/to/python3.12 make demo"
    )


def version_of(python):
    """Return the version of an interpreter as a tuple, empty if it doesn't run."""
    try:
        answer = subprocess.check_output([str(python), "-c", VERSION_PROBE], stderr=subprocess.DEVNULL)
        return tuple(int(number) for number in answer.decode().split("."))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ()


# The virtual environment


def prepare(requirements):
    """Make .venv hold what `requirements` (a file) lists. Silent and offline when it does already."""
    wanted = requirement_hashes(requirements)
    sound = venv_is_sound()
    if sound and wanted.items() <= read_stamp().items():
        return
    require_room(BASE_DIR, ROOM[requirements])
    if not sound:
        create_venv()
    say(f"Installing {requirements} into .venv. The first time takes a minute.")
    STAMP.unlink(missing_ok=True)
    install(requirements)
    STAMP.write_text("".join(f"{name} {digest}\n" for name, digest in sorted(wanted.items())))


def venv_is_sound():
    """Return whether .venv has a Python that is new enough, the one asked for, and pip."""
    version = version_of(VENV_PYTHON)
    if version < OLDEST:
        return False
    if os.environ.get("PYTHON") and version[:2] != sys.version_info[:2]:
        return False
    return subprocess.call([str(VENV_PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0


def create_venv():
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        raise Missing(f"{VENV} is not a virtual environment. Move it away, then run the same command again.")
    if subprocess.call([sys.executable, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL) != 0:
        raise Missing(
            f"Python's modules venv and ensurepip are missing ({sys.executable}). On Debian and Ubuntu install them "
            "with: apt-get install python3-venv (as root). Then run the same command again."
        )
    say("{} .venv with Python {}.{}.{}.".format("Rebuilding" if VENV.exists() else "Creating", *sys.version_info[:3]))
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode:
        raise Missing(
            f"The virtual environment {VENV} can't be made: {last_line(made.stdout.decode(errors='replace'))}"
        )


def install(requirements):
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    command += ["--require-hashes", "-r", lock_of(requirements)]
    done = subprocess.run(command, stderr=subprocess.PIPE)
    if done.returncode:
        raise Missing(why_pip_failed(done.stderr.decode(errors="replace"), requirements))


def why_pip_failed(output, requirements):
    """Return pip's failure in plain words."""
    signs = ("Retrying (", "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ReadTimeoutError")
    again = "Then run the same command again: it goes on from here."
    if "No space left" in output:
        return f"The disk is full: {requirements} can't be installed into {VENV}. Make room. {again}"
    if any(sign in output for sign in signs):
        return (
            f"The package index can't be reached, so {requirements} can't be installed. Check the network or, "
            f"where there is a mirror, PIP_INDEX_URL. {again}"
        )
    return f"{requirements} can't be installed: {last_line(output).replace('ERROR: ', '')}."


def lock_of(requirements):
    """Return the file that names each package with its hashes: what is installed."""
    return os.path.splitext(requirements)[0] + ".lock"


def requirement_hashes(name):
    """Return the requirements files that `name` reads, itself included, each with the hash of all it asks for."""
    text = (BASE_DIR / name).read_text()
    locked = BASE_DIR / lock_of(name)
    hashes = {}
    for line in text.splitlines():  # -r names a file beside the one it stands in
        if line.startswith("-r "):
            hashes.update(requirement_hashes(os.path.normpath(os.path.join(os.path.dirname(name), line[3:].strip()))))
    text += locked.read_text() if locked.exists() else ""
    hashes[name] = hashlib.sha256((text + "".join(sorted(hashes.values()))).encode()).hexdigest()
    return hashes


def read_stamp():
    if not STAMP.exists():
        return {}
    return dict(line.split(" ", 1) for line in STAMP.read_text().splitlines() if " " in line)


# The settings


def write_env_file(path):
    """Write the settings of a site on one's own machine, unless there are some. Nobody else may read the key."""
    if path.exists():
        return
    text = (
        "# Written by `make demo`, for this machine. .env.example explains each setting and lists the others.\n"
        f"SECRET_KEY={secrets.token_urlsafe(50)}\n"
        "DEBUG=false\n"
        "HTTPS=false\n"
        "ALLOWED_HOSTS=localhost,127.0.0.1,[::1]\n"
    )
    with open(os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def runtime_requirements():
    """Return the requirements file that the settings call for."""
    services = ("postgres:", "postgresql:", "psql:", "pgsql:", "redis:", "rediss:", "rediscache:", "s3:")
    settings = dict(env_settings(ENV_FILE), **os.environ)
    addresses = [settings.get(name, "") for name in ("DATABASE_URL", "CACHE_URL", "MEDIA_STORAGE")]
    is_needed = settings.get("SENTRY_DSN") or any(address.startswith(services) for address in addresses)
    return "config/requirements-services.txt" if is_needed else "requirements.txt"


def env_settings(path):
    """Return what a .env file sets, roughly: enough to see what must be installed to read it in earnest."""
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {name.replace("export ", "").strip(): value.strip().strip("'\"") for name, _, value in pairs}


def require_settings():
    environment = dict(os.environ, DJANGO_SETTINGS_MODULE="config.settings")
    probe = subprocess.run([str(VENV_PYTHON), "-c", SETTINGS_PROBE], stderr=subprocess.PIPE, env=environment)
    if probe.returncode:
        reason = last_line(probe.stderr.decode(errors="replace"))
        raise Missing(f"The settings can't be used: {reason}. Correct {ENV_FILE}; .env.example explains each setting.")


# The machine


def wanted_port(text):
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise Missing(f"PORT={text} is not a port: choose a number from 1 to 65535, for example PORT=8001")
    return int(text)


def require_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Missing(f"Port {port} is reserved for root. Choose a higher one: PORT=8000") from None
        except OSError:
            raise Missing(
                f"Port {port} is taken by another program. Stop that program, or choose another port: "
                f"PORT={port + 1 if port < 65535 else 8000}"
            ) from None


def require_writable(folder):
    probe = folder / f".newsfold-{os.getpid()}"
    try:
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise Missing(
            f"{folder} can't be written to: {error.strerror}. Newsfold keeps its environment, database and pictures "
            "there: make room or give yourself the right to write, or use a copy elsewhere."
        ) from None


def require_room(folder, megabytes):
    free = shutil.disk_usage(str(folder)).free // 1000000
    if free < megabytes:
        raise Missing(
            f"The disk is nearly full: {folder} has {free} MB left, and what is to be installed there takes up to "
            f"{megabytes} MB. Make room, then run the same command again."
        )


def replace_process(command):
    """Become `command`: signals and the exit code are then its own."""
    sys.stdout.flush()
    os.execv(command[0], command)


def last_line(output):
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("[notice]")]
    return lines[-1].rstrip(".") if lines else "no reason was given"


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
