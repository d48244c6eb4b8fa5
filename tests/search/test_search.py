"""Search finds and ranks the same on both databases."""

import pytest
from django.core.cache import cache

from articles import search
from articles.models import Article
from articles.search import postgresql, sqlite
from tests import builders
from tests.search.texts import HOSTILE, titles

db = pytest.mark.django_db


def texts(ids, field="title"):
    values = dict(Article.objects.values_list("pk", field))
    return [values[pk] for pk in ids]


@db
@pytest.mark.parametrize(
    "text",
    [
        "glacier",
        "GLACIERS",
        "melting glacier",
        "swiss",
        "glacier courier",
        "climate",
        '"climate change"',
        '"glaciers melt"',
        "zürich",
        "Zurich",
        "zu\u0308rich",
        "glacier -football",
        "co2-neutral",
        "m²",
        "-football",
        "Glacier!",
    ],
)
def test_an_article_is_found_by(text):
    builders.article(
        "Glaciers melt in Zürich",
        excerpt="The Swiss plan to be CO2-neutral. They lose 5 m² a day.",
        provider=builders.provider("Alpine Courier", "alpine.example"),
        topics=["Climate change", "Science"],
    )
    builders.article("Football results", topics=["Sport"])

    assert titles(text) == ["Glaciers melt in Zürich"]


@db
@pytest.mark.parametrize(
    "text",
    [
        "glacier volcano",
        '"melt glaciers"',
        '"zurich the swiss"',
        '"neutral alpine"',
        "glacier -melting",
        'glacier -"alpine courier"',
        "glac",
        "-glacier",
    ],
)
def test_an_article_is_not_found_by(text):
    builders.article(
        "Glaciers melt in Zürich",
        excerpt="The Swiss plan to be CO2-neutral.",
        provider=builders.provider("Alpine Courier", "alpine.example"),
        topics=["Climate change", "Science"],
    )

    assert titles(text) == []


@db
def test_accents_make_no_difference_in_any_script():
    builders.article("Ελλάδα, зелёный свет")

    for text in ("ελλαδα", "ΕΛΛΑΔΑ", "Ελλάδα", "зеленый", "зелёный"):
        assert titles(text) == ["Ελλάδα, зелёный свет"], text


@db
def test_stop_words_are_found():
    builders.article("Who warns")
    builders.article("Nobody warns")

    assert titles("WHO") == ["Who warns"]


@db
def test_chinese_is_found_by_runs_and_parts_of_them():
    builders.article("新冠疫情 最新消息")

    assert titles("新冠疫情") == ["新冠疫情 最新消息"]
    assert titles("新冠") == ["新冠疫情 最新消息"]


@db
@pytest.mark.parametrize("text", ["", " ", '"', "-", "🙂", "\0", "()", "№"])
def test_without_words_everything_matches(text):
    articles = Article.objects.public()

    assert search.matching(articles, text) is articles


@pytest.mark.slow
@db
def test_any_text_is_a_valid_query():
    builders.article("a b c 新冠 é")

    for text in HOSTILE:
        list(search.matching(Article.objects.all(), text).newest_first()[:5])
        search.most_relevant(Article.objects.all(), text, size=25)


@pytest.fixture(params=["few", "many"])
def plan(request, monkeypatch):
    """Use each query plan of the databases, whatever the number of matches."""
    few = request.param == "few"
    monkeypatch.setattr(sqlite, "MANY", 5000 if few else 0)
    monkeypatch.setattr(postgresql, "SAMPLE", 0 if few else 1000)
    monkeypatch.setattr(postgresql, "DENSE", dict.fromkeys(postgresql.DENSE, 1 if few else 0))


