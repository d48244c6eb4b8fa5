"""What the waiting entries of a source become: documents, as outlets, topics, policy and rules decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.dateparse import parse_datetime

from articles.audit_log.unit_of_work import UnitOfWork
from articles.exchange.format.document import Document
from articles.rules.intake_rules import Verdict
from sources.models import Entry, Source

from .documents import EntryText, MadeDocument, Outlet, as_source, free_name, make_document, publication_time
from .ruling import judge_entry, load_rules, story_text
from .surroundings import Names, Outlets
from .topics import TopicFinder
from .waiting import published_rivals


@dataclass(frozen=True, kw_only=True)
class Story:
    """An entry, what the rules do with it, and its document; None if they keep it out.

    It `needs_editor` if only rules let it reach the threshold of publication, or if it came in a flood. `waits_for` is
    the name of a published story that may be the same event, which an editor decides first.
    """

    entry: Entry
    verdict: Verdict
    document: MadeDocument | None = None
    needs_editor: bool = False
    waits_for: str = ""


def make_stories(
    uow: UnitOfWork, source: Source, entries: Sequence[Entry], finder: TopicFinder, present_names: Mapping[int, str]
) -> list[Story]:
    """Return what the entries become. `present_names` are those of articles, by the keys of their entries."""
    if not entries:
        return []
    outlets = Outlets(source, [entry.values["url"] for entry in entries])
    rules = load_rules(source)
    maker = _DocumentMaker(uow, source, finder)
    floods = _floods(source, entries)
    texts = [_text(entry) for entry in entries]
    times = [
        publication_time(text.published_at, entry.first_seen_at) for text, entry in zip(texts, entries, strict=True)
    ]
    names = Names(zip(times, (text.title for text in texts), strict=True))
    stories: list[Story] = []
    refused: list[Story] = []
    documents: dict[int, Document] = {}
    for entry, text, published_at in zip(entries, texts, times, strict=True):
        outlet = outlets.find(text.url, entry.values["provider"])
        verdict = judge_entry(rules, entry, story_text(text, outlet))
        if verdict.refuses:
            refused.append(Story(entry=entry, verdict=verdict))
            continue
        name = present_names.get(entry.pk) or free_name(published_at, text.title, outlet.name, names.is_taken)
        names.take(name)
        in_flood = entry.first_seen_at in floods
        document, needs_editor = maker.make(text, name, published_at, outlet, verdict, in_flood=in_flood)
        documents[entry.pk] = document
        stories.append(Story(entry=entry, verdict=verdict, needs_editor=needs_editor))
    waiting = published_rivals([document for document in documents.values() if document.published])
    return refused + [_with_document(story, documents[story.entry.pk], source, waiting) for story in stories]


def _floods(source: Source, entries: Sequence[Entry]) -> set[datetime]:
    """Return when fetches brought so many of these entries at once that others were held back."""
    if source.publication != Source.Publication.POLICY:
        return set()
    held_back = source.entries.filter(outcome=Entry.Outcome.HELD_BACK).order_by()
    times = {entry.first_seen_at for entry in entries}
    return set(held_back.filter(first_seen_at__in=times).values_list("first_seen_at", flat=True).distinct())


def _with_document(story: Story, document: Document, source: Source, waiting: Mapping[str, str]) -> Story:
    """Return a story with its document, which isn't published if it is among the `waiting` ones."""
    waits_for = waiting.get(document.name, "")
    document.published = False if waits_for else document.published
    made = as_source(document, f"{source.name}, entry {story.entry.pk}")
    return replace(story, document=made, waits_for=waits_for)


class _DocumentMaker:
    """Makes the documents of one source."""

    def __init__(self, uow: UnitOfWork, source: Source, finder: TopicFinder) -> None:
        self._policies = uow.policies
        self._finder = finder
        self._defaults = list(source.topics.order_by("pk").values_list("pk", flat=True))
        self._by_policy = source.publication == Source.Publication.POLICY

    def make(
        self,
        text: EntryText,
        name: str,
        published_at: datetime,
        outlet: Outlet,
        verdict: Verdict,
        *,
        in_flood: bool,
    ) -> tuple[Document, bool]:
        """Return the document, and whether an editor must decide about it although the policy would publish it.

        Rules may keep a story from readers, but never show it to them. A flood of stories is more often an accident of
        the outlet than news.
        """

        def made(verdict: Verdict) -> Document:
            topics = self._finder.find(text.title, self._defaults, verdict.topics)
            return make_document(
                text,
                name=name,
                published_at=published_at,
                outlet=outlet,
                topics=topics,
                policy=self._policies.for_topics(topic.pk for topic in topics),
                by_policy=self._by_policy,
                points=verdict.points,
            )

        document = made(verdict)
        raised = self._by_policy and bool(verdict.topics or verdict.points > 0) and not made(Verdict()).published
        needs_editor = raised or (in_flood and bool(document.published))
        if needs_editor or verdict.decision:
            document.published = False
        return document, needs_editor


def _text(entry: Entry) -> EntryText:
    values = entry.values
    published: datetime | None = parse_datetime(values["published"]) if values["published"] else None
    return EntryText(
        title=values["title"],
        excerpt=values["excerpt"],
        url=values["url"],
        published_at=published,
        picture=values["picture"],
        language=values.get("language", ""),  # entries of older releases have none
    )
