"""Keyset pagination is complete, stable while stories arrive, and tolerates invalid cursors."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.models import Article, ArticleTopic, Topic
from articles.public import pagination
from articles.public.pagination import PageCursor, page_for_providers, page_for_topics, paginate
from tests import builders
from tests.builders import MORNING

NOON = datetime(2020, 6, 9, 12, 37, tzinfo=UTC)
OLD = datetime(987, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cursor", "text"),
    [
        (PageCursor(NOON, NOON, "2020-06-09-a-b"), "20200609T123700Z-2020-06-09-a-b"),
        (PageCursor(*[NOON.replace(microsecond=120)] * 2, "x"), "20200609T123700.000120Z-x"),
        (PageCursor(OLD, OLD, "ünë/x -"), "09870102T000000Z-ünë/x -"),
        (PageCursor(NOON, OLD, "2020-06-09-a"), "20200609T123700Z-09870102T000000Z-2020-06-09-a"),
    ],
)
def test_a_cursor_is_readable_and_survives_a_round_trip(cursor, text):
    assert str(cursor) == text
    assert PageCursor.parse(text) == cursor


@pytest.mark.parametrize(
    "text",
    ["", "x", "-", "7", "20200609T123700Z", "20200609T123700Z-", "20201309T123700Z-x", "00000609T123700Z-x"]
    + ["20200609T123700Z-x\0", "2020-06-09", "' OR 1=1 --", "20200609T123700+0200-x", "٢٠٢٠٠٦٠٩-x", "9" * 5000 + "-x"],
)
def test_anything_else_is_not_a_cursor(text):
    assert PageCursor.parse(text) is None


@pytest.mark.django_db
class TestPages:
    def walk(self, size):
        names_by_key = dict(Article.objects.values_list("pk", "name"))
        names, before = [], ""
        while True:
            page = paginate(Article.objects.public(), before, size=size)
            names.append([names_by_key[pk] for pk in page.ids])
            if page.older is None:
                return names
            before = str(page.older)

    def test_the_pages_together_are_the_whole_list_in_its_order(self):
        for number in range(7):
            builders.article(name=f"2020-06-09-{number}", published_at=MORNING + timedelta(hours=number // 3))
        for number in range(4):  # listed at one moment, later than they were published
            article = builders.article(name=f"2020-06-08-{number}", published_at=MORNING - timedelta(hours=number // 2))
            Article.objects.filter(pk=article.pk).update(listed_at=MORNING)
        expected = [article.name for article in Article.objects.public().latest_first()]
        for size in (1, 2, 3, 7, 8, 11, 12):
            pages = self.walk(size)
            assert [name for page in pages for name in page] == expected
            assert all(len(page) == size for page in pages[:-1])

    def test_ties_are_ordered_by_file_name(self):
        for name in ("2020-06-09-a", "2020-06-09-b", "2020-06-09-a-b", "2020-06-09-a-"):
            builders.article(name=name, published_at=MORNING)
        assert [name for page in self.walk(1) for name in page] == [
            "2020-06-09-a-",
            "2020-06-09-a-b",
            "2020-06-09-a",
            "2020-06-09-b",
        ]

    def test_a_full_last_page_has_no_next_page(self):
        for _ in range(4):
            builders.article()
        assert len(self.walk(2)) == 2

    def test_new_and_withdrawn_articles_dont_shift_the_next_page(self):
        rows = [builders.article() for _ in range(6)]
        first = paginate(Article.objects.public(), "", size=3)
        before = paginate(Article.objects.public(), str(first.older), size=3).ids
        builders.article("A newer one")
        Article.objects.filter(pk=rows[3].pk).delete()  # the very one at which the page ended
        assert paginate(Article.objects.public(), str(first.older), size=3).ids == before

    def test_an_invalid_cursor_gives_the_first_page(self):
        builders.article("The only one")
        page = paginate(Article.objects.public(), "nonsense")
        assert page.ids == [Article.objects.get(title="The only one").pk]
        assert page.cursor is None

    def test_the_condition_starts_in_the_index(self):
        with CaptureQueriesContext(connection) as queries:
            paginate(Article.objects.public(), "20200609T123700Z-x")
        assert '"listed_at" <= ' in queries[0]["sql"]


@pytest.mark.django_db
class TestPagesOfTopics:
    def walk(self, topics, size):
        names_by_key = dict(Article.objects.values_list("pk", "name"))
        names, before = [], ""
        while True:
            page = page_for_topics([topic.pk for topic in topics], before, size=size)
            names += [names_by_key[pk] for pk in page.ids]
            if page.older is None:
                return names
            before = str(page.older)

    def test_pages_hold_the_public_articles_of_any_of_the_topics_once(self, monkeypatch):
        names = ["AI", "Weather", "Trade"]
        for number in range(20):
            topics = [name for place, name in enumerate(names) if number % (place + 2) == 0]
            published = {"published": False, "quality": 20} if number % 7 == 3 else {}
            builders.article(topics=topics, published_at=MORNING + timedelta(hours=number // 3), **published)
        topics = [builders.topic(name) for name in names]
        expected = [article.name for article in Article.objects.public().with_topics(topics).latest_first()]
        for size in (1, 4, 25):
            assert self.walk(topics, size) == expected
        monkeypatch.setattr(pagination, "UNION_MAX", 2)
        assert self.walk(topics, 3) == expected
        assert self.walk([], 3) == []

    def test_two_and_more_topics_take_the_same_queries(self, count_queries):
        builders.article(topics=["AI", "Weather", "Trade"])
        keys = list(Topic.objects.values_list("pk", flat=True))
        with count_queries() as for_two:
            assert page_for_topics(keys[:2], "").ids
        with count_queries() as for_three:
            assert page_for_topics(keys, "").ids
        assert len(for_three) == len(for_two)

    def test_an_article_with_a_new_time_moves(self):
        old, new = builders.article("Old", topics=["AI"]), builders.article("New", topics=["AI"])
        topic = builders.topic("AI")
        assert self.walk([topic], 5) == [new.name, old.name]
        operation = operations.edit(old, published_at=new.published_at + timedelta(days=1)).operation
        assert self.walk([topic], 5) == [old.name, new.name]
        operations.undo(operation)
        assert self.walk([topic], 5) == [new.name, old.name]

    def test_topics_added_later_have_the_articles_time(self):
        article = builders.article()
        builders.topic("AI")
        operations.set_topics(article, ["AI"])
        assert ArticleTopic.objects.get().published_at == article.published_at
        assert ArticleTopic.objects.get().listed_at == article.listed_at
        assert self.walk([builders.topic("AI")], 5) == [article.name]


@pytest.mark.django_db
def test_pages_of_a_domain_hold_all_its_names(django_assert_max_num_queries):
    outlets = [builders.provider(name, "one.example") for name in ("One", "One Plus", "One More")]
    for number in range(12):
        builders.article(provider=outlets[number % 3])
    builders.article(provider=builders.provider("Other", "other.example"))
    keys = [outlet.pk for outlet in outlets]
    expected = list(Article.objects.filter(provider__in=keys).latest_first().values_list("pk", flat=True))
    found, before = [], ""
    for _ in range(3):
        with django_assert_max_num_queries(4):
            page = page_for_providers(keys, before, size=5)
        found += page.ids
        before = str(page.older)
    assert found == expected
