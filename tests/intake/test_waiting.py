"""A story of a source that publishes by the policy waits while readers may see its event already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.intake.run import take_in_new_entries
from articles.models import Article, Operation, SitePolicy
from articles.stories.explanation import explanation_lines
from articles.suggestions import working_out
from sources.fetcher import Fetched, FetchJob
from sources.models import Source
from sources.reading.values import ParsedEntry, ParsedFeed
from sources.storing import Attempt, store
from tests import builders

pytestmark = pytest.mark.django_db

EVENT = ("Apple acquires Xnor.ai for 200 million", "Apple has bought the Seattle start-up Xnor.ai.")
SAME_EVENT = ("Xnor.ai is acquired by Apple", "The Seattle start-up Xnor.ai belongs to Apple now.")
OTHER_EVENTS = (
    "Met police turn to cameras",
    "Storm closes three airports",
    "Prices of wheat fall again",
    "A robot paints",
)


@pytest.fixture(autouse=True)
def newsroom():
    """Other stories, so that words differ in weight, and a threshold that every story of the outlets reaches."""
    SitePolicy.objects.update_or_create(pk=1, defaults={"publish_threshold": 0, "window_days": 14})
    for title in OTHER_EVENTS:
        builders.article(title, excerpt=title, published_at=timezone.now() - timedelta(hours=9), published=False)


def fetch(name: str, *texts: tuple[str, str], publication: str = "policy") -> None:
    """Take in a feed with these titles and excerpts, the latest first."""
    host = f"{name.lower()}.example"
    values = {"published": timezone.now(), "provider": name, "picture": "", "language": ""}
    entries = [
        ParsedEntry(title=title, excerpt=excerpt, url=f"https://{host}/chips/{number}", guid=f"{number}", **values)
        for number, (title, excerpt) in enumerate(texts)
    ]
    source, _ = Source.objects.get_or_create(name=name, url=f"https://{host}/feed", publication=publication)
    feed = ParsedFeed(format="RSS", title="", url="", language="", entries=tuple(entries))
    job = FetchJob(pk=source.pk, url=source.url, host=source.host)
    store([Attempt(job, Fetched(status=200, feed=feed), timezone.now())])
    take_in_new_entries(on_failure=_raise)


def _raise(source: Source, reason: str) -> None:
    raise AssertionError(reason)


def get(text: tuple[str, str]) -> Article:
    return Article.objects.get(title=text[0])


def published_and_waiting() -> tuple[Article, Article]:
    fetch("Courier", EVENT)
    working_out.work_out_due()
    fetch("Herald", SAME_EVENT)
    working_out.work_out_due()
    return get(EVENT), get(SAME_EVENT)


@pytest.mark.slow
def test_it_waits_undecided_and_says_why(client):
    published, waiting = published_and_waiting()

    assert (published.public, waiting.public, waiting.state) == (True, False, "undecided")
    assert waiting.same_event_as == published.name
    assert waiting.first_shown_at is None
    assert f"waits until someone says whether it is the same event as “{EVENT[0]}”" in str(explanation_lines(waiting))
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(reverse("desk"), {"view": "undecided"}).content.decode()
    assert f"is the same event as “{EVENT[0]}”, which is published" in page


@pytest.mark.slow
def test_nothing_but_an_answer_or_a_decision_ends_the_waiting():
    published, waiting = published_and_waiting()

    operations.rescore(Article.objects.all())
    operations.score(waiting, quality=300)
    operations.spike(published)
    fetch("Herald", (SAME_EVENT[0], f"{SAME_EVENT[1]} More follows."))
    working_out.rebuild()
    assert not get(SAME_EVENT).public
    operations.publish(waiting)
    assert (get(SAME_EVENT).public, get(SAME_EVENT).same_event_as) == (True, None)


@pytest.mark.slow
@pytest.mark.parametrize("is_announced", [True, False])
def test_not_the_same_lets_the_policy_decide_if_a_preview_said_so(is_announced):
    published, waiting = published_and_waiting()

    answer = operations.keep_apart(published, waiting, announced=[waiting.pk] if is_announced else [])

    waiting = get(SAME_EVENT)
    assert (waiting.public, waiting.same_event_as) == (is_announced, None)
    assert waiting.pins == ([] if is_announced else ["published"])
    operations.undo(answer.operation)
    assert (get(SAME_EVENT).public, get(SAME_EVENT).same_event_as) == (False, published.name)


@pytest.mark.slow
def test_the_desk_asks_before_an_answer_publishes(client):
    published, waiting = published_and_waiting()
    user = User.objects.create_user("ed", is_staff=True)
    user.groups.add(Group.objects.get(name="editor"))
    client.force_login(user)
    sent = {"action": "keep_apart", "row": f"{waiting.pk}:{waiting.version}", "into": published.pk}

    asked = client.post(reverse("desk_act"), sent)
    assert "It would appear on the site." in asked.content.decode()
    assert asked.context["announced"] == str(waiting.pk)
    assert (asked.context["subject"], asked.context["other"]) == (waiting, published)
    assert not get(SAME_EVENT).public
    page = client.post(reverse("desk_act"), sent | {"confirmed": "1", "announced": waiting.pk}, follow=True)
    assert get(SAME_EVENT).public
    assert f"Readers see “{SAME_EVENT[0]}” now." in [str(message) for message in page.context["messages"]]
    assert operations.can_undo(user, Operation.objects.first())


@pytest.mark.slow
def test_same_event_folds_it_or_lets_it_lead_in_public():
    published, waiting = published_and_waiting()

    answer = operations.merge(waiting, published)
    assert (get(SAME_EVENT).lead, get(SAME_EVENT).same_event_as) == (published, None)
    operations.undo(answer.operation)
    operations.merge(get(EVENT), get(SAME_EVENT), announced=[waiting.pk])
    assert [article.title for article in Article.objects.public()] == [SAME_EVENT[0]]


@pytest.mark.slow
def test_it_waits_for_the_next_published_story_that_may_be_the_same():
    published, waiting = published_and_waiting()
    third = builders.article(
        "Apple buys start-up Xnor.ai", excerpt=EVENT[1], published_at=timezone.now(), published=True
    )
    working_out.work_out_due()

    operations.keep_apart(waiting, published, announced=[waiting.pk])
    assert (get(SAME_EVENT).public, get(SAME_EVENT).same_event_as) == (False, third.name)


@pytest.mark.parametrize(
    ("prepare", "is_public"),
    [
        (lambda: None, True),  # nothing else about the event
        (lambda: fetch("Courier", EVENT, publication="editors"), True),  # readers don't see the other one
        (lambda: fetch("Courier", EVENT), False),  # of the same run, and not compared yet
        (lambda: SitePolicy.objects.update(window_days=0) and fetch("Courier", EVENT), True),  # switched off
    ],
)
def test_who_waits(prepare: Callable[[], object], is_public: bool):
    working_out.work_out_due()
    prepare()
    fetch("Herald", SAME_EVENT)

    assert get(SAME_EVENT).public == is_public


def test_of_two_stories_of_one_feed_the_later_one_waits():
    working_out.work_out_due()
    fetch("Courier", SAME_EVENT, EVENT)

    public = list(Article.objects.public().values_list("title", flat=True))
    assert len(public) == 1
    [waiting] = Article.objects.exclude(same_event_as=None)
    assert Article.objects.public().get().name == waiting.same_event_as


@pytest.mark.slow
def test_a_refused_story_that_comes_in_again_does_not_wait():
    published, waiting = published_and_waiting()
    operations.keep_apart(waiting, published)
    operations.delete(Article.objects.filter(pk=waiting.pk))
    Source.objects.filter(name="Herald").delete()

    fetch("Herald", SAME_EVENT)
    assert get(SAME_EVENT).public
