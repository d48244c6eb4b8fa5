"""Whatever a form of the admin or the desk accepts comes back equal from an export into an empty newsroom."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from articles.exchange.exporting import export_documents, export_entries
from articles.exchange.files import sources
from articles.exchange.importing import run_import
from articles.exchange.outcomes import REJECTED
from articles.models import Article, Operation, RelatedLink, Topic
from articles.rules.limits import URL_MAX
from providers.models import Provider
from tests import builders
from tests.admin.forms import PROVIDERS, TOPICS, change_url, save
from tests.strategies import ALPHABET

pytestmark = [pytest.mark.django_db, pytest.mark.systematic]

ODD = ["a\tb", "a\nb", "a\rb", "a\r\r\nb", "a\0b", "a\x1bb", "\u200b", "\ufeff", "\x97", "\U0010f003\x97", "null", "~"]
ODD += ["- a", "a: b", "a #b", "'a", '"', "\\", "<<", "---\na", "\n\na", "a\u2028b", "a\x85b", "x" * 201, "x" * 10_001]
URLS = ["https://", "https:///x", "https://a:b@host/", "http://host:0/", "https://host:99999/", "host/x", "//host/x"]
URLS += ["javascript:alert(1)", "HTTPS://host/", "https://host/a b", "https://host/\x97", "https://[::1]/", "/x", ""]
NUMBERS = ["", "0", "-1", "-2", "1000000", "1000001", "2147483648", "9" * 30, "x", "1.5", "３"]
DAYS = ["0001-01-01", "1899-12-31", "1900-01-01", "2199-12-31", "2200-01-01", "9999-12-31", "x"]

texts = st.sampled_from(ODD) | st.text(ALPHABET + "\n\r\t", max_size=12)
lists = st.lists(texts, max_size=3).map("\n".join)
urls = st.sampled_from(URLS) | texts.map("https://host.example/{}".format)
numbers = st.sampled_from(NUMBERS)
ARTICLE = {
    "title": texts,
    "excerpt": texts,
    "type": texts,
    "category": texts,
    "language": texts | st.sampled_from(["de", "no"]),
    "tags": lists,
    "featured_content": texts,
    "body": texts,
    "web_url": urls,
    "original_url": urls,
    "amp_url": urls,
    "published_at_0": st.sampled_from(DAYS),
    "quality": numbers,
    "heat": numbers,
    "related_links-0-title": texts,
    "related_links-0-web_url": urls,
    "related_links-0-quality": numbers,
    "related_links-0-published_at": st.sampled_from(DAYS).map("{} 00:30".format),
    "images-0-url": urls,
    "images-0-title": texts,
    "images-0-attribution": texts,
    "images-0-width": numbers,
    "article_topics-0-DELETE": st.sampled_from(["", "on"]),
}
SERVICES = ["", "[]", "{}", '""', '"x"', "null", "0", "x", '[["a"]]', '[["a", "javascript:x"]]', '["ab"]']
SERVICES += ['[["a: b", "https://host/"]]', '[["a", "https://host/ #x"], ["~", "https://host/"]]', '[["\\u0000", "a"]]']
SERVICES += [
    '[["a", "https://host/"], ["a", "https://host/"]]',
    '[["\\ud800", "https://host/"]]',
    '[["<<", "http://h"]]',
]
TOPIC = {
    "name": texts,
    "shortname": texts,
    "keywords": lists,
    "hashtags": lists,
    "images": urls,
    "services": st.sampled_from(SERVICES),
    "weight": numbers,
    "registry_name": st.sampled_from(["", "00-x.yaml", "../x.yaml", "x", ".x.md", "a\tb.md", "é.md"]),
}
OUTLET = {
    "name": texts,
    "domain": texts,
    "weight": numbers,
    "logos-0-url": urls,
    "logos-0-width": numbers,
    "logos-0-height": numbers,
}


def some_of(fields: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[dict[str, str]]:
    """Return values for one to three of the fields."""
    names = st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen}))


def export(folder: Path) -> dict[str, bytes]:
    export_documents(folder, dialect="source", on_file=lambda: None)
    export_entries(folder, on_file=lambda: None)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_comes_back_equal() -> None:
    """Export the newsroom, empty it, import what was exported and export it again."""
    with tempfile.TemporaryDirectory() as scratch:
        exported = export(Path(scratch, "one"))
        for model in (Operation, RelatedLink, Article, Topic, Provider):
            model.objects.all().delete()
        results = []
        run_import(sources([f"{scratch}/one"]), on_result=results.append, on_wait=lambda: None)
        assert [problem for result in results if result.outcome == REJECTED for problem in result.problems] == []
        assert export(Path(scratch, "two")) == exported


def newsroom() -> tuple[Article, Topic, Provider]:
    topic = builders.topic("Transport", slug="transport", registry_name="01-transport.yaml")
    outlet = builders.provider("The Courier", "courier.example", registry_name="courier.md", registered=True)
    outlet.logos.create(url="https://courier.example/logo.png", width=50, height=50, position=0)
    article = builders.article("Bridge closes", topics=["Transport"], provider=outlet)
    builders.related(article, title="Detour")
    builders.picture(article, held=False)
    return article, topic, outlet


def _of_urls(fields: dict[str, st.SearchStrategy[str]]) -> list[str]:
    return [name for name, strategy in fields.items() if strategy is urls]


@pytest.mark.parametrize("length", [URL_MAX, URL_MAX + 1])
@pytest.mark.parametrize(
    ("page", "field"),
    [
        *(("article", name) for name in _of_urls(ARTICLE)),
        *(("topic", name) for name in [*_of_urls(TOPIC), "services"]),
        *(("outlet", name) for name in _of_urls(OUTLET)),
    ],
)
def test_a_form_accepts_urls_up_to_the_limit_of_documents(admin_client, page, field, length):
    article, topic, outlet = newsroom()
    change = {"article": change_url(article), "topic": f"{TOPICS}{topic.pk}/change/"}
    change["outlet"] = f"{PROVIDERS}{outlet.pk}/change/"
    url = "https://host.example/".ljust(length, "x")

    answer = save(admin_client, change[page], **{field: f'[["a", "{url}"]]' if field == "services" else url})

    has_errors = bool(answer.context.get("errors"))
    assert has_errors == (length > URL_MAX)
    assert_comes_back_equal()


@given(some_of(ARTICLE))
@example({"body": "a\r\r\nb"})
@example({"title": "\U0010f003", "excerpt": "\x97"})
@example({"published_at_0": "2200-01-01"})
@example({"tags": "a\x1bb"})
@example({"images-0-attribution": "a\x1bb"})
@example({"images-0-width": "1000001"})
@example({"related_links-0-web_url": "host/x"})
@example({"article_topics-0-DELETE": "on"})
def test_what_the_page_of_an_article_accepts_comes_back(admin_client, values):
    with transaction.atomic():
        article, _, _ = newsroom()
        assert save(admin_client, change_url(article), **values).status_code == 200
        assert_comes_back_equal()
        transaction.set_rollback(True)


@given(some_of(TOPIC))
@example({"registry_name": "../x.yaml"})
@example({"services": ""})
@example({"services": '[["\\ud800", "https://host/"]]'})
def test_what_the_page_of_a_topic_accepts_comes_back(admin_client, values):
    with transaction.atomic():
        _, topic, _ = newsroom()
        assert save(admin_client, f"{TOPICS}{topic.pk}/change/", **values).status_code == 200
        assert_comes_back_equal()
        transaction.set_rollback(True)


@given(some_of(OUTLET))
@example({"logos-0-url": ""})
@example({"logos-0-url": "javascript:alert(1)"})
@example({"logos-0-url": "https://host:0/"})
def test_what_the_page_of_an_outlet_accepts_comes_back(admin_client, values):
    with transaction.atomic():
        _, _, outlet = newsroom()
        assert save(admin_client, f"{PROVIDERS}{outlet.pk}/change/", **values).status_code == 200
        assert_comes_back_equal()
        transaction.set_rollback(True)


@given(title=texts, excerpt=texts)
def test_what_the_desk_accepts_comes_back(admin_client, title, excerpt):
    with transaction.atomic():
        article, _, _ = newsroom()
        sent = {"action": "words", "row": f"{article.pk}:{article.version}", "title": title, "excerpt": excerpt}
        assert admin_client.post("/admin/desk/act/", sent).status_code < 400
        assert_comes_back_equal()
        transaction.set_rollback(True)
