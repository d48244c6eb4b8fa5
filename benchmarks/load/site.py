"""Set up the newsroom of the load test, and look into its database."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

from tests import servers

ARTICLES = int(os.environ.get("LOAD_ARTICLES", "8000"))
FAILURES_MAX = 3
REST_SECONDS = 0.5
PASSWORD = "a password for one load test"
SETTINGS = {
    "BEHIND_PROXY": "true",
    # All readers have one IP address here. A limit that none reaches makes the site count as in production.
    "API_RATE": "1000000",
    "SEARCH_RATE": "1000000",
    "WEB_PROCESSES": "2",
    "WEB_THREADS": "4",
}

IMPORTS = """
from articles.models import *
from django.contrib.auth.models import Group, User
"""
ABOUT = """
editor = User.objects.create_user("editor", password=PASSWORD, is_staff=True)
editor.groups.set(Group.objects.filter(name__in=("editor", "publisher")))
public = Article.objects.public().newest_first()
on_the_first_page = public[19]
undecided = Article.objects.filter(state="undecided", heat__gte=0, published_at__gt=on_the_first_page.published_at)
about = {
    "stories": list(public.values_list("name", flat=True)[:300]),
    "topics": list(dict.fromkeys(public.exclude(topics=None).values_list("topics__slug", flat=True)[:5000])),
    "outlets": list(dict.fromkeys(public.values_list("provider__domain", flat=True)[:200])),
    "days": sorted({moment.date().isoformat() for moment in public.values_list("published_at", flat=True)[:300]}),
    "undecided": [list(row) for row in undecided.newest_first().values_list("pk", "name", "title")[:60]],
}
"""


class Site(servers.Site):
    def fill(self) -> dict[str, Any]:
        """Make the newsroom and its editor; return what can be requested, by kind."""
        self.set_up()
        self.manage("generate_articles", str(ARTICLES), "--verbosity", "0", "--settings", "benchmarks.settings")
        return self.evaluate("about", ABOUT.replace("PASSWORD", repr(PASSWORD)))

    def evaluate(self, expression: str, before: str = "") -> Any:
        """Return the value of an expression over the newsroom's models."""
        return self.python(f"{IMPORTS}{before}\nprint(json.dumps({expression}))")

    def open(self) -> None:
        """Serve, once every process has loaded all it needs: otherwise one process would serve all early readers."""
        self.serve()
        servers.wait_until(self._is_at_rest, 60, "all processes have started")

    def _is_at_rest(self) -> bool:
        before = self._processes()
        time.sleep(REST_SECONDS)
        return len(before) == 1 + int(SETTINGS["WEB_PROCESSES"]) and self._processes() == before

    def _processes(self) -> dict[str, list[str]]:
        """Return how much of the CPU each process has used, in ticks by user and system."""
        return {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in self._pids()}

    def _pids(self) -> list[str]:
        assert self.process is not None
        own = str(self.process.pid)
        return [own, *Path(f"/proc/{own}/task/{own}/children").read_text().split()]

    def failures(self) -> str:
        """Return the log lines of the first responses with status 500."""
        failures = re.findall(r"(?m)^\S+ ERROR (?!.*Service Unavailable).*(?:\n {4}.*)*", self.log())
        return "\n".join(failures[:FAILURES_MAX])

    def memory(self) -> float:
        """Return the megabytes that all its processes hold, what they share counted once."""
        return sum(map(_proportional, self._pids())) / 1024


def _proportional(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
