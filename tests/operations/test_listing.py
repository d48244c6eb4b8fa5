"""Where lists for readers put a story in time, after each act that may change it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles import operations
from articles.models import Article, ArticleTopic, Operation
from tests import builders
from tests.documents import document
from tests.random_walks import Clock

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


@pytest.fixture
def shown_before(clock) -> Article:
    """A newsroom that has shown a story."""
    return builders.article("Shown before", published_at=clock.moment - HOUR)


def hidden(clock: Clock, age: timedelta, **values: object) -> Article:
    return builders.article(published_at=clock.moment - age, published=False, **values)


def stored(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


def dated(moment: datetime) -> str:
    time = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    url = f"https://courier.example/{moment:%j%H%M}"
    return document(publishedDateTime=time, title=f"Story of {moment:%j %H%M}", webUrl=url)


def run_import(folder, **moments: datetime) -> dict[str, Article]:
    for name, moment in moments.items():
        (folder / f"2020-06-09-{name}.md").write_text(dated(moment))
    call_command("import_articles", folder, verbosity=0)
    return {article.name.removeprefix("2020-06-09-"): article for article in Article.objects.all()}


class TestPublishing:
    def test_a_story_published_now_and_dated_four_days_ago_is_first_everywhere(self, client, clock, shown_before):
        article = hidden(clock, 4 * DAY, topics=["AI"])
        builders.topic("AI")
        operations.publish(article)
        for url in ("/latest/", "/topics/ai/", "/providers/courier.example/", "/search/?provider=courier.example"):
            page = client.get(url).content.decode()
            assert page.index(article.title) < (page + shown_before.title).index(shown_before.title), url
        for url in ("/feeds/latest.json", "/topics/ai/feed.json", "/providers/courier.example/feed.json"):
            first = client.get(url).json()["items"][0]
            assert first["title"] == article.title
            assert first["date_published"][:16] == f"{clock.moment:%Y-%m-%dT%H:%M}"
        assert client.get("/api/news/index.json").json()["value"][0]["title"] == shown_before.title

    def test_a_story_older_than_the_policy_allows_stands_at_its_own_date(self, clock, shown_before):
        article = hidden(clock, 8 * DAY)
        operations.publish(article)
        assert stored(article).listed_at == article.published_at
        other = hidden(clock, 8 * DAY)
        operations.change_policy({"late_days": 9})
        operations.publish(other)
        assert stored(other).listed_at > clock.moment - MINUTE
        operations.edit(article, title="Gale")
        assert stored(article).listed_at == article.published_at  # a policy moves nothing that is listed already

    def test_a_date_in_the_future_gains_nothing(self, client, clock, shown_before):
        ahead = builders.article("From the future", published_at=clock.moment + 5 * 365 * DAY, published=False)
        operations.publish(ahead)
        clock.moment += MINUTE
        other = hidden(clock, timedelta())
        operations.publish(other)
        for url in ("/", "/latest/", "/feeds/latest.atom"):
            page = client.get(url).content.decode()
            assert page.index(other.title) < page.index(ahead.title), url
        assert stored(ahead).listed_at < clock.moment
        assert stored(ahead).hot < stored(other).hot

    def test_a_corrected_date_lists_a_story_as_if_it_had_come_so(self, clock, shown_before):
        article = hidden(clock, HOUR)
        operations.publish(article)
        first = stored(article).listed_at
        operations.edit(article, published_at=clock.moment - 20 * DAY)
        assert stored(article).listed_at == stored(article).published_at
        operations.edit(article, published_at=clock.moment + 20 * DAY)
        assert stored(article).listed_at == first

    @pytest.mark.slow
    def test_a_story_that_returns_keeps_its_place(self, clock, shown_before):
        article = hidden(clock, HOUR)
        operations.publish(article)
        first = stored(article).listed_at
        for act in (operations.hold, operations.publish, operations.spike, operations.reopen, operations.publish):
            clock.moment += DAY
            act(article)
            assert stored(article).listed_at == first
        operation = operations.delete(Article.objects.filter(pk=article.pk)).operation
        clock.moment += DAY
        operations.undo(operation)
        assert stored(article).listed_at == first

    @pytest.mark.parametrize(("wait", "is_cleared"), [(HOUR - MINUTE, True), (HOUR + MINUTE, False)])
    def test_undo_of_the_first_publication_clears_it_within_an_hour(self, clock, shown_before, wait, is_cleared):
        article = hidden(clock, 2 * HOUR)
        operation = operations.publish(article).operation
        clock.moment += wait
        operations.undo(operation)
        assert (stored(article).first_shown_at is None) is is_cleared
        clock.moment += DAY
        operations.publish(article)
        assert (stored(article).listed_at > clock.moment - HOUR) is is_cleared

    @pytest.mark.slow
    def test_undo_of_a_later_act_does_not_clear_it(self, clock, shown_before):
        article = hidden(clock, 2 * HOUR)
        operations.publish(article)
        operation = operations.edit(article, title="Gale").operation
        operations.hold(article)
        operations.undo(operation)
        assert stored(article).first_shown_at is not None

    def test_unscored_stories_that_the_policy_shows(self, clock, shown_before):
        operations.change_policy({"publish_unscored": False})
        article = builders.article(quality=None, heat=None, published_at=clock.moment - 2 * DAY, topics=["AI"])
        Article.objects.filter(pk=article.pk).update(public=False, first_shown_at=None, listed_at=article.published_at)
        operations.change_policy({"publish_unscored": True})
        listed_at = stored(article).listed_at
        assert listed_at > clock.moment - MINUTE
        assert ArticleTopic.objects.get().listed_at == listed_at
        operations.undo(Operation.objects.latest("pk"))
        assert stored(article).listed_at == ArticleTopic.objects.get().listed_at == article.published_at


class TestSchedules:
    def test_a_schedule_sets_it_ahead_and_moves_it_until_it_begins(self, clock, shown_before):
        article = hidden(clock, HOUR)
        begin = clock.moment + DAY
        operations.schedule(article, publish_at=begin)
        assert stored(article).listed_at == begin
        operations.schedule(article, publish_at=begin + DAY)
        assert stored(article).listed_at == begin + DAY
        operations.schedule(article, publish_at=begin)
        clock.moment = begin + HOUR
        operations.schedule(article, publish_at=begin + 3 * DAY)
        assert stored(article).listed_at == begin

    def test_a_schedule_that_is_cancelled_leaves_nothing(self, clock, shown_before):
        article = hidden(clock, HOUR)
        operations.schedule(article, publish_at=clock.moment + DAY)
        operations.hold(article)
        assert (stored(article).first_shown_at, stored(article).listed_at) == (None, article.published_at)


class TestImports:
    def test_the_first_import_counts_as_an_archive(self, clock, tmp_path):
        now = clock.moment.replace(microsecond=0)
        articles = run_import(tmp_path, old=now - 900 * DAY, recent=now - 2 * DAY, ahead=now + 90 * DAY)
        assert articles["old"].listed_at == articles["old"].published_at
        assert articles["recent"].listed_at == articles["recent"].published_at
        assert now < articles["ahead"].listed_at < now + MINUTE
        assert articles["ahead"].hot == articles["ahead"].hot_now()
        operations.edit(articles["recent"], published_at=now - 3 * DAY)
        assert stored(articles["recent"]).listed_at == now - 3 * DAY

    @pytest.mark.slow
    def test_an_archive_moves_nothing_at_the_top_of_a_newsroom_that_has_shown_stories(
        self, client, clock, shown_before, tmp_path
    ):
        now = clock.moment
        run_import(tmp_path, **{f"old-{number}": now - (8 + number) * DAY for number in range(30)})
        titles = re.findall(r"Shown before|Story of", client.get("/latest/").content.decode())
        assert titles[0] == "Shown before"
        assert client.get("/feeds/latest.json").json()["items"][0]["title"] == "Shown before"

    def test_what_comes_fresh_is_listed_at_the_end_of_the_import(self, clock, shown_before, tmp_path):
        now = clock.moment.replace(microsecond=0)
        articles = run_import(tmp_path, fresh=now - 4 * DAY, ahead=now + 90 * DAY)
        listed_at = articles["fresh"].listed_at
        assert listed_at == articles["ahead"].listed_at == articles["fresh"].first_shown_at > now
        assert set(ArticleTopic.objects.values_list("listed_at", flat=True)) == {listed_at}
        assert [article.hot for article in articles.values()] == [article.hot_now() for article in articles.values()]

    @pytest.mark.slow
    def test_a_document_dated_ahead_is_a_warning_of_import_row_and_view(
        self, admin_client, clock, shown_before, tmp_path
    ):
        now = clock.moment.replace(microsecond=0)
        report = tmp_path / "report.jsonl"
        (tmp_path / "2020-06-09-ahead.md").write_text(dated(now + 20 * MINUTE))
        (tmp_path / "2020-06-09-near.md").write_text(dated(now + 5 * MINUTE))
        call_command("import_articles", tmp_path, verbosity=0, report=str(report))
        assert report.read_text().count("is dated in the future: 2020-06-10 08:20") == 1
        assert report.read_text().count("is dated in the future") == 1
        view = "/admin/desk/?view=warnings"
        page = admin_client.get(view)
        assert [row.article.title for row in page.context["rows"]] == ["Story of 162 0820"]
        assert "dated in the future" in page.content.decode()
        clock.moment += 15 * MINUTE
        assert "Story of 162 0820" not in admin_client.get(view).content.decode()


class TestPages:
    def test_cards_tell_when_a_story_was_added_if_that_is_more_than_a_day_apart(self, client, clock, shown_before):
        near, far = hidden(clock, DAY - HOUR), hidden(clock, 3 * DAY)
        operations.publish(near)
        page = client.get("/latest/").content.decode()
        assert "added" not in page
        operations.publish(far)
        page = client.get("/latest/").content.decode()
        assert re.search('added <time[^>]*title="10 June 2020', page)

    def test_a_day_of_the_archive_goes_by_publication(self, client, clock, shown_before):
        article = hidden(clock, 3 * DAY)
        operations.publish(article)
        assert article.title in client.get("/archive/2020/06/07/").content.decode()
        assert article.title not in client.get("/archive/2020/06/10/").content.decode()
