"""The reports of the desk: what they count, as tables, charts and CSV."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk.report_views import chart_bars
from articles.models import Article, Operation, SitePolicy, Via
from tests import builders
from tests.desk.helpers import DESK

pytestmark = pytest.mark.django_db
REPORTS = f"{DESK}reports/"


@pytest.fixture
def by(publisher) -> Actor:
    return Actor(User.objects.get(), Via.DESK)


def table(publisher, key: str, query: str = "") -> list[tuple]:
    return publisher.get(f"{REPORTS}{key}/?{query}").context["rows"]


def csv(publisher, key: str) -> list[str]:
    return b"".join(publisher.get(f"{REPORTS}{key}.csv").streaming_content).decode().splitlines()


@pytest.mark.slow
def test_decisions_are_counted_by_day_and_person_without_what_was_undone(publisher, by):
    for quality in (10, 20):
        operations.hold(builders.article(quality=quality), by=by)
    operations.undo(operations.spike(builders.article(), by=by).operation, by=by)
    operations.hold(builders.article())  # by a program

    [(day, person, number)] = table(publisher, "decisions")
    assert (person, number) == ("ana", 2)
    assert csv(publisher, "decisions") == ["Day,Person,Stories decided", f"{day},ana,2"]
    assert table(publisher, "decisions", "since=2001-01-01&until=2001-01-31") == []


def test_the_queue_is_counted_by_age(publisher):
    builders.article(quality=10)
    builders.article()
    assert [row for row in table(publisher, "queue") if row[1]] == [("under 1 hour", 1)]


def test_spikes_are_counted_by_outlet_and_reason(publisher, by):
    for _ in range(2):  # the time of the decision counts, not how long the story has been here
        operations.spike(builders.article(state_since=builders.MORNING), "paywall", by=by)
    operations.spike(builders.article(provider=builders.provider("Gazette")), "duplicate", by=by)
    assert table(publisher, "spikes") == [("The Courier", "paywall", 2), ("Gazette", "duplicate", 1)]


def test_overrides_of_policy_and_checks_are_listed_with_reasons(publisher, by):
    SitePolicy(check_topic="ask").save()
    person = Actor(by.user, Via.DESK, "agreed", overrides_checks=True)
    operations.publish(builders.article("Low", quality=10), by=person)
    operations.hold(builders.article("High", quality=90), by=by)
    rows = {tuple(map(str, row[1:])) for row in table(publisher, "overrides")}
    assert rows == {
        ("ana", "published below the threshold", "Low", "agreed"),
        ("ana", "kept off above the threshold", "High", ""),
        ("ana", "no topic", "Low", "agreed"),
    }


@pytest.mark.slow
def test_overrides_go_by_the_policy_of_the_topic_where_it_has_one(publisher, by):
    strict = builders.topic("Strict")
    operations.change_policy(overrides={strict.pk: {"publish_threshold": 95}})
    operations.publish(builders.article("Low for its topic", quality=80, topics=["Strict"], published=False), by=by)
    operations.hold(builders.article("Too low for its topic", quality=80, topics=["Strict"]), by=by)
    operations.hold(builders.article("High for the site", quality=80, topics=["Other"]), by=by)
    operations.publish(builders.article("High enough for the site", quality=80, published=False), by=by)
    assert {(row[2], row[3].title) for row in table(publisher, "overrides")} == {
        ("published below the threshold", "Low for its topic"),
        ("kept off above the threshold", "High for the site"),
    }


def test_topics_without_news_are_listed_with_their_newest_story(publisher):
    builders.article(topics=["Old"])
    builders.topic("Empty")
    rows = table(publisher, "topics")
    assert [(row[0], str(row[1])[:10]) for row in rows] == [("Old", "2020-06-09"), ("Empty", "never")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", " =", "\u00a0=", "\u3000@"])
def test_formulas_are_harmless_in_a_spreadsheet(publisher, by, start):
    Article.objects.filter(pk=builders.article("Low", quality=10).pk).update(title=f"{start}HYPERLINK(0)")
    operations.publish(Article.objects.get(), by=Actor(by.user, Via.DESK, "+1"))
    assert csv(publisher, "overrides")[1].endswith(f"'{start}HYPERLINK(0),'+1")


def test_charts_have_a_text_and_fit(publisher, by):
    operations.spike(builders.article(), "paywall", by=by)
    page = publisher.get(f"{REPORTS}spikes/").content.decode()
    assert '<li><span class="bar-label">paywall</span> <strong>1</strong>' in page
    widths = [bar.width for bar in chart_bars([("a", 10), ("b", 5), ("c", 0)])]
    assert widths == [100, 50, 0]
    assert Operation.objects.count() == 1


@pytest.mark.parametrize(
    "query", ["since=nonsense", "since=0001-01-01&until=9999-12-31", "since=%00", "until=1970-01-02"]
)
def test_odd_days_are_reported_and_left_out(publisher, query):
    assert publisher.get(f"{REPORTS}decisions/?{query}").status_code == 200
    assert publisher.get(f"{REPORTS}nonsense/").status_code == 404


def test_a_report_shows_the_period_that_it_has(publisher):
    def page(report: str) -> str:
        return publisher.get(f"{DESK}reports/{report}/").content.decode()

    today = timezone.localdate()
    assert f'value="{today:%Y-%m-%d}"' in page("spikes")
    assert f'value="{today - timedelta(days=29):%Y-%m-%d}"' in page("spikes")
    assert 'type="date"' not in page("queue")
    assert "Period:" not in page("queue")


def test_a_chart_writes_days_as_its_table_does(publisher, by):
    operations.hold(builders.article(), by=by)
    page = publisher.get(f"{REPORTS}decisions/").content.decode()
    day = re.search(r'class="bar-label">([^<]*)<', page)[1]
    assert f"<td>{day}</td>" in page
    assert str(timezone.localdate()) not in page.split('class="chart"')[1]


def test_a_story_in_a_report_leads_to_its_page(publisher, by):
    story = builders.article("Low", quality=10)
    operations.publish(story, by=by)
    assert f'<a href="{DESK}articles/{story.pk}/">Low</a>' in publisher.get(f"{REPORTS}overrides/").content.decode()
