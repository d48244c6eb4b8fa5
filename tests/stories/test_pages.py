"""URLs are compared in their normal form: duplicates, related links and targets, a lead among its own coverage."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.models import Article, RelatedLink, Verb
from articles.stories import links
from tests import builders
from tests.documents import CANONICAL, NAME, document, import_documents, write_document

pytestmark = pytest.mark.django_db
migration = import_module("articles.migrations.0020_urls_in_normal_form")
DECORATED = '"http://courier.example/bridge/index.html?utm_source=rss#top"'


def test_articles_of_one_page_are_duplicates_however_their_urls_are_written(tmp_path):
    other = document(title='"Bridge shut"', webUrl=DECORATED, originalUrl=DECORATED, quality=20, heat=20)

    result = import_all(tmp_path, {f"{NAME}.md": CANONICAL, "2020-06-09-bridge-shut.md": other})

    assert f"has the URL of {NAME}" in result
    assert Article.objects.filter(twin=True, duplicate=True).count() == 2


def test_articles_at_a_front_page_are_no_duplicates(tmp_path):
    front = '"https://www.courier.example/"'
    one = document(webUrl=front, originalUrl=front)
    other = document(title='"Bridge shut"', webUrl=front, originalUrl=front)

    import_all(tmp_path, {f"{NAME}.md": one, "2020-06-09-bridge-shut.md": other})

    assert not Article.objects.filter(twin=True).exists()


def test_a_link_finds_its_article_by_page_title_and_time(tmp_path):
    member = document(
        title='"Port city loses its bridge until July"',
        publishedDateTime="2020-06-09T15:00:00Z",
        webUrl='"http://herald.example/detour/?fbclid=1"',
        heat=-1,
        published="false",
    )

    import_all(tmp_path, {f"{NAME}.md": CANONICAL, "2020-06-09-port-city.md": member})

    lead, folded = Article.objects.get(name=NAME), Article.objects.get(name="2020-06-09-port-city")
    assert RelatedLink.objects.get(article=lead).target == folded
    assert folded.lead == lead
    assert folded.web_url == "http://herald.example/detour/?fbclid=1"


def test_a_lead_is_not_its_own_coverage(client):
    lead = builders.article("Lead", web_url="https://www.courier.example/bridge")
    builders.related(lead, title="Its own page", web_url="http://courier.example/bridge/?utm_source=x")
    builders.related(lead, title="Another report", web_url="https://www.herald.example/detour")
    builders.related(lead, title="The same report again", web_url="https://herald.example/detour#top")
    mark_repeated_links(lead)

    page = client.get(lead.get_absolute_url()).content.decode()

    assert "Another report" in page
    assert "All coverage (1)" in page
    assert "Its own page" not in page
    assert "The same report again" not in page
    assert lead.related_links.count() == 3, "the document is kept"


@pytest.mark.slow
def test_a_lead_whose_url_changes_is_not_its_own_coverage_either():
    lead = builders.article()
    link = builders.related(lead, web_url="https://www.courier.example/bridge")

    operations.edit(lead, web_url="http://courier.example/bridge/")

    link.refresh_from_db()
    assert link.repeated
    assert not lead.related_links.coverage().exists()

    operations.undo(operations.edit(lead, title="Another").operation)
    operations.edit(lead, web_url="https://www.courier.example/elsewhere")
    assert lead.related_links.coverage().get() == link


def test_the_second_of_two_links_is_coverage_once_the_first_is_gone():
    lead = builders.article()
    first = builders.related(lead, title="First", web_url="https://www.herald.example/a")
    second = builders.related(lead, title="Second", web_url="https://herald.example/a/")
    mark_repeated_links(lead)
    assert lead.related_links.coverage().get() == first

    operations.edit_related_rows(lead, "related", write=first.delete)

    assert lead.related_links.coverage().get() == second


def test_links_for_readers_have_no_tracking_parameters(client):
    tracked = "https://www.courier.example/bridge?id=7&utm_source=rss"
    lead = builders.article(web_url=tracked)
    builders.related(lead, web_url="https://www.herald.example/detour?fbclid=1")

    for url in (lead.get_absolute_url(), "/", "/latest/", "/feeds/latest.rss"):
        page = client.get(url).content.decode()
        assert "utm_source" not in page, url
        assert "fbclid" not in page, url
        if url != "/feeds/latest.rss":
            assert 'href="https://www.courier.example/bridge?id=7"' in page
    assert Article.objects.get().web_url == tracked


@pytest.mark.slow
def test_the_migration_computes_what_the_operations_do_and_runs_backwards(tmp_path):
    other = document(title='"Bridge shut"', webUrl=DECORATED, originalUrl=DECORATED, excerpt='""')
    own = CANONICAL.replace("https://www.herald.example/detour", "https://m.courier.example/bridge")
    import_all(tmp_path, {f"{NAME}.md": own, "2020-06-09-bridge-shut.md": other})
    editor = SimpleNamespace(connection=connection)
    forwards, mark = (operation.code for operation in migration.Migration.operations)
    backwards = migration.Migration.operations[0].reverse_code
    new = stored_values()
    assert {values["twin"] for values in new["articles"]} == {True}
    assert {values["repeated"] for values in new["links"]} == {True, False}

    backwards(apps, editor)
    RelatedLink.objects.update(repeated=False)
    old = stored_values()
    assert {values["twin"] for values in old["articles"]} == {False}
    assert len({values["url_key"] for values in old["articles"]}) == 2

    forwards(apps, editor)
    mark(apps, editor)
    assert stored_values() == new
    backwards(apps, editor)
    RelatedLink.objects.update(repeated=False)
    assert stored_values() == old


def mark_repeated_links(lead):
    with unit_of_work(Verb.EDIT):
        links.mark_repeated_links([lead.pk])


def import_all(folder, documents):
    for name, text in documents.items():
        write_document(folder, text, name)
    return import_documents(folder, verbosity=2)


def stored_values():
    articles = Article.objects.order_by("name").values("name", "url_key", "match_key", "twin", "duplicate", "warned")
    links = RelatedLink.objects.order_by("article__name", "position").values("title", "match_key", "repeated")
    return {"articles": list(articles), "links": list(links)}
