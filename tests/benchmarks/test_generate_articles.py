"""Generated articles: proportions, rules and repeatability; and the command that stores them."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.exchange.format.document import Document
from articles.exchange.format.parse import parse_file
from articles.exchange.format.write import document_text
from articles.exchange.loading import load_documents
from articles.models import Article, RelatedLink, Topic, Verb
from articles.rules import slugs
from articles.rules.scoring import FOLDED_HEAT, Policy
from articles.search import matching
from articles.stories import duplicates, links, placement
from benchmarks.generator import articles as generator
from benchmarks.generator import bulk_load, vocabulary
from benchmarks.generator.complete_stories import insert_complete_stories
from benchmarks.generator.producer import ProducerDiedError, produce_in_process
from benchmarks.generator.search_triggers import missing_triggers
from providers.models import Provider
from tests import builders

pytestmark = pytest.mark.integration  # makes and stores hundreds of articles, some in another process

COMMAND = "benchmarks.management.commands.generate_articles"


def stories(count: int, seed: int = 1, policy: Policy | None = None) -> list[list[Document]]:
    return list(generator.documents(count, seed=seed, policy=policy or Policy()))


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [document for story in stories(2000) for document in story]


def text_of(document: Document) -> set[str]:
    return set(re.findall(r"[a-z]+", f"{document.title} {document.excerpt}".lower()))


# The proportions of the format's largest archive


@pytest.mark.parametrize(
    ("share", "holds"),
    [
        (0.14, lambda document: document.published is True),
        (0.144, lambda document: document.heat == FOLDED_HEAT),
        (0.103, lambda document: document.heat != FOLDED_HEAT and document.related),
        (0.02, lambda document: document.quality is None),
        (0.25, lambda document: not document.images),
        (0.56, lambda document: document.amp_url),
        (0.99, lambda document: "Energy" in document.topics),
        (0.05, lambda document: "Solar Power" in document.topics),
        (0.5, lambda document: vocabulary.COMMON in text_of(document)),
        (0.1, lambda document: not text_of(document).isdisjoint(vocabulary.RARE)),
    ],
)
def test_proportions_are_those_of_real_newsrooms(documents, share, holds):
    actual = sum(bool(holds(document)) for document in documents) / len(documents)
    assert actual == pytest.approx(share, abs=4 * (share * (1 - share) / len(documents)) ** 0.5)


def test_a_fiftieth_of_the_articles_has_the_url_of_another(documents):
    urls = Counter(document.web_url for document in documents)
    assert len(documents) - len(urls) == pytest.approx(40, abs=25)


def test_few_outlets_write_much_and_many_write_little(documents):
    written = Counter(document.provider.domain for document in documents)
    assert len(written) > 500
    assert 0.02 < written.most_common(1)[0][1] / len(documents) < 0.06


def test_dates_rise_over_ten_years(documents):
    days = [story[0].published_at.date() for story in stories(300)]
    assert (max(days) - min(days)).days > 3600
    assert documents[-1].published_at < generator.DEFAULT_UNTIL
    begins = [min(document.published_at for document in story) for story in stories(300)]
    assert begins == sorted(begins)


def test_rare_and_common_words_are_not_in_other_texts():
    lists = [
        vocabulary.PLACES,
        vocabulary.ACTORS,
        vocabulary.VERBS,
        vocabulary.ADJECTIVES,
        vocabulary.THINGS,
        vocabulary.CAUSES,
        vocabulary.GROUPS,
    ]
    lists += [
        vocabulary.UNITS,
        vocabulary.OPENINGS,
        vocabulary.CLOSINGS,
        vocabulary.TITLES,
        vocabulary.EXCERPTS,
        vocabulary.PAPERS,
    ]
    elsewhere = set(re.findall(r"[a-z]+", " ".join(text for texts in lists for text in texts).lower()))
    assert len(set(vocabulary.RARE)) == len(vocabulary.RARE) == 100
    assert elsewhere.isdisjoint([*vocabulary.RARE, vocabulary.COMMON])


# The rules


def test_names_are_unique_and_made_from_date_and_title(documents):
    assert len({document.name for document in documents}) == len(documents) == 2000
    for document in documents:
        assert document.name == slugs.document_name(document.published_at, document.title)


def test_every_document_equals_the_parse_of_its_text(documents):
    for document in documents:
        text = document_text(document).encode()
        assert parse_file(text, "made up", document.name) == document


@pytest.mark.parametrize("policy", [Policy(), Policy(publish_threshold=100, related_bonus=20, bonus_floor=0)])
def test_a_published_article_has_the_heat_for_it(policy):
    for story in stories(300, policy=policy):
        for document in story:
            if document.quality is not None and document.heat is not None:
                bonus = policy.related_bonus * len(document.related) if document.quality >= policy.bonus_floor else 0
                assert document.heat in (FOLDED_HEAT, document.quality + bonus)
                assert document.published is (document.heat >= policy.publish_threshold)


def test_a_story_lists_all_its_members_best_first_and_has_one_lead():
    with_members = [story for story in stories(600) if any(document.related for document in story)]
    assert len(with_members) > 40
    for story in with_members:
        assert [document.heat == FOLDED_HEAT for document in story] == [False] + [True] * (len(story) - 1)
        for document in story:
            assert {other.title for other in story if other is not document} <= {
                link.title for link in document.related
            }
            qualities = [link.quality for link in document.related]
            assert qualities == sorted(qualities, reverse=True)


def test_the_same_seed_makes_the_same_documents_and_another_does_not():
    assert stories(200) == stories(200)
    assert stories(200, seed=2) != stories(200)


@pytest.mark.parametrize("count", [1, 2, 3, 37])
def test_exactly_the_requested_number_of_documents_is_generated(count):
    assert sum(map(len, stories(count))) == count


def test_batches_hold_whole_stories():
    grouped = list(generator.batches(stories(300), 20))
    assert [story for batch in grouped for story in batch] == stories(300)
    for batch in ([document for story in stories for document in story] for stories in grouped):
        assert 1 <= len(batch) <= 20
        titles = {document.title for document in batch}
        leads = {document.related[0].title for document in batch if document.heat == FOLDED_HEAT}
        assert leads <= titles


# The command


def generate(*arguments: object, **options: object) -> str:
    out = StringIO()
    call_command("generate_articles", *arguments, stdout=out, verbosity=0, **options)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_generated_articles_are_stored_as_an_import_stores_them():
    assert generate("200") == "200 articles made"
    articles = Article.objects.all()
    assert articles.count() == 200
    assert not articles.exclude(staged=None).exists()
    assert articles.public().count() == articles.filter(published=True).count() + articles.unscored().count()
    folded = articles.filter(heat=FOLDED_HEAT)
    assert folded.exists()
    assert not folded.filter(lead=None).exists()
    assert not articles.exclude(heat=FOLDED_HEAT).exclude(lead=None).exists()
    assert Topic.objects.get(name="Fusion").parent.name == "Nuclear Power"
    assert Provider.objects.filter(registered=True).count() == generator.REGISTERED


@pytest.mark.django_db
def test_rescoring_changes_no_generated_article():
    generate("200")
    assert operations.rescore(Article.objects.all()) == []


@pytest.mark.django_db
def test_stored_articles_equal_the_generated_ones():
    generate("100", "--seed", "7")
    made = {document.name: document for story in stories(100, seed=7) for document in story}
    assert {document.name: document for document in load_documents(Article.objects.all())} == made


@pytest.mark.django_db
def test_a_site_with_articles_is_rejected_without_the_add_option():
    builders.article("Written by hand")
    with pytest.raises(CommandError, match="--add"):
        generate("10")
    assert Article.objects.count() == 1
    assert generate("10", "--add") == "10 articles made"


@pytest.mark.django_db
def test_existing_topics_and_providers_stay_unchanged():
    builders.topic("Fusion", slug="kitchen")
    generate("10")
    assert Topic.objects.get(name="Fusion").slug == "kitchen"


@pytest.mark.django_db
def test_an_interrupted_run_is_completed_with_add():
    def stop(batch, references, policies, by):
        if Article.objects.exists():
            raise KeyboardInterrupt
        insert_complete_stories(batch, references, policies, by)

    with patch(f"{COMMAND}.BATCH", 50), patch(f"{COMMAND}.insert_complete_stories", stop):
        with pytest.raises(CommandError, match="--add") as stopped:
            generate("120")
        assert stopped.value.returncode == 130
    there = Article.objects.count()
    assert 40 <= there <= 50
    assert generate("120", "--add") == f"{120 - there} articles made, {there} were there already"
    assert Article.objects.count() == 120


# Very many articles: indexes and the search index are built last, a separate process generates the articles


def index_names() -> set[str]:
    catalog = {"sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'"}
    with connection.cursor() as cursor:
        cursor.execute(catalog.get(connection.vendor, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"))
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(f"{COMMAND}.MANY", 1)
    monkeypatch.setattr(f"{COMMAND}.BATCH", 50)


@pytest.mark.django_db
@pytest.mark.usefixtures("many")
def test_a_bulk_load_restores_all_indexes_and_the_search():
    before = index_names()
    assert generate("200") == "200 articles made"
    assert index_names() == before
    assert missing_triggers(connection) == set()
    assert not bulk_load.is_under_way()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM article_search")
        assert cursor.fetchone()[0] == 200
    for article in Article.objects.all()[:3]:
        assert article in matching(Article.objects.all(), article.title)


@pytest.mark.django_db
@pytest.mark.usefixtures("many")
def test_generated_stories_are_connected_as_an_import_would():
    generate("400")
    with unit_of_work(Verb.IMPORT) as uow:
        ids = list(Article.objects.values_list("pk", flat=True))
        connected = RelatedLink.objects.exclude(target=None).values_list("pk", "target").order_by("pk")
        placed = Article.objects.order_by("pk").values_list("pk", "lead", "ambiguous", "twin", "duplicate")
        before = [*connected, *placed]
        RelatedLink.objects.update(target=None)
        Article.objects.update(lead=None, twin=False)
        links.connect_links(ids)
        placement.assign_leads_around(uow, ids)
        duplicates.mark_duplicates(uow, ids)
    assert [*connected, *placed] == before
    assert Article.objects.filter(twin=True).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("stopped_in", [f"{COMMAND}.insert_complete_stories", "articles.search.schema.create_triggers"])
def test_an_interrupted_bulk_load_is_completed_with_add(stopped_in):
    before = index_names()
    with patch(stopped_in, side_effect=KeyboardInterrupt), pytest.raises(CommandError, match="--add"):
        generate("200")
    assert bulk_load.is_under_way()
    others = {name for name in before - index_names() if "search" not in name}
    assert bool(others) == ("insert_complete" in stopped_in)  # the indexes of the search come last

    assert generate("200", "--add").startswith("200" if "insert_complete" in stopped_in else "0 articles made, 200")

    assert not bulk_load.is_under_way()
    assert index_names() == before
    assert missing_triggers(connection) == set()


@pytest.mark.django_db
@pytest.mark.usefixtures("many")
def test_indexes_are_kept_if_there_are_articles():
    builders.article("Written by hand")
    with patch("benchmarks.generator.bulk_load.drop_indexes") as drop_indexes:
        generate("60", "--add")
    drop_indexes.assert_not_called()


def test_a_producer_process_keeps_the_order_and_its_death_is_an_error():
    assert list(produce_in_process(partial(range, 3))) == [0, 1, 2]
    with pytest.raises(ProducerDiedError):
        list(produce_in_process(partial(os._exit, 1)))


@pytest.mark.django_db
def test_generated_dates_end_at_the_until_option():
    generate("50", "--until", "2020-01-01")
    newest = Article.objects.newest_first()[0].published_at
    assert datetime(2019, 6, 1, tzinfo=UTC) < newest < datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("arguments", [["0"], ["5", "--until", "soon"], ["5", "--until", "0005-01-01"]])
def test_invalid_arguments_are_rejected(arguments):
    with pytest.raises(CommandError):
        generate(*arguments)
