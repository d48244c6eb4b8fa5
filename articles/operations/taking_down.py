"""Take a story down for good: its words leave every table, nothing brings them back, and it can't be undone.

What stays is its name, which its URL and clients know, when it was on the site, and who took it down, when and why.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import search
from articles.audit_log import snapshots
from articles.audit_log.events import CREATED, DELETED, TAKEN_DOWN, FieldChange
from articles.audit_log.unit_of_work import Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.db.locks import IMPORT_LOCK_KEY, database_lock
from articles.images.store import delete_pictures_only_at
from articles.models import (
    Article,
    ArticleImage,
    CoverageCheck,
    Event,
    ImportProblem,
    RelatedLink,
    Subject,
    TakenDownStory,
    Verb,
)
from articles.models.operation import TAKEN_DOWN_LABEL
from articles.rules import permissions
from articles.rules.traces import StoryTraces, without_reports
from articles.stories.links import mark_repeated_links
from sources.models import Entry

from .batch import load_with_neighbours
from .deletion import remove_articles
from .refolding import update_stories
from .refusals import forget_refusals
from .results import ActionError, ActionResult
from .succession import hand_over_stories

QUOTED_MIN = 20  # characters of a title that messages of imports are searched for; shorter ones are common words
EVENTS_READ = 200  # at a time
ENTRY_REASON = gettext_lazy("was taken down")  # why an entry of a source is refused


def take_down_story(article: Article, *, by: Actor, in_place: Collection[int] = ()) -> ActionResult:
    """Remove a story and all its words, for the reason of `by`, which is required.

    The story that it leads goes to its best member, as with a deletion. Raises ActionError without a reason or the
    permissions, and while an import runs, because that may hold the story's document.
    """
    if not by.reason:
        raise ActionError(_("needs a reason to be taken down; type one"))
    if by.user is not None and not permissions.may_take_down_stories(by.user):
        raise ActionError(_("can't be taken down without the permissions to publish and to delete"))
    with database_lock("import", IMPORT_LOCK_KEY) as is_held:
        if not is_held:
            raise ActionError(
                _("can't be taken down while an import runs; hold it now, and try again after the import")
            )
        with unit_of_work(Verb.TAKE_DOWN_STORY, by) as uow:
            _neighbours, row = load_with_neighbours(uow, article)
            name, key, was_shown = row.name, row.match_key, _was_shown(row, uow.now)
            traces = traces_of(row)
            neighbours = _remove(uow, row, traces, in_place)
            with uow.consequences():
                consequences = update_stories(uow, neighbours)
            uow.flush()
            _forget(traces, name)
            forget_refusals(name)
            uow.record(FieldChange(article.pk, TAKEN_DOWN_LABEL, TAKEN_DOWN, None, True))
            TakenDownStory.objects.create(
                name=name,
                ids=sorted(traces.ids),
                url_keys=sorted(traces.url_keys),
                match_key=key,
                was_shown=was_shown,
                operation=uow.get_or_create_operation(),
            )
    return ActionResult(done=[article.pk], consequences=consequences).completed(uow)


def traces_of(article: Article) -> StoryTraces:
    """Return what tells an article's words from those of others. It may have been deleted and imported again."""
    of_articles = Event.objects.filter(subject=Subject.ARTICLE).order_by()
    created = of_articles.filter(field=CREATED, after=article.name)
    urls = {article.web_url, article.original_url, article.amp_url, article.cdn_amp_url} - {""}
    ids = {article.pk, *created.values_list("subject_id", flat=True)}
    labels = of_articles.filter(subject_id__in=ids).values_list("label", flat=True).distinct()
    titles = {article.title, *article.incoming_words().values(), *labels}
    return StoryTraces(ids=frozenset(ids), urls=frozenset(urls), titles=frozenset(titles))


def links_to(traces: StoryTraces) -> list[RelatedLink]:
    """Return the related links of other articles that report the story."""
    condition = Q(target__in=traces.ids) | Q(web_url="", title__in=traces.titles)
    for part in traces.url_parts:
        condition |= Q(web_url__contains=part)
    rows = RelatedLink.objects.filter(condition).exclude(article__in=traces.ids).order_by("pk")
    candidates = rows.only("article_id", "target_id", "title", "web_url")
    keys = traces.url_keys
    return [link for link in candidates if traces.is_its_report(vars(link), keys)]


def _was_shown(article: Article, now: datetime) -> bool:
    """Return whether readers have seen the article, by itself or, folded, under its lead."""
    has_begun = article.first_shown_at is not None and article.first_shown_at <= now
    return has_begun or (article.is_folded and article.lead is not None and article.lead.is_shown(now))


def _remove(uow: UnitOfWork, article: Article, traces: StoryTraces, in_place: Collection[int]) -> set[int]:
    """Delete the article with what belongs to it, and the links to it; return the articles that may change."""
    pictures = list(article.images.filter(kind=ArticleImage.Kind.PICTURE).values_list("url", flat=True))
    hand_over_stories(uow, [article.pk], frozenset([article.pk]), in_place)
    with uow.consequences():
        uow.write_pending()
        links = links_to(traces)
        holders = sorted({link.article_id for link in links})
        uow.load(holders)
        listed = RelatedLink.objects.filter(pk__in=[link.pk for link in links])
        keys = {article.match_key, *listed.values_list("match_key", flat=True)}
        CoverageCheck.objects.filter(match_key__in=keys).delete()  # they have its URL
        listed.delete()
        for holder in holders:
            snapshots.renumber(RelatedLink.objects.filter(article=holder).order_by("position", "pk"))
        mark_repeated_links(holders)
        uow.appearances.note(holders)
        neighbours = remove_articles(uow, [article.pk])
    delete_pictures_only_at(pictures)
    search.purge_deleted()
    return neighbours | set(holders)


def _forget(traces: StoryTraces, name: str) -> None:
    """Remove the story's words from the audit log, the admin's own log, imports and sources."""
    _clean_other_events(traces)
    events = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=traces.ids)
    events.update(label=TAKEN_DOWN_LABEL, before=None, after=None)
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Article))
    entries.filter(object_id__in=map(str, traces.ids)).update(object_repr=TAKEN_DOWN_LABEL, change_message="")
    of_file = Q(name=name) | Q(label__contains=name)
    for title in traces.titles:
        entries.filter(change_message__contains=json.dumps(title)[1:-1]).update(change_message="")
        if len(title) >= QUOTED_MIN:
            of_file |= Q(message__contains=title[:QUOTED_MIN])
    ImportProblem.objects.filter(of_file).delete()
    listed = Entry.objects.filter(article__in=traces.ids) | Entry.objects.of_pages(traces.url_keys)
    listed.update(values={}, outcome=Entry.Outcome.REFUSED, reason=str(ENTRY_REASON))


def _clean_other_events(traces: StoryTraces) -> None:
    """Remove the story from the coverage of others, as events have it. Reads all events that may contain coverage."""
    events = Event.objects.filter(subject=Subject.ARTICLE, field__in=("related", DELETED)).order_by("pk")
    others = events.exclude(subject_id__in=traces.ids).only("before", "after")
    for chunk in chunked(others.iterator(EVENTS_READ), EVENTS_READ):
        changed = []
        for event in chunk:
            before, after = (without_reports(value, traces) for value in (event.before, event.after))
            if before != event.before or after != event.after:
                event.before, event.after = before, after
                changed.append(event)
        Event.objects.bulk_update(changed, ["before", "after"])
