"""One limit for whole documents: whatever the newsroom writes must fit into a document that an import accepts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from articles import operations
from articles.exchange import document_size
from articles.models import Article, Operation
from articles.operations.results import ActionError
from articles.rules import limits
from tests import builders
from tests.admin.forms import change_url, save

pytestmark = pytest.mark.django_db
REFUSAL = "would make the document of “%s” larger than an import accepts: it would have "


@pytest.fixture
def lead(monkeypatch) -> Article:
    """Return a lead whose document has room for few more words."""
    monkeypatch.setattr(document_size, "FILE_SIZE_MAX", 2_000)
    lead = builders.article("Lead", quality=95)
    builders.related(lead, title="Elsewhere")
    return lead


def act(client: Client, name: str, article: Article, **values: object) -> str:
    sent = {"action": name, "row": f"{article.pk}:{article.version}", "confirmed": "1", **values}
    return client.post("/admin/desk/act/", sent, follow=True).content.decode()


def by_its_page(client: Client, lead: Article) -> str:
    page = save(client, change_url(lead), body="x" * 2_000).content.decode()
    assert "x" * 2_000 in page, "what was typed is still there"
    return page


def by_a_link_on_its_page(client: Client, lead: Article) -> str:
    return save(
        client, change_url(lead), **{"related_links-0-web_url": f"https://host.example/{'x' * 2_000}"}
    ).content.decode()


def by_words_at_the_desk(client: Client, lead: Article) -> str:
    return act(client, "words", lead, title="Lead", excerpt="x" * 2_000)


def by_folding(client: Client, lead: Article) -> str:
    return act(client, "fold", builders.article("Other", excerpt="x" * 1_500), into=lead.pk)


def by_merging(client: Client, lead: Article) -> str:
    return act(client, "merge", builders.article("Other", excerpt="x" * 1_500), into=lead.pk)


DOORS = (by_its_page, by_a_link_on_its_page, by_words_at_the_desk, by_folding, by_merging)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_no_door_accepts_what_an_import_would_refuse(admin_client, lead, door: Callable[[Client, Article], str]):
    page = door(admin_client, lead)

    assert REFUSAL % "Lead" in page
    assert "and 2,000 are allowed" in page
    assert not Operation.objects.exists()


def test_the_largest_part_is_named(lead):
    with pytest.raises(ActionError, match="of them for its related links") as refused:
        operations.fold_into(builders.article("Other", excerpt="x" * 1_500), lead)
    assert "Shorten or remove some" in str(refused.value)


def test_nothing_is_folded_under_a_lead_that_lists_as_many_as_a_document_may(lead, monkeypatch):
    monkeypatch.setattr(document_size, "RELATED_MAX", 1)

    with pytest.raises(ActionError, match="would give “Lead” 2 related links, and 1 are allowed"):
        operations.fold_into(builders.article("Other"), lead)

    assert lead.related_links.count() == 1


def test_a_large_document_can_be_published_and_made_smaller(lead):
    Article.objects.filter(pk=lead.pk).update(body="x" * 3_000)

    operations.hold(lead)
    operations.edit(lead, body="x" * 100)

    lead.refresh_from_db()
    assert (lead.state, len(lead.body)) == ("held", 100)


def test_the_limit_is_that_of_an_import():
    assert document_size.FILE_SIZE_MAX == limits.FILE_SIZE_MAX
