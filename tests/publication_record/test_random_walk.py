"""Whatever editors, imports, the clock and restores do, the record says what readers see, and what has been stays.

A client of `/api/changes` that reads random portions meanwhile ends with what is published.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles import operations
from articles.models import Appearance, Article
from articles.operations.results import ActionError
from tests.api.mirror import Mirror, published
from tests.documents import document
from tests.random_walks import Backups, Clock, build_newsroom, change_at_random, pass_time
from tests.record import wrong_records

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STEPS = int(os.environ.get("RECORD_STEPS", "30"))
WALKS = [
    pytest.param(seed, STEPS if seed else 10, marks=[pytest.mark.thorough] if seed else [])
    for seed in range(int(os.environ.get("RECORD_WALKS", "8")))
]


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


def import_at_random(folder, chance: random.Random) -> None:
    """Import a new or changed document, perhaps one that lists another; now and then without those of before."""
    number, other = chance.sample(range(4), 2)
    heat = chance.choice([-1, 20, 90])
    text = document(
        title=f"Imported {number}", webUrl=imported_url(number), quality=20, heat=heat, published=str(heat > 0).lower()
    )
    for before, after in {
        "Port city loses its bridge until July": f"Imported {other}",
        "2020-06-09T15:00:00Z": "2020-06-09T12:37:00Z",
        "https://www.herald.example/detour": imported_url(other),
    }.items():
        text = text.replace(before, after)
    (folder / f"2020-06-09-imported-{number}.md").write_text(text)
    if chance.random() < 0.2:
        for path in chance.sample(sorted(folder.iterdir()), 1):
            path.unlink()
    call_command("import_articles", folder, verbosity=0, rescore=chance.random() < 0.3, prune=chance.random() < 0.3)


def imported_url(number: int) -> str:
    return f"https://www.courier.example/imported-{number}"


def pick_at_random(chance: random.Random, clock: Clock) -> None:
    some = [row.pk for row in chance.sample(list(Article.objects.order_by("pk")), 2)]
    operations.pick(Article.objects.filter(pk__in=some), clock.moment + timedelta(minutes=chance.randrange(1, 300)))


def what_has_been(now) -> set[tuple]:
    """Return what the record says about the past of `now`."""
    columns = ("article_id", "starts_at", "heat", "rank", "listed_at", "pick", "outlets", "version")
    rows = Appearance.objects.filter(starts_at__lt=now).values_list(*columns, "ends_at")
    return {(*values, ends_at if ends_at and ends_at < now else now) for *values, ends_at in rows}


@pytest.mark.parametrize(("seed", "length"), WALKS)
def test_the_record_says_what_readers_see(client, clock, seed, length, tmp_path, settings):
    build_newsroom()
    settings.MEDIA_ROOT, documents = tmp_path / "media", tmp_path / "documents"
    documents.mkdir()
    chance, backups = random.Random(seed), Backups(tmp_path)  # noqa: S311
    mirror = Mirror(client)
    pasts = {}  # of each backup
    steps = {
        "operation": lambda: change_at_random(chance, clock),
        "time": lambda: pass_time(clock, timedelta(minutes=chance.randrange(1, 300))),
        "pick": lambda: pick_at_random(chance, clock),
        "import": lambda: import_at_random(documents, chance),
        "restore": lambda: backups.back_up_or_restore(chance),
    }
    for step in range(length):
        name = chance.choices(list(steps), weights=[12, 6, 2, 2, 1])[0]
        before, past = clock.moment, what_has_been(clock.moment)
        with suppress(ActionError):
            steps[name]()
        if name == "restore":
            before, past = pasts.setdefault(len(backups.made), (before, past))
        assert wrong_records() == [], (seed, step, name)
        assert what_has_been(before) == past, (seed, step, name)
        mirror.limit = chance.randrange(1, 5)
        mirror.ask()
    mirror.catch_up()
    assert mirror.items == published(), seed
