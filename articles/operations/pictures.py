"""Take down a picture for good."""

from __future__ import annotations

from articles.audit_log.events import FieldChange
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, unit_of_work
from articles.images import store, unavailable
from articles.models import Article, PictureAddress, Verb

from .results import ActionResult


def take_down(article: Article, url: str, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Delete our copy of a picture for good, wherever it is shown. It is never fetched again, and can't be undone.

    `article` lists the picture at `url`. Every article that shows it gets an event in the log.
    """
    with unit_of_work(Verb.TAKE_DOWN, by) as uow:
        status, urls = store.take_down(url)
        if status != PictureAddress.Status.REMOVED:
            ids = {article.pk, *unavailable.articles_listing(urls)}
            for pk, title in Article.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "title"):
                uow.record(FieldChange(pk, title, "picture", url, None))
    return ActionResult(uow.operation, sorted(uow.changed_ids))
