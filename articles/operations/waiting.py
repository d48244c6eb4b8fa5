"""Articles that the policy would publish, but that wait for an answer: each may be the same event as a published story.

The answer *not the same* lets the policy decide, and so does *same event* where the article leads from then on: both
only if a preview said that readers would see it. Nothing else ends the waiting unasked, not even that the other story
is withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Article, Suggestion
from articles.rules.states import State

from .pins import pin_fields, unpin_fields


def wait_for_answer(article: Article, published: str) -> None:
    """Leave an article undecided that the policy would publish, until an editor compares it with a `published` story.

    `published` is the name of that story's lead. The document of the article says that it isn't published.
    """
    pin_fields(article, ["published"])
    article.wishes = article.wishes | {"published": True}
    article.same_event_as = published


def end_waiting(uow: UnitOfWork, article: Article, announced: Collection[int], answered: int) -> None:
    """Let the policy decide about an article that waits for an answer, if readers may see it after a preview.

    `answered` is the story that it was compared with. The article goes on waiting while it may be the same event as
    another published story, and without a preview it waits for an editor.
    """
    if article.same_event_as is None:
        return
    with uow.consequences():
        article.same_event_as = None if article.is_folded else _next_published(article, answered)
        if article.same_event_as is None and article.pk in announced:
            unpin_fields(article, ["published"])
            article.state = State.PUBLISHED if article.published else State.UNDECIDED
        uow.relinked_ids.add(article.pk)


def _next_published(article: Article, answered: int) -> str | None:
    """Return the name of the likeliest published story that is suggested for an article and not `answered`."""
    rows = Suggestion.objects.unanswered().likely().filter(Q(article=article) | Q(other=article)).best_first()
    for row in rows.select_related("article__lead", "other__lead"):
        other = row.other if row.article_id == article.pk else row.article
        story = other.lead if other.is_folded and other.lead else other
        if story.is_shown() and story.pk not in (article.pk, answered):
            return story.name
    return None
