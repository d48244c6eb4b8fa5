"""Import a folder of documents into a fresh database, export it, and compare every file.

`python -m benchmarks.roundtrip DIR`.
Prints how many came back byte for byte, and each exception with its reason. Exit code 1 if one has no good reason.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(environment: dict[str, str], *arguments: str) -> str:
    """Return what a command prints; end this program if it fails, which it has explained itself."""
    line = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}`{arguments[0]}` failed with exit code {done.returncode}.")
    return done.stdout


def reason_for(before: bytes, after: bytes | None) -> str:
    """Return why a file came back differently; empty if there is no good reason."""
    if after is None:
        return ""
    if before.replace(b"\r\n", b"\n") == after:
        return "Windows line ends come out as plain ones"
    lines = [line.rstrip() for line in before.replace(b"\r\n", b"\n").rstrip().split(b"\n")]
    if lines == after.rstrip().split(b"\n"):
        return "white space at the end of a line, or no line end at the end of the file, is not canonical"
    return ""


def is_taken(path: Path) -> bool:
    return path.suffix == ".md" or (path.suffix == ".yaml" and path.read_bytes().startswith(b"taxonomy:"))


def main(folder: str) -> int:
    from tests.environments import newsroom_environment

    with tempfile.TemporaryDirectory() as scratch:
        environment = newsroom_environment(os.environ, Path(scratch))
        environment["DATABASE_URL"] = os.environ.get("ROUNDTRIP_DATABASE_URL", environment["DATABASE_URL"])
        command(environment, "migrate", "-v0")
        sys.stdout.write(command(environment, "import_articles", folder).splitlines()[-1] + "\n")
        command(environment, "export_articles", f"{scratch}/out")
        written = {path.name: path for path in Path(scratch, "out").rglob("*") if path.is_file()}
        identical, reasons = 0, []
        files = [path for path in sorted(Path(folder).rglob("*")) if is_taken(path)]
        for path in files:
            before = path.read_bytes()
            after = written[path.name].read_bytes() if path.name in written else None
            if before == after:
                identical += 1
            else:
                reasons.append((path.name, reason_for(before, after)))
    for name, reason in reasons:
        sys.stdout.write(f"{name}: {reason or 'DIFFERS WITHOUT A REASON'}\n")
    sys.stdout.write(f"{len(files)} files: {identical} identical, {len(reasons)} exceptions\n")
    return 1 if any(not reason for _, reason in reasons) else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name one folder of documents: python -m benchmarks.roundtrip DIR")
    sys.exit(main(sys.argv[1]))
