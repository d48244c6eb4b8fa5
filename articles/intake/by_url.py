"""Add a single story: what its page says, confirmed by an editor, becomes a document and goes through the import."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.exchange.importing import import_within
from articles.exchange.outcomes import CREATED, FileResult
from articles.models import Article, TakenDownStories, Verb
from articles.operations.pins import pin_fields
from articles.operations.results import ActionError, SentenceError
from articles.rules.urls import url_key

from .documents import EntryText, Outlet, as_source, free_name, make_document, publication_time
from .surroundings import Names
from .topics import TopicNode


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story as an editor confirmed it."""

    text: EntryText
    outlet: Outlet
    topics: tuple[TopicNode, ...] = ()


def article_at(url: str) -> Article | None:
    """Return the article of the page at `url`, however the URL is written; of several, the first that came."""
    key = url_key(url)
    return Article.objects.filter(url_key=key).order_by("pk").first() if key else None


def add_story(story: Story, *, by: Actor) -> Article:
    """Add a story as one operation. It waits for an editor, like those that sources bring.

    Raises ActionError if a value is beyond the limits of documents.
    """
    results: list[FileResult] = []
    taken_down = TakenDownStories.load().by_url_key.get(url_key(story.text.url))
    if taken_down is not None:
        raise SentenceError(
            _("The story of this page %(refusal)s. It can't be added again.") % {"refusal": taken_down.refusal}
        )
    with unit_of_work(Verb.ADD, by) as uow:
        published_at = publication_time(story.text.published_at, uow.now)
        names = Names([(published_at, story.text.title)])
        document = make_document(
            story.text,
            name=free_name(published_at, story.text.title, story.outlet.name, names.is_taken),
            published_at=published_at,
            outlet=story.outlet,
            topics=story.topics,
            policy=uow.policies.for_topics(topic.pk for topic in story.topics),
            by_policy=False,
        )
        import_within([as_source(document, "the story")], on_result=results.append)
        if [result.outcome for result in results] != [CREATED]:
            messages = [problem.message for result in results for problem in result.problems]
            raise SentenceError("; ".join(messages)) if messages else ActionError(_("can't be added"))
        [article] = uow.load(Article.objects.filter(name=document.name).values_list("pk", flat=True))
        pin_fields(article, ["published"])
        article.content_hash = ""  # it has no file, which an import that prunes would miss
    return article
