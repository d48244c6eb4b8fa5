"""Check the public pages with the Nu HTML checker, and the five main ones with Lighthouse.

Both come from npm, in the versions named here, into a temporary folder. Needs npm, Java and Debian's chromium.
Exit code 1 if the checker reports an error, or Lighthouse gives less than SCORE for anything.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKER, LIGHTHOUSE = "vnu-jar@26.9.27", "lighthouse@12.8.2"
CHROMIUM = "/usr/bin/chromium"
SCORE = 0.95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
STORIES = 60
FIND = """
from articles.models import Article
story = Article.objects.public().filter(related_links__isnull=False).newest_first().first()
day = f"/archive/{story.published_at:%Y/%m/%d}/"
topic = story.topics.first().get_absolute_url()
print("PATHS", story.get_absolute_url(), topic, story.provider.get_absolute_url(), day)
"""


def missing_programs() -> list[str]:
    missing = [name for name in ("npm", "java") if not shutil.which(name)]
    return missing if Path(CHROMIUM).exists() else [*missing, CHROMIUM]


def check_markup(server: Server, tools: Path, paths: list[str]) -> int:
    """Return how many errors the checker reports."""
    files = []
    for number, path in enumerate(paths):
        files.append(tools / f"{number}.html")
        files[-1].write_bytes(server.get(path)[2])
    jar = tools / "node_modules/vnu-jar/build/dist/vnu.jar"
    output = subprocess.run(
        ["java", "-jar", str(jar), "--errors-only", "--format", "json", *map(str, files)],
        capture_output=True,
        text=True,
    ).stderr
    problems = json.loads(output)["messages"]
    for problem in problems:
        path = paths[int(Path(problem["url"].removeprefix("file:")).stem)]
        print(f"{path}:{problem.get('lastLine', '')}: {problem['message']}")
    print(f"Nu HTML checker: {len(paths)} pages, {len(problems)} errors")
    return len(problems)


def check_scores(server: Server, tools: Path, path: str) -> int:
    """Return how many of Lighthouse's scores for a page are too low."""
    report = tools / "report.json"
    flags = "--headless=new --no-sandbox --disable-dev-shm-usage"
    command = [str(tools / "node_modules/.bin/lighthouse"), f"http://127.0.0.1:{server.port}{path}", "--quiet"]
    command += [f"--chrome-flags={flags}", "--output=json", f"--output-path={report}"]
    for last in (False, False, True):  # it occasionally loses Chromium's trace, and says "run Lighthouse again"
        if not subprocess.run(command, env=os.environ | {"CHROME_PATH": CHROMIUM}, check=last, timeout=240).returncode:
            break
    result = json.loads(report.read_text())
    scores = {name: result["categories"][name]["score"] or 0 for name in CATEGORIES}
    print(f"Lighthouse: {path} {', '.join(f'{name} {score * 100:.0f}' for name, score in scores.items())}")
    low = [name for name, score in scores.items() if score < SCORE]
    if path.startswith("/search/?"):  # results ask not to be indexed, which costs half of that score
        low = [name for name in low if name != "seo"]
    for audit in result["audits"].values() if low else ():
        if audit["score"] is not None and audit["score"] < 0.9:
            print(f"    {audit['id']}: {audit['title']}")
    return len(low)


def main() -> int:
    missing = missing_programs()
    if missing:
        print(f"Missing here: {', '.join(missing)}. On Debian: apt-get install npm default-jre-headless chromium")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", name, CHECKER, LIGHTHOUSE]
        subprocess.run(install, check=True, timeout=300)
        env = environment(folder, "locmemcache://")
        write_demo_documents(folder / "documents", stories=STORIES)
        manage(env, "migrate", "--verbosity", "0")
        manage(env, "import_articles", str(folder / "documents"))
        manage(env, "collectstatic", "--no-input", "--verbosity", "0")
        match = re.search(r"PATHS (\S+) (\S+) (\S+) (\S+)", manage(env, "shell", "--no-imports", "-c", FIND))
        assert match is not None
        lists = [
            "/",
            "/about/",
            "/latest/",
            "/topics/",
            "/providers/",
            "/search/",
            "/search/?q=the",
            "/search/?q=none+of+it",
            "/providers/?q=none",
            "/places/",
            "/feeds/",
            "/archive/",
            "/top/month/",
            "/accessibility/",
            "/latest/?since=20990101T000000Z",
            "/?since=20200101T000000Z",
        ]
        server = Server(env)
        try:
            day = match[4]
            lists += [day, day[: len("/archive/2020/06/")], day[: len("/archive/2020/")], "/nowhere/"]
            failed = check_markup(server, folder, [*lists, *match.groups()[:3]])
            scored = ("/", *match.groups()[:3], "/search/", "/search/?q=the")
            failed += sum(check_scores(server, folder, path) for path in scored)
        finally:
            server.close()
    return 1 if failed else 0


if __name__ == "__main__":
    from benchmarks.serving import Server, environment, manage
    from tests.documents import write_demo_documents

    sys.exit(main())
