"""Take in the new entries of sources: one operation for each source, none where nothing changes.

An entry becomes the text of a document and goes through the import. Unless its source publishes by the policy, its
article waits for an editor: undecided, unpublished, and pinned so that no score, rescore or policy publishes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db import InterfaceError, OperationalError

from articles.audit_log.unit_of_work import Actor, UnitOfWork, unit_of_work
from articles.db.locks import IMPORT_LOCK_KEY, database_lock
from articles.exchange.importing import import_within
from articles.exchange.outcomes import CREATED, FileResult
from articles.models import Article, TakenDownStories, Verb, Via
from articles.operations.pins import pin_fields
from articles.operations.taking_down import ENTRY_REASON
from articles.operations.waiting import wait_for_answer
from sources.limits import REASON_MAX
from sources.models import Entry, Source

from .ruling import decide_stories, note_rules
from .stories import Story, make_stories
from .surroundings import load_topic_finder
from .topics import TopicFinder

Outcome = Entry.Outcome


def take_in_new_entries(
    *,
    only: int | None = None,
    on_locked: Callable[[], None] = lambda: None,
    on_failure: Callable[[Source, str], None] = lambda source, reason: None,
) -> Counter[str]:
    """Take in all entries that wait, or those of one source; return how many had which outcome.

    While an import runs nothing is taken in, and `on_locked` is called: they wait for the next run. So do the entries
    of a source that can't be taken in; `on_failure` gets the reason, and the other sources go on.
    """
    counts: Counter[str] = Counter()
    _forget_offers_of_taken_down()
    waiting = Entry.objects.waiting().order_by()
    waiting = waiting if only is None else waiting.filter(source=only)
    sources = list(Source.objects.filter(pk__in=waiting.values("source")).select_related("provider").order_by("pk"))
    if not sources:
        return counts
    with database_lock("import", IMPORT_LOCK_KEY) as is_held:
        if not is_held:
            on_locked()
            return counts
        finder = load_topic_finder()
        for source in sources:
            try:
                counts += take_in(source, finder)
            except (OperationalError, InterfaceError):  # the database is away: for all of them
                raise
            except Exception as error:  # noqa: BLE001  whatever is wrong with one source must not stop the others
                on_failure(source, f"{type(error).__name__}: {error}".partition("\n")[0][:REASON_MAX])
    return counts


def take_in(source: Source, finder: TopicFinder) -> Counter[str]:
    """Take in the waiting entries of one source as one operation. The caller holds the import lock."""
    with unit_of_work(Verb.INTAKE, Actor(via=Via.SOURCE, reason=source.name)) as uow:
        source.refresh_from_db(fields=["publication"])
        entries = list(source.entries.waiting().select_for_update())
        articles = _changed_articles(uow, [entry for entry in entries if entry.outcome == Outcome.CHANGED])
        _note_known([entry for entry in entries if entry.outcome == Outcome.NEW])
        new = [entry for entry in entries if entry.outcome == Outcome.NEW or entry.pk in articles]
        stories = make_stories(uow, source, new, finder, {pk: article.name for pk, article in articles.items()})
        _import(uow, source, stories)
        note_rules(uow, {story.entry.pk: story.verdict for story in stories}, new, set(articles))
        for entry in entries:
            entry.values = entry.values if entry.outcome in (Outcome.RULED_OUT, Outcome.REFUSED) else {}
        Entry.objects.bulk_update(entries, ["outcome", "reason", "article", "values"], batch_size=100)
    return Counter(str(entry.outcome) for entry in entries)


def _forget_offers_of_taken_down() -> None:
    """Refuse the entries of stories that were taken down, also those that no intake takes but somebody could."""
    pages = TakenDownStories.load().by_url_key.keys()
    if pages:
        offered = Entry.objects.filter(outcome__in=(Outcome.HISTORY, Outcome.HELD_BACK, Outcome.RULED_OUT))
        offered.of_pages(pages).update(outcome=Outcome.REFUSED, reason=str(ENTRY_REASON), values={})


def _changed_articles(uow: UnitOfWork, entries: Sequence[Entry]) -> dict[int, Article]:
    """Return the articles that follow their changed entries, by the keys of those.

    Where somebody has decided, the article keeps its words, and the new ones are kept beside them.
    """
    articles = {article.pk: article for article in uow.load(entry.article_id for entry in entries if entry.article_id)}
    following = {}
    for entry in entries:
        entry.outcome = Outcome.TAKEN
        article = articles.get(entry.article_id or 0)
        if article is None:
            continue
        is_decided = "published" in article.pins and not article.waits_for_editor
        if not is_decided and not article.is_folded:
            following[entry.pk] = article
        else:
            _keep_beside(article, {name: entry.values[name] for name in ("title", "excerpt")})
    return following


def _keep_beside(article: Article, words: Mapping[str, str]) -> None:
    """Pin the words of the article that differ from its source's, which are kept as incoming values."""
    for name, text in words.items():
        if name in article.pins or getattr(article, name) != text:
            pin_fields(article, [name])
            article.wishes = article.wishes | {name: text}


def _note_known(entries: Iterable[Entry]) -> None:
    """Give entries of a page that has an article to that article; refuse those of stories that were taken down."""
    pages = sorted({entry.page_key for entry in entries} - {""})
    rows = Article.objects.filter(url_key__listed=pages).order_by("-pk").values_list("url_key", "pk")
    articles = dict(rows)  # of several, the first that came
    taken_down = TakenDownStories.load()
    for entry in entries:
        story = taken_down.by_id.get(entry.article_id or 0) or taken_down.by_url_key.get(entry.page)
        if story is not None:
            entry.outcome, entry.reason, entry.values = Outcome.REFUSED, story.refusal[:REASON_MAX], {}
        elif entry.page_key in articles:
            entry.outcome, entry.article_id = Outcome.KNOWN, articles[entry.page_key]


def _import(uow: UnitOfWork, source: Source, stories: Sequence[Story]) -> None:
    """Import the documents, note what became of their entries, and let stories wait for an editor or a rule decide."""
    by_name = {story.document.stem: story for story in stories if story.document}
    documents = [story.document for story in stories if story.document]
    results: list[FileResult] = []
    import_within(documents, on_result=results.append)
    created = {result.name for result in results if result.outcome == CREATED}
    ids = dict(Article.objects.filter(name__listed=sorted(created)).values_list("name", "pk"))
    for name, pk in ids.items():
        by_name[name].entry.outcome, by_name[name].entry.article_id = Outcome.TAKEN, pk
    by_label = {story.document.label: story.entry for story in stories if story.document}
    for result in results:
        if result.problems and by_label[result.label].article_id is None:
            messages = "; ".join(problem.message for problem in result.problems)
            by_label[result.label].reason = messages[:REASON_MAX]
            by_label[result.label].outcome = Outcome.REFUSED
    waits = [story.entry.article_id for story in stories if story.needs_editor]
    if source.publication == Source.Publication.EDITORS:
        waits = list(ids.values())
    for article in uow.load(pk for pk in waits if pk):
        pin_fields(article, ["published"])
    compared = {story.entry.article_id: story.waits_for for story in stories if story.waits_for}
    for article in uow.load(pk for pk in compared if pk):
        wait_for_answer(article, compared[article.pk])
    decide_stories(uow, {pk: by_name[name].verdict for name, pk in ids.items()})
