"""A site in which editors and the clock act at random, for tests of many consecutive states."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.models import Article, Operation, Topic, Verb, Via
from articles.operations.results import ActionError
from articles.rules.states import SpikeReason
from articles.stories import duplicates, links
from backups import tables
from config.migrations import known_migrations
from providers.models import Provider
from tests import builders
from tests.record import record_built_articles


class Clock:
    """A clock that advances by a microsecond on every read, and that tests can set forward."""

    def __init__(self) -> None:
        self.moment = datetime.fromisoformat("2020-06-10T08:00:00.123456+00:00")

    def now(self) -> datetime:
        self.moment += timedelta(microseconds=1)
        return self.moment


class Backups:
    """Backups of the site in a folder. Restoring one empties the site first, as an installation of its own would be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[Path] = []

    def make(self) -> None:
        path = self.folder / f"{len(self.made)}.tar"
        call_command("backup", path, verbosity=0)
        self.made.append(path)

    def restore(self) -> None:
        """Restore the latest backup: what was done since is lost."""
        if connection.vendor == "postgresql":  # a restore before, in the transaction of the test, made them immediate
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        tables.delete_all_rows(tables.tables_at(known_migrations()))
        call_command("restore", self.made[-1], verbosity=0)

    def back_up_or_restore(self, chance: random.Random) -> bool:
        """Make a backup and restore it, or restore an older one; return whether what was done since is lost."""
        is_older = bool(self.made) and chance.random() < 0.5
        if not is_older:
            self.make()
        self.restore()
        return is_older


def build_newsroom() -> None:
    """Build stories with members, single articles, one unscored, duplicates, and coverage by unknown articles."""
    for number in range(3):
        lead = builders.article(f"Lead {number}", quality=80 + number, topics=["AI", "Health"])
        members = [builders.folded(lead, quality=30 + n, topics=["AI"]) for n in range(2)]
        for member in members:
            builders.related(member, lead)
        builders.related(lead)
        operations.rescore(Article.objects.filter(pk=lead.pk))
    builders.article(quality=20, web_url="https://www.courier.example/same")
    builders.article(quality=90, web_url="https://www.courier.example/same")
    builders.article(quality=None, heat=None)
    builders.topic("Vaccines")
    with unit_of_work(Verb.EDIT) as uow:
        duplicates.mark_duplicates(uow, list(Article.objects.values_list("pk", flat=True)))
        links.mark_repeated_links(list(Article.objects.values_list("pk", flat=True)))
    Operation.objects.all().delete()
    record_built_articles()


def operate_at_random(chance: random.Random, by: Actor) -> Operation | None:
    """Do something that an editor might do; return its operation, None if it was rejected or changed nothing."""
    articles = list(Article.objects.order_by("pk"))
    one, other = chance.sample(articles, 2)
    some = Article.objects.filter(pk__in=[row.pk for row in chance.sample(articles, 3)])
    later = timezone.now() + timedelta(days=1)
    choices = [
        lambda: operations.publish(some, by=by),
        lambda: operations.hold(some, by=by),
        lambda: operations.spike(some, chance.choice(list(SpikeReason)), by=by),
        lambda: operations.reopen(some, by=by),
        lambda: operations.schedule(some, publish_at=later, by=by),
        lambda: operations.score(some, quality_step=chance.choice([-30, 5, 40]), by=by),
        lambda: operations.score(one, quality=chance.randrange(120), by=by),
        lambda: operations.edit(one, quality=chance.randrange(120), title=f"Title {chance.random()}", by=by),
        lambda: operations.edit(one, web_url=other.web_url, by=by),
        lambda: operations.set_topics(some, add=["Vaccines"], remove=["AI"], by=by),
        lambda: operations.unpin(some, by=by),
        lambda: operations.fold_into(one, other, by=by),
        lambda: operations.merge(one, other, by=by),
        lambda: operations.take_out(one, by=by),
        lambda: operations.make_lead(one, by=by),
        lambda: operations.delete(Article.objects.filter(pk=one.pk), by=by),
        lambda: operations.rescore(Article.objects.all(), by=by),
        lambda: operations.change_policy({"publish_threshold": chance.choice([30, 90])}, by=by),
        lambda: operations.change_policy({"publish_unscored": False}, by=by),
        lambda: operations.pick(some, later, by=by),
        lambda: operations.place(one, chance.randrange(1, 11), by=by),
        lambda: operations.keep_off_front(some, by=by),
        lambda: operations.allow_on_front(some, by=by),
        lambda: operations.edit(one, quality=None, removed=True, by=by),
        lambda: operations.mark_missing([one.pk, other.pk], missing=True, by=by),
        lambda: operations.edit_related_rows(
            one, "images", by=by, write=lambda: one.images.create(url="https://x.example/a.jpg")
        ),
        lambda: operations.delete_references([chance.choice(Topic.objects.all())], by=by),
    ]
    last = Operation.objects.first()
    with suppress(ActionError):
        chance.choice(choices)()
    newest = Operation.objects.first()
    return None if newest == last else newest


def change_at_random(chance: random.Random, clock: Clock) -> None:
    """Do something that an editor might do and that the changes of the API show; may raise ActionError."""
    articles = list(Article.objects.order_by("pk"))
    one = chance.choice(articles)
    some = Article.objects.filter(pk__in=[row.pk for row in chance.sample(articles, min(4, len(articles)))])
    begin = clock.moment + timedelta(minutes=chance.randrange(-60, 240))
    end = begin + timedelta(minutes=chance.randrange(1, 240))
    times = chance.choice([(begin, None), (None, end), (begin, end)])
    choices = [
        *[lambda: operate_at_random(chance, Actor(via=Via.DESK))] * 6,
        *[lambda: operations.schedule(some, publish_at=times[0], unpublish_at=times[1])] * 3,
        lambda: operations.change_policy({"publish_unscored": chance.random() < 0.5}),
        lambda: operations.change_policy({"publish_threshold": chance.randrange(40, 100)}),
        lambda: operations.edit(one, published_at=one.published_at + timedelta(minutes=chance.randrange(-99, 99))),
        lambda: operations.edit_reference(Provider.objects.order_by("pk")[0], {"name": f"Courier {chance.random()}"}),
        lambda: operations.edit_reference(Topic.objects.order_by("pk")[0], {"name": f"Topic {chance.random()}"}),
        lambda: undo_at_random(chance),
        lambda: add_at_random(chance),
    ]
    if len(articles) > 3:
        chance.choice(choices)()
    else:
        add_at_random(chance)


def pass_time(clock: Clock, duration: timedelta) -> set[str]:
    """Set the clock forward; return the names of articles that a schedule made public at any time in between."""
    names: set[str] = set()
    end = clock.moment + duration
    for name in ("publish_at", "unpublish_at"):
        for moment in Article.objects.values_list(name, flat=True):
            if moment and clock.moment < moment < end:
                names.update(Article.objects.public(moment).values_list("name", flat=True))
    clock.moment = end
    return names


def undo_at_random(chance: random.Random) -> None:
    done = list(Operation.objects.exclude(events__field__in=["publish_at", "unpublish_at"]).order_by("pk"))
    if done:
        operations.undo(chance.choice(done))


def add_at_random(chance: random.Random) -> None:
    quality = chance.choice([None, 20, 90])
    row = Article(
        name=f"2020-06-10-{chance.random()}".replace(".", "-"),
        title="New",
        published_at=builders.MORNING,
        provider=builders.provider(),
        quality=quality,
        heat=quality,
        published=None if quality is None else quality > 70,
    )
    operations.add(row, ["title"])
