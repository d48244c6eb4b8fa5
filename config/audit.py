"""Look up known flaws of the locked packages, and list all packages in var/sbom.json (CycloneDX).

Exit codes: 0 if there are none, 1 if there are some, 3 if the advisory service could not answer for all packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = "requirements-dev.lock"  # holds what the other lock files hold
SBOM = Path("var/sbom.json")
KNOWN_FLAWS, NOT_AUDITED = 1, 3


def main() -> int:
    """Write the list, print what pip-audit reports in sentences, and return the exit code."""
    SBOM.parent.mkdir(exist_ok=True)
    listing = ["cyclonedx_py", "requirements", LOCK, "--of", "JSON", "-o", str(SBOM), "--output-reproducible"]
    subprocess.run([sys.executable, "-m", *listing], check=True)
    lookup = ["pip_audit", "--disable-pip", "--require-hashes", "-r", LOCK, "-f", "json", "--progress-spinner", "off"]
    done = subprocess.run([sys.executable, "-m", *lookup], capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"NOT AUDITED: the advisory service can't be reached ({reason}).")
        return NOT_AUDITED
    flaws = [(package, flaw) for package in packages for flaw in package.get("vulns", [])]
    for package, flaw in flaws:
        fixed_in = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']} has a known flaw, {flaw['id']}, fixed in {fixed_in}.")
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        print(f"NOT AUDITED: the advisory service doesn't know {len(skipped)} packages, {skipped[0]} for one.")
    if not flaws and not skipped:
        print(f"No known flaws in {len(packages)} packages.")
    return KNOWN_FLAWS if flaws else NOT_AUDITED if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
