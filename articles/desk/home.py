"""What the newsroom's home shows, each part in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from articles.models import Article, ImportProblem, Operation, Subject, Verb, Via
from articles.public.front_page import front_page
from articles.rules.counts import short_count
from articles.suggestions.listing import LIKELY_MAX, number_waiting
from sources.models import Source

from .history_views import VIEW_PERMISSION
from .queues import COUNT_MAX, QUEUES, Viewer, queue_counts
from .rows import LARGE_COLUMNS, age_text
from .undo_text import MOVES

LEADING_MAX = 7  # the top story and those beside it
PEOPLE_MAX = 20
NO_DECISIONS = (Verb.CLAIM, Verb.HAND_OVER, Verb.RELEASE)
QUEUES_OF_HOME = ("undecided", "held", "no-lead", "ambiguous")


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for an editor: how much of it, and where."""

    label: str
    number: str
    url: str


@dataclass(frozen=True, slots=True)
class LeadingStory:
    """A story of the front page, in its place."""

    article: Article
    is_pick: bool
    age: str


@dataclass(frozen=True, slots=True)
class Decider:
    """A member of the staff with what they did today: each kind with the number of articles."""

    name: str
    decisions: Sequence[tuple[str, int]]


def waiting_tasks(user: User, viewer: Viewer) -> list[Task]:
    """Return what waits, without what doesn't; stories to decide always come first."""
    queues = {key: QUEUES[key].articles(viewer).order_by(*QUEUES[key].order) for key in QUEUES_OF_HOME}
    counts = queue_counts(queues)
    numbers = [(str(QUEUES[key].label), counts[key], f"{reverse('desk')}?view={key}") for key in QUEUES_OF_HOME]
    if user.has_perm(VIEW_PERMISSION):
        numbers.append((_("Import problems"), ImportProblem.objects.open().count(), reverse("desk_import_problems")))
    if user.has_perm("sources.view_source"):
        failing = sum(source.health(viewer.now).needs_attention for source in Source.objects.all())
        numbers.append((_("Sources that need attention"), failing, reverse("desk_sources")))
    tasks = [Task(label, short_count(number, COUNT_MAX), url) for label, number, url in numbers if number]
    if number := number_waiting():
        tasks.append(Task(_("Suggested pairs"), short_count(number, LIKELY_MAX), reverse("desk_suggestions")))
    return tasks


def front_page_stories(now: datetime) -> list[LeadingStory]:
    """Return the first stories of the front page, as readers see it now."""
    page = front_page("")
    ids = page.ids[:LEADING_MAX]
    articles = Article.objects.select_related("provider").defer(*LARGE_COLUMNS).in_bulk(ids)
    return [
        LeadingStory(articles[pk], pk in page.picks, age_text(articles[pk].published_at, now))
        for pk in ids
        if pk in articles
    ]


def decisions_today(viewer: Viewer) -> list[Decider]:
    """Return what each person decided since midnight at the desk and in the admin, the busiest first.

    What was undone isn't counted, as in reports, nor are articles that only changed as a result.
    """
    today = Operation.objects.filter(at__gte=viewer.midnight, via__in=(Via.DESK, Via.ADMIN)).exclude(actor_name="")
    done_to = Q(events__subject=Subject.ARTICLE, events__derived=False)
    done_to &= ~Q(verb__in=MOVES, events__field="related")  # a story that another joins lists it
    number = Count("events__subject_id", filter=done_to, distinct=True)
    decided = today.filter(undone_by=None, undoes=None).exclude(verb__in=NO_DECISIONS)
    rows = decided.order_by().values_list("actor_name", "verb").annotate(number=number)
    return _deciders(rows)[:PEOPLE_MAX]


def _deciders(rows: Iterable[tuple[str, str, int]]) -> list[Decider]:
    labels = dict(Verb.choices)
    by_name: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, verb, number in rows:
        if number:
            by_name[name].append((str(labels.get(verb, verb)), number))
    people = [
        Decider(name, sorted(decisions, key=lambda row: (-row[1], row[0]))) for name, decisions in by_name.items()
    ]
    return sorted(people, key=lambda person: (-sum(number for _, number in person.decisions), person.name))
