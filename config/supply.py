"""What we build on: lock it with hashes, list it (SBOM), ask whether flaws of it are known.

    python config/supply.py lock    write the lock files anew from the requirements files (`make lock`)
    python config/supply.py audit   look up known flaws, and write the list of all parts (`make audit`)

`bootstrap.py` installs from the lock files alone, and pip then takes nothing whose hash isn't in them.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

BASE_DIR = Path(__file__).resolve().parent.parent
ALL = "requirements-dev.txt"  # holds the others, so they follow its versions
REQUIREMENTS = (ALL, "config/requirements-services.txt", "requirements.txt")
SBOM = BASE_DIR / "var" / "sbom.json"
HEAD = "# Made by `make lock` from {name}; sha256 of what that asks for: {digest}\n"
PIN_PATTERN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
KNOWN_FLAWS, NOT_REACHED = 1, 3  # exit codes
OLDEST = "3.11"


class Findings(NamedTuple):
    """What an audit found: flaws by package, and the packages that could not be looked up."""

    flaws: list[str]
    unknown: list[str]


def lock_of(name: str) -> Path:
    return (BASE_DIR / name).with_suffix(".lock")


def asked_for(name: str) -> str:
    """Return the text of a requirements file and of those that it reads."""
    text = (BASE_DIR / name).read_text()
    for other in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        path = ((BASE_DIR / name).parent / other).resolve()
        text += asked_for(str(path.relative_to(BASE_DIR)))
    return text


def head(name: str) -> str:
    return HEAD.format(name=name, digest=hashlib.sha256(asked_for(name).encode()).hexdigest())


def problems(name: str) -> list[str]:
    """Return where a lock file doesn't hold what its requirements file asks for, or anything without a hash."""
    path = lock_of(name)
    if not path.exists():
        return [f"{path.name} is not there."]
    text = path.read_text()
    found = [] if text.startswith(head(name)) else [f"{path.name} was made from another {name}."]
    locked = pins(text)
    for package, version in pins(asked_for(name)).items():
        if locked.get(package) != version:
            found.append(f"{path.name} doesn't hold {package} {version}.")
    entries = text.replace(" \\\n", " ").splitlines()
    bare = [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry]
    return found + [f"{path.name} holds {entry} without a hash." for entry in bare]


def pins(text: str) -> dict[str, str]:
    """Return the version of each package that a requirements or lock file names exactly."""
    return {package.lower().replace("_", "-"): version for package, version in PIN_PATTERN.findall(text)}


def lock() -> int:
    """Write the lock files: for Python 3.11 and newer, on any machine."""
    for name in REQUIREMENTS:
        path = lock_of(name)
        command = ["uv", "pip", "compile", name, "--output-file", str(path), "--universal", "--generate-hashes"]
        command += ["--python-version", OLDEST, "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"]
        if name != ALL:
            command += ["--constraint", str(lock_of(ALL))]
        made = subprocess.run([sys.executable, "-m", *command], cwd=BASE_DIR)  # noqa: S603  constants
        if made.returncode:
            return made.returncode
        path.write_text(head(name) + path.read_text())
    return report([problem for name in REQUIREMENTS for problem in problems(name)])


def audit() -> int:
    """Write the SBOM and look up each locked package; tell what is flawed, and what could not be looked up."""
    wrong = [problem for name in REQUIREMENTS for problem in problems(name)]
    if wrong:
        return report([*wrong, "Run: make lock"])
    locked = str(lock_of(ALL))
    SBOM.parent.mkdir(exist_ok=True)
    listing = ["cyclonedx_py", "requirements", locked, "--of", "JSON", "-o", str(SBOM), "--output-reproducible"]
    subprocess.run([sys.executable, "-m", *listing], check=True)  # noqa: S603
    say(f"{SBOM.relative_to(BASE_DIR)} lists all parts (CycloneDX).")
    command = [
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "-r",
        locked,
        "-f",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)  # noqa: S603
    try:
        found = findings(json.loads(done.stdout))
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason was given"]
        return silence(f"pip-audit gave no answer: {last[0]}")
    if found.flaws:
        return report([*found.flaws, "Raise the versions in the requirements file, then run: make lock"])
    if found.unknown:
        return silence(f"The advisory service didn't find {len(found.unknown)} packages, first {found.unknown[0]}.")
    say("No known flaws.")
    return 0


def findings(told: dict[str, Any]) -> Findings:
    """Read pip-audit's answer."""
    flaws, unknown = [], []
    for package in told["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
        for flaw in package.get("vulns", []):
            mended = ", ".join(flaw["fix_versions"]) or "no version yet"
            flaws.append(f"{package['name']} {package['version']}: {flaw['id']}, mended in {mended}.")
    return Findings(flaws, unknown)


def silence(why: str) -> int:
    say(f"NOT AUDITED. {why} Nothing is known of flaws until a machine that reaches the service has run this.")
    return NOT_REACHED


def report(lines: list[str]) -> int:
    for line in lines:
        say(line)
    return KNOWN_FLAWS if lines else 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    commands = {"lock": lock, "audit": audit}
    if sys.argv[1:] not in ([name] for name in commands):
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]]())
