"""Look up known vulnerabilities of the locked packages, and list all packages in var/sbom.json (CycloneDX).

Exit codes: 0 if there are none, 1 if there are some, 3 if the advisory service doesn't know all packages or can't be
reached.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = "requirements-dev.lock"  # a superset of the other lock files
SBOM = Path("var/sbom.json")
VULNERABLE, NOT_AUDITED = 1, 3


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
    advisories = [(package, advisory) for package in packages for advisory in package.get("vulns", [])]
    for package, advisory in advisories:
        fixed_in = ", ".join(advisory["fix_versions"]) or "no version yet"
        print(
            f"{package['name']} {package['version']} has a known vulnerability, {advisory['id']}, fixed in {fixed_in}."
        )
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        print(f"NOT AUDITED: the advisory service doesn't know {len(skipped)} packages, for example {skipped[0]}.")
    if not advisories and not skipped:
        print(f"No known vulnerabilities in {len(packages)} packages.")
    return VULNERABLE if advisories else NOT_AUDITED if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