@db
@pytest.mark.usefixtures("plan")
def test_matches_can_be_filtered_ordered_sliced_and_counted():
    at = builders.MORNING
    for name in ("b", "a", "a-b"):  # ties go by file name
        builders.article(f"Storm {name}", name=f"2020-06-09-{name}", published_at=at, topics=["Weather"])
    builders.article("Storm hidden", heat=10, published_at=at)
    weather = builders.topic("Weather")

    assert titles("storm", Article.objects.public()) == ["Storm a-b", "Storm a", "Storm b"]
    matches = search.matching(Article.objects.with_topics([weather]), "storm")
    assert matches.filter(name="2020-06-09-a").get().title == "Storm a"
    assert [article.title for article in matches.newest_first()[1:3]] == ["Storm a", "Storm b"]
    assert matches.count() == 3
    assert search.count(Article.objects.with_topics([weather]), "storm", up_to=3) == (3, True)
    assert search.count(Article.objects.all(), "storm", up_to=2) == (3, False)
    assert search.count(Article.objects.all(), "storm -hidden", up_to=1) == (2, False)
    assert search.count(Article.objects.all(), "-hidden", up_to=1) == (2, False)
    assert search.matching(Article.objects.filter(topics=weather), "storm").count() == 3
    assert Article.objects.exclude(pk__in=matches).get().title == "Storm hidden"
    assert search.matching(matches, "hidden").count() == 0
    assert matches.update(heat=75) == 3


@db
def test_a_search_takes_the_same_queries_for_one_match_and_for_many(count_queries):
    def costs(matches):
        with count_queries() as newest:
            assert len(search.matching(Article.objects.all(), "storm").newest_first()) == matches
        with count_queries() as most_relevant:
            assert len(search.most_relevant(Article.objects.all(), "storm", size=25)) == matches
        postgresql.to_tsquery.cache_clear()
        cache.clear()  # PostgreSQL's sample of matches
        return len(newest), len(most_relevant)

    builders.article("Storm")
    for_one = costs(1)
    for _ in range(4):
        builders.article("Storm")
    assert costs(5) == for_one


@db
def test_the_most_relevant_come_first():
    builders.article("Nothing here", excerpt="A storm, they say, in a long text about something else entirely.")
    builders.article("Storm over Paris", excerpt="Wind.")
    builders.article("Quiet", topics=["Storm"])

    assert texts(search.most_relevant(Article.objects.all(), "storm", size=25)) == [
        "Storm over Paris",
        "Quiet",
        "Nothing here",
    ]
    assert texts(search.most_relevant(Article.objects.all(), "storm", start=1, size=1)) == ["Quiet"]


@db
def test_of_equally_relevant_articles_the_newer_comes_first_and_only_the_newest_are_compared(monkeypatch):
    builders.article("Storm storm", name="2020-01-01-old", excerpt="Storm.")
    builders.article("Storm", name="2020-01-02-first")
    builders.article("Storm", name="2020-01-03-second")
    monkeypatch.setattr(search, "RANKED_MAX", 2)

    assert texts(search.most_relevant(Article.objects.all(), "storm", size=25), "name") == [
        "2020-01-03-second",
        "2020-01-02-first",
    ]
    assert texts(search.most_relevant(Article.objects.all(), "-wind", size=25), "name") == [
        "2020-01-03-second",
        "2020-01-02-first",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("sample", "dense"), [(200, 100), (2, 2), (2, 3)])
def test_the_newest_matches_are_the_same_with_every_plan(monkeypatch, sample, dense):
    """Few or many, dense or sparse: the plan differs, the matches don't."""
    articles = [builders.article(f"Storm number {number}") for number in range(6)]
    builders.article("Bridge")
    for name, value in (("MANY", 3), ("SAMPLE", sample), ("DENSE", dense)):
        monkeypatch.setattr(sqlite, name, value)

    rows = search.matching(Article.objects.all(), "storm", newest=True).newest_first()

    assert list(rows) == articles[::-1]


@pytest.mark.django_db
def test_has_many_matches_compares_with_a_maximum(monkeypatch):
    for _ in range(3):
        builders.article("Storm")
    monkeypatch.setattr(search, "MANY", 2)

    assert search.has_many_matches("storm")
    assert not search.has_many_matches("bridge")
    assert not search.has_many_matches("-storm")
