"""Acts publish what they name, where the rule lets them, and nothing around it."""

from __future__ import annotations

import random
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Via
from articles.operations.results import ActionError
from articles.rules.publication import PUBLISHING_ACTS
from tests import builders
from tests.operations.states import newsroom_state
from tests.random_walks import build_newsroom, operate_at_random

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "coronavirus"


def by(group: str) -> Actor:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return Actor(user, Via.DESK)


def unpublished(**values: Any) -> Article:
    """Return an article that its document doesn't publish, although the policy would."""
    return builders.article(quality=90, published=False, **values)


def is_public(article: Article) -> bool:
    return Article.objects.get(pk=article.pk).public


class TestEditing:
    @pytest.mark.parametrize("role", ["contributor", "publisher"])
    def test_correcting_the_words_does_not_publish(self, role):
        article = unpublished()

        operations.edit(article, title="Gale", by=by(role))

        assert not is_public(article)

    def test_topics_pictures_and_links_do_not_publish(self):
        article = unpublished(topics=["AI"])
        builders.topic("Health")

        operations.set_topics(article, add=["Health"])
        operations.edit_related_rows(article, "related", write=lambda: builders.related(article) and None)
        operations.edit_related_rows(
            article, "images", write=lambda: article.images.create(url="https://x.example/a.jpg") and None
        )

        article.refresh_from_db()
        assert (article.heat, article.published, article.public) == (100, False, False)

    def test_a_neighbour_that_is_not_folded_is_rescored_but_not_published(self):
        article, neighbour = unpublished(), unpublished()
        builders.related(neighbour, article)

        operations.edit(article, title="Gale")
        operations.score(article, quality=60)

        neighbour.refresh_from_db()
        assert (neighbour.heat, neighbour.published, neighbour.public) == (100, False, False)

    def test_a_typed_score_publishes_its_article(self):
        article = unpublished()

        operations.score(article, quality=91, by=by("editor"))

        assert is_public(article)

    def test_a_member_that_a_lost_link_unfolds_stays_hidden(self):
        lead = builders.article("Lead", quality=95)
        member = builders.folded(lead, quality=90)
        operations.publish(lead)

        operations.delete(Article.objects.filter(pk=lead.pk))

        member.refresh_from_db()
        assert (member.heat, member.public) == (90, False)


class TestUnpinning:
    def test_it_needs_the_permission_where_the_publication_is_decided(self):
        article = unpublished()
        operations.hold(article)
        editor = by("editor")

        with pytest.raises(ActionError, match="needs the permission to publish"):
            operations.unpin(article, by=editor)
        assert not is_public(article)

        operations.unpin(article, by=by("publisher"))
        assert is_public(article)

    @pytest.mark.parametrize("pinned", ["title", "quality"])
    def test_without_the_permission_it_publishes_nothing(self, pinned):
        article = unpublished()
        builders.pin(article, pinned)

        operations.unpin(article, by=by("editor"))

        assert not is_public(article)

    def test_unpinning_words_publishes_nothing(self):
        article = unpublished()
        builders.pin(article, "title")

        operations.unpin(article, "title", by=by("publisher"))

        assert not is_public(article)

    def test_an_article_that_loses_its_scores_stays_hidden(self):
        article = builders.article(quality=None, heat=None)
        operations.edit(article, quality=20)
        assert not is_public(article)

        operations.edit(article, quality=None, by=by("editor"))

        article.refresh_from_db()
        assert (article.quality, article.public) == (None, False)


class TestAdding:
    @pytest.mark.parametrize(("role", "expected"), [("contributor", False), ("editor", False), ("publisher", True)])
    def test_an_unscored_article_is_public_at_once_only_if_its_author_may_publish(self, role, expected):
        article = Article(name="2020-06-09-new", title="New", published_at=builders.MORNING)
        article.provider = builders.provider()

        operations.add(article, ["title"], by=by(role))

        assert is_public(article) == expected


class TestAScore:
    def test_the_publication_moves_to_the_new_lead(self):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, quality=80)
        builders.related(member, lead)

        operations.score(lead, quality=75)

        for article in (lead, member):
            article.refresh_from_db()
        assert (lead.lead, lead.public, member.public) == (member, False, True)

    def test_an_unpublished_story_stays_unpublished(self):
        lead = unpublished()
        member = builders.folded(lead, quality=80)
        builders.related(member, lead)
        operations.hold(lead)

        operations.score(lead, quality=75)

        assert not is_public(member)
        assert not is_public(lead)


class TestDecisionsOnMany:
    @pytest.mark.thorough
    def test_spiking_all_of_1300_articles_leaves_none_public(self):
        first = unpublished()
        articles = [builders.article(quality=80, published=False) for _ in range(1299)]
        builders.related(first, articles[-1])
        before = newsroom_state()
        versions = dict(Article.objects.values_list("pk", "version"))

        result = operations.spike(Article.objects.all(), versions=versions)

        assert (len(result.done), result.rejections) == (1300, [])
        assert not Article.objects.exclude(state="spiked").exists()
        assert not Article.objects.filter(public=True).exists()
        operations.undo(result.operation)
        assert newsroom_state() == before

    @pytest.mark.slow
    def test_an_operation_does_not_conflict_with_itself(self, monkeypatch):
        monkeypatch.setattr("articles.stories.rescoring.CHUNK", 2)
        monkeypatch.setattr("articles.audit_log.unit_of_work.FLUSH_THRESHOLD", 1)
        lead, story = builders.article("Lead", quality=95), builders.article("Story", quality=90)
        single = builders.article("Single", quality=80)
        members = [builders.folded(story, quality=50 - number) for number in range(3)]
        versions = dict(Article.objects.values_list("pk", "version"))

        result = operations.fold_into(
            Article.objects.filter(pk__in=[story.pk, single.pk, *(member.pk for member in members)]),
            lead,
            versions=versions,
        )

        assert result.rejections == []
        assert set(Article.objects.exclude(pk=lead.pk).values_list("lead", flat=True)) == {lead.pk}


@pytest.mark.thorough
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus isn't here")
def test_spiking_a_whole_newsroom_leaves_nothing_public_and_undo_restores_every_row(shared_database):
    call_command("import_articles", str(CORPUS), stdout=StringIO(), verbosity=0)
    before = newsroom_state()
    assert len(before) > 6_000

    operation = operations.spike(Article.objects.all(), versions=dict(Article.objects.values_list("pk", "version")))

    assert (len(operation.done), operation.rejections) == (len(before), [])
    assert not Article.objects.filter(public=True).exists()
    assert operations.undo(operation.operation).not_restored == []
    assert newsroom_state() == before


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(6))
def test_only_the_listed_acts_publish_in_a_random_newsroom(seed):
    build_newsroom()
    chance = random.Random(f"who publishes {seed}")  # noqa: S311
    actor = by("editor")
    for _ in range(60):
        builders.topic("AI")
        before = dict(Article.objects.values_list("pk", "public"))
        operation = operate_at_random(chance, actor)
        if operation is None or operation.verb == "policy":
            continue  # the policy shows and hides unscored articles
        appeared = [pk for pk, public in Article.objects.values_list("pk", "public") if public and not before.get(pk)]
        assert not appeared or operation.verb in PUBLISHING_ACTS | {"edit"}, operation
        if operation.verb in ("merge", "take_out", "unpin"):
            assert appeared == [], "without a preview, or without the permission to publish"
