"""What operations write into the publication record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles import operations
from articles.models import Appearance, Article, Operation, Topic
from providers.models import Provider
from tests import builders
from tests.documents import document
from tests.random_walks import Clock
from tests.record import record_built_articles, wrong_records

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


def recorded_article(title: str = "", **values) -> Article:
    article = builders.article(title, **values)
    record_built_articles()
    return article


def periods(article: Article) -> list[tuple]:
    """Return start, end and pick of the article's periods."""
    rows = Appearance.objects.filter(article_id=article.pk).order_by("starts_at", "pk")
    return list(rows.values_list("starts_at", "ends_at", "pick"))


def test_operations_begin_and_end_periods(clock):
    article = recorded_article(published=None)
    published = operations.publish(article).operation
    held = operations.hold(article).operation

    row = Appearance.objects.get()
    assert (row.name, row.article_id, row.provider_id) == (article.name, article.pk, article.provider_id)
    assert (row.began_by, row.ended_by) == (published, held)
    assert (row.starts_at, row.ends_at) == (published.at, held.at)
    assert (row.scheduled_start, row.scheduled_end) == (False, False)
    article.refresh_from_db()
    assert (row.heat, row.rank, row.outlets, row.listed_at) == (80, article.hot, 1, article.listed_at)


def test_a_schedule_is_written_ahead_and_replaced_when_it_changes(clock):
    article = recorded_article(published=None)
    begin = clock.moment + 9 * HOUR
    operations.schedule(article, publish_at=begin)
    assert periods(article) == [(begin, None, False)]

    operations.schedule(article, publish_at=begin + HOUR, unpublish_at=begin + 2 * HOUR)
    assert periods(article) == [(begin + HOUR, begin + 2 * HOUR, False)]

    operations.hold(article)
    assert periods(article) == []


def test_a_schedule_called_off_shortly_before_it_begins_leaves_an_empty_period(clock):
    """Somebody may have seen it: operations are stored later than their time says."""
    article = recorded_article(published=None)
    begin = clock.moment + 9 * HOUR
    operations.schedule(article, publish_at=begin)
    clock.moment = begin - MINUTE
    held = operations.hold(article).operation

    assert periods(article) == [(begin, begin, False)]
    assert Appearance.objects.get().ended_by == held
    assert wrong_records() == []


def test_an_end_that_was_near_is_not_moved(clock):
    """Somebody may have seen the story gone, and has to see it return."""
    article = recorded_article()
    record_end = clock.moment + 9 * HOUR
    operations.schedule(article, unpublish_at=record_end)
    operations.schedule(article, unpublish_at=record_end - HOUR)
    assert [ends_at for _, ends_at, _ in periods(article)] == [record_end - HOUR]

    clock.moment = record_end - HOUR - MINUTE
    extended = operations.schedule(article, unpublish_at=record_end + HOUR).operation

    assert [ends_at for _, ends_at, _ in periods(article)] == [extended.at, record_end + HOUR]


def test_a_pick_ends_by_the_clock(clock):
    article = recorded_article()
    until = clock.moment + 3 * HOUR
    picked = operations.pick(article, until).operation

    assert periods(article)[1:] == [(picked.at, until, True), (until, None, False)]
    clock.moment = until
    assert wrong_records() == []


@pytest.mark.parametrize(
    ("change", "opens"),
    [
        (lambda article: operations.edit(article, title="Another title"), True),
        (lambda article: operations.set_topics(Article.objects.filter(pk=article.pk), add=["Vaccines"]), True),
        (lambda article: operations.edit_reference(article.provider, {"name": "Herald"}), True),
        (lambda article: operations.edit_reference(Topic.objects.get(name="AI"), {"name": "Machines"}), True),
        (lambda article: operations.edit_reference(builders.topic("Other"), {"name": "Others"}), False),
        (lambda article: operations.edit_reference(builders.provider("Other"), {"name": "Others"}), False),
        (lambda article: operations.edit(article, note="Ask the port."), False),
        (lambda article: operations.edit(article, body="Text under the front matter."), False),
    ],
)
def test_what_readers_notice_opens_a_period(clock, change, opens):
    builders.topic("Vaccines")
    article = recorded_article(topics=["AI"])
    [(began_at, _, _)] = periods(article)
    operation = change(article).operation

    article.refresh_from_db()
    assert periods(article) == (
        [(began_at, operation.at, False), (operation.at, None, False)] if opens else [(began_at, None, False)]
    )
    assert wrong_records() == []


def test_a_renamed_outlet_keeps_planned_ends(clock):
    article = recorded_article()
    end = clock.moment + 9 * HOUR
    operations.schedule(article, unpublish_at=end)
    operations.edit_reference(Provider.objects.get(), {"name": "Herald"})

    assert list(Appearance.objects.order_by("pk").values_list("scheduled_end", flat=True)) == [False, True]
    assert periods(article)[1][1] == end


def test_a_deleted_article_stays_in_the_record_and_returns_with_undo(clock):
    article = recorded_article()
    deleted = operations.delete(Article.objects.all()).operation
    assert Appearance.objects.get(article_id=article.pk, name=article.name).ended_by == deleted

    restored = operations.undo(deleted).operation
    assert [row[:2] for row in periods(article)[1:]] == [(restored.at, None)]
    assert wrong_records() == []


def test_an_import_begins_the_periods_of_the_articles_that_readers_see(clock, tmp_path):
    for name, published in {"shown": "true", "hidden": "false"}.items():
        url = f"https://www.courier.example/{name}"
        (tmp_path / f"2020-06-09-{name}.md").write_text(document(title=name, webUrl=url, published=published))
    call_command("import_articles", tmp_path, verbosity=0)

    row, article, operation = Appearance.objects.get(), Article.objects.get(title="shown"), Operation.objects.get()
    assert (row.article_id, row.name, row.version) == (article.pk, article.name, article.version)
    assert (row.starts_at, row.ends_at, row.began_by, row.ended_by) == (operation.at, None, operation, None)
    assert (row.rank, row.heat, row.listed_at) == (article.hot, article.heat, article.listed_at)
    assert (row.outlets, row.pick, row.pick_place, row.off_front) == (2, False, None, article.off_front)
    assert wrong_records() == []


def test_outlets_of_the_coverage_are_counted_again_when_a_member_disappears(clock):
    lead = builders.article()
    member = builders.folded(lead, provider=builders.provider("Herald", "herald.example"))
    record_built_articles()
    operations.edit(member, removed=True)

    assert list(Appearance.objects.order_by("pk").values_list("article_id", "outlets")) == [(lead.pk, 2), (lead.pk, 1)]


def test_outlets_are_counted_again_when_a_listed_story_of_its_own_is_deleted(clock):
    story = builders.article(heat=90)  # the policy's value, so that only its coverage changes
    other = builders.article(provider=builders.provider("Herald", "herald.example"))
    builders.related(story, other)
    record_built_articles()
    operations.delete(Article.objects.filter(pk=other.pk))

    assert wrong_records() == []
    assert Appearance.objects.filter(article_id=story.pk).order_by("pk").last().outlets == 2


def test_the_record_takes_the_same_queries_for_one_article_and_for_many(clock, count_queries):
    def cost(articles: int) -> int:
        rows = [builders.article() for _ in range(articles)]
        record_built_articles()
        with count_queries() as queries:
            operations.hold(Article.objects.filter(pk__in=[row.pk for row in rows]))
        return sum("articles_appearance" in query["sql"] for query in queries)

    operations.change_policy({"publish_threshold": 60})  # stores the policy's row
    assert cost(5) == cost(1)
    assert Operation.objects.filter(verb="hold").count() == 2
