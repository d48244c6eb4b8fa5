"""Make up stories from a seed, in the proportions of real newsrooms. No I/O.

Each proportion was measured on the 6,240 documents of the format's largest corpus, or belongs to the load that
docs/performance.md describes. Heat, publication and leads come from the scoring rules, so no document breaks one.
"""

from __future__ import annotations

import base64
from bisect import bisect
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import TypeVar

from articles.exchange.format.document import (
    Document,
    Entry,
    Image,
    OrganizationEntry,
    ProviderData,
    Related,
    TopicEntry,
)
from articles.exchange.format.parse import content_hash
from articles.exchange.format.write import document_text
from articles.rules import slugs
from articles.rules.scoring import Policy, ScoringInput, explain

from . import vocabulary

T = TypeVar("T")

YEARS = timedelta(days=3652)  # the stories are spread over ten of them
DEFAULT_UNTIL = datetime(2026, 1, 1, tzinfo=UTC)

# Kinds of stories, as shares of all stories (a story has 1.17 articles on average).
LEADS, UNSCORED = 0.1195, 0.0234
# How many related links a lead has: 478 of 645 leads have one.
RELATED_COUNTS = (1, 2, 3, 4, 5, 6, 7, 9)
RELATED_SHARES = (478, 103, 37, 15, 3, 7, 1, 1)
LINK_ONLY_SHARE = 0.04  # of the stories with coverage: their weakest link has no article of its own
REPOST_SHARE = 0.02  # of all articles: another's URL with a new title
WITH_PICTURE, WITH_AMP, WITH_TAGS = 0.75, 0.56, 0.68
WITH_DEFAULT_PICTURE = 0.1  # of the pictures: the outlet's own for all its stories
WITH_COMMON_WORD = 0.5
RARE_SHARE = 0.001  # of each rare word
# Every twentieth part of the scored articles has a quality between two of these, at a publish threshold of 100.
QUALITIES = (0, 24, 34, 37, 41, 47, 52, 55, 56, 60, 62, 65, 70, 74, 75, 80, 89, 97, 105, 124, 213)
MEASURED_THRESHOLD = 100
DELAY_HOURS, DELAY_HOURS_MAX = 7.6, 60  # of the other articles of a story: half come within 5.3 hours

OUTLETS = 1400
REGISTERED = 15  # the most frequent outlets are in the registry and have logos
PICTURE_SIZES = ((640, 480), (800, 500), (1024, 683), (1200, 630), (1600, 900), (2048, 1365))
SECRET_LENGTHS = (240, 368)  # bytes of the opaque text
REPOST_WINDOW = 200  # a URL is posted again within this many articles


def documents(count: int, *, seed: int, policy: Policy, until: datetime = DEFAULT_UNTIL) -> Iterator[list[Document]]:
    """Yield `count` documents story by story, oldest first: all documents of a story at once, their names unique.

    The same arguments make the same documents. Memory doesn't grow with `count`.
    """
    generator = _StoryGenerator(Random(seed), policy, until)  # noqa: S311  nothing secret
    made = 0
    while made < count:
        begins = until - YEARS + YEARS * ((made + generator.random.random()) / count)
        story = generator.story(begins, at_most=count - made)
        made += len(story)
        yield story


def batches(stories: Iterable[list[Document]], size: int) -> Iterator[list[list[Document]]]:
    """Yield the stories in batches of `size` documents at most; a story is never larger than 10."""
    batch: list[list[Document]] = []
    room = size
    for story in stories:
        if len(story) > room:
            yield batch
            batch, room = [], size
        batch.append(story)
        room -= len(story)
    if batch:
        yield batch


def entries() -> Iterator[Entry]:
    """Yield the registry entries for the documents: the tree of topics, and the most frequent outlets."""
    for number, (name, parent, _) in enumerate(vocabulary.TOPICS):
        slug = slugs.slugify_title(name)
        yield TopicEntry(slug=slug, name=name, parent=parent, keywords=[name], file_name=f"{number:02}-{slug}.md")
    for outlet in outlets()[:REGISTERED]:
        yield OrganizationEntry(
            name=outlet.name, domain=outlet.domain, images=outlet.images, file_name=f"{outlet.domain}.md"
        )


@cache
def outlets() -> Sequence[ProviderData]:
    """Return all outlets, the most frequent first; the same ones for every seed."""
    names = [(place, paper) for place in vocabulary.PLACES for paper in vocabulary.PAPERS]
    Random(0).shuffle(names)  # noqa: S311
    made: list[ProviderData] = []
    for place, paper in names[:OUTLETS]:
        domain = f"{slugs.slugify_title(place)}{paper.lower()}.example"
        logo = Image(url=f"https://static.example/organizations/{domain}-50x50.jpg", width=50, height=50)
        made.append(
            ProviderData(name=f"{place} {paper}", domain=domain, images=[logo] if len(made) < REGISTERED else [])
        )
    return made


@dataclass(frozen=True, slots=True)
class _Event:
    """What all reports on an event have in common."""

    words: Mapping[str, str]
    topics: list[str]
    tags: list[str]


class _StoryGenerator:
    """Makes stories, one after the other."""

    def __init__(self, random: Random, policy: Policy, until: datetime) -> None:
        self.random = random
        self.policy = policy
        self.last_minute = until - timedelta(minutes=1)
        self.names: dict[date, set[str]] = defaultdict(set)  # of days that can still get more
        self.recent: deque[Document] = deque(maxlen=REPOST_WINDOW)

    def story(self, begins: datetime, *, at_most: int) -> list[Document]:
        """Return the documents of the next story. The first is published when it begins, none more than 60 h later."""
        for day in [day for day in self.names if day < begins.date()]:
            del self.names[day]
        event = self._event()
        kind = self.random.random()
        if kind < UNSCORED:
            return [_with_hash(self._document(event, begins))]
        count = 1 + (self.random.choices(RELATED_COUNTS, RELATED_SHARES)[0] if kind < UNSCORED + LEADS else 0)
        members = [self._document(event, begins)]
        while len(members) < min(count, at_most):
            hours = min(self.random.expovariate(1 / DELAY_HOURS), DELAY_HOURS_MAX)
            members.append(self._document(event, begins + timedelta(hours=hours)))
        for member in members:
            member.quality = self._quality()
        members.sort(key=lambda member: (-(member.quality or 0), slugs.file_sort_key(member.name)))
        for member in members:
            _apply_policy(member, members, self.policy)
        if len(members) > 1 and self.random.random() < LINK_ONLY_SHARE:
            del members[-1]
        return [_with_hash(member) for member in members]

    def _event(self) -> _Event:
        place, other = (self._weighted_choice(PLACE_NAMES, PLACE_SHARES) for _ in range(2))
        syllables = (vocabulary.FIRST_SYLLABLES, vocabulary.MIDDLE_SYLLABLES, vocabulary.LAST_SYLLABLES)
        fields = {
            "place": place,
            "other": other,
            "actor": self._weighted_choice(vocabulary.ACTORS, ACTOR_SHARES),
            "thing": self._weighted_choice(vocabulary.THINGS, THING_SHARES),
            "group": self._weighted_choice(vocabulary.GROUPS, GROUP_SHARES),
            "surname": "".join(map(self.random.choice, syllables)),
        }
        tags = [vocabulary.PLACES[name] for name in dict.fromkeys((place, other))]
        tagged = self.random.random()
        number = 0 if tagged > WITH_TAGS else 1 if tagged > WITH_TAGS / 4 else 2
        return _Event(fields, self._topics(), tags[:number])

    def _topics(self) -> list[str]:
        """Return the event's topics from the root down, each below its parent."""
        root, twin, *others = vocabulary.TOPICS
        if self.random.random() >= root[2]:
            return [twin[0]]
        topics = {root[0]}
        for name, parent, share in others:
            if self.random.random() < share:
                topics |= {parent, name}
        return [name for name, _, _ in vocabulary.TOPICS if name in topics]

    def _document(self, event: _Event, published_at: datetime) -> Document:
        """Return one outlet's report, not scored."""
        published_at = min(published_at, self.last_minute).replace(second=0, microsecond=0)
        title, name = self._title(event, published_at)
        document = Document(
            name=name,
            category="news",
            type="article",
            title=title,
            excerpt=self._excerpt(event),
            published_at=published_at,
            provider=self._weighted_choice(outlets(), outlet_shares()),
            topics=event.topics,
            tags=event.tags,
            secured=self._secret(),
        )
        self._set_urls(document)
        if self.random.random() < WITH_PICTURE:
            document.images = [self._picture(document)]
        return document

    def _title(self, event: _Event, published_at: datetime) -> tuple[str, str]:
        """Return a title, and the name that it gives: one that no other document has."""
        taken = self.names[published_at.date()]
        while True:
            title = self.random.choice(vocabulary.TITLES).format_map(self._fields(event))
            title = title[0].upper() + title[1:]
            name = slugs.document_name(published_at, title)
            if name not in taken:
                taken.add(name)
                return title, name

    def _excerpt(self, event: _Event) -> str:
        random = self.random
        fields = self._fields(event)
        openings = vocabulary.COMMON_OPENINGS if random.random() < WITH_COMMON_WORD else vocabulary.OPENINGS
        fields["opening"] = random.choice(openings)
        sentences = [random.choice(vocabulary.EXCERPTS), *random.sample(vocabulary.CLOSINGS, random.randint(0, 2))]
        if random.random() < RARE_SHARE * len(vocabulary.RARE):
            sentences.append(vocabulary.RARE_CLOSING)
            fields["rare"] = random.choice(vocabulary.RARE)
        return " ".join(sentences).format_map(fields)

    def _fields(self, event: _Event) -> dict[str, str]:
        """Return the values of the sentences' placeholders: those of the event, and one outlet's words."""
        return {
            **event.words,
            "verb": self._weighted_choice(vocabulary.VERBS, VERB_SHARES),
            "adjective": self._weighted_choice(vocabulary.ADJECTIVES, ADJECTIVE_SHARES),
            "cause": self.random.choice(vocabulary.CAUSES),
            "unit": self.random.choice(vocabulary.UNITS),
            "number": f"{self.random.randrange(2, 10_000):,}",
        }

    def _set_urls(self, document: Document) -> None:
        """Set the document's URLs: new ones, or sometimes those of an earlier document, from its outlet."""
        if self.recent and self.random.random() < REPOST_SHARE:
            earlier = self.random.choice(self.recent)
            document.provider, document.web_url = earlier.provider, earlier.web_url
            document.amp_url, document.cdn_amp_url = earlier.amp_url, earlier.cdn_amp_url
        else:
            path = f"{document.provider.domain}/{document.name[:10].replace('-', '/')}/{document.name[11:]}"
            document.web_url = f"https://www.{path}"
            if self.random.random() < WITH_AMP:
                document.amp_url = f"https://amp.{path}"
                host, _, rest = path.partition("/")
                document.cdn_amp_url = f"https://amp-{host.replace('.', '-')}.cdn.ampproject.org/c/s/amp.{host}/{rest}"
        document.original_url = document.web_url
        self.recent.append(document)

    def _picture(self, document: Document) -> Image:
        is_default = self.random.random() < WITH_DEFAULT_PICTURE
        name = "default" if is_default else document.name
        width, height = self.random.choice(PICTURE_SIZES)
        return Image(
            url=f"https://pictures.{document.provider.domain}/{name}.jpg", width=width, height=height, is_cached=True
        )

    def _quality(self) -> int:
        part = self.random.randrange(len(QUALITIES) - 1)
        measured = self.random.uniform(QUALITIES[part], QUALITIES[part + 1])
        return int(measured * self.policy.publish_threshold / MEASURED_THRESHOLD)

    def _secret(self) -> str:
        text, start = self.random.randbytes(self.random.choice(SECRET_LENGTHS)), self.random.randbytes(16)
        return f"{base64.b64encode(text).decode()};{base64.b64encode(start).decode()}"

    def _weighted_choice(self, items: Sequence[T], shares: Sequence[float]) -> T:
        return items[bisect(shares, self.random.random() * shares[-1])]


def _apply_policy(member: Document, members: Sequence[Document], policy: Policy) -> None:
    """Set the coverage that a member lists, and its heat and publication by the policy."""
    others = [other for other in members if other is not member]
    member.related = [_as_related(other) for other in others]
    rivals = [(other.quality or 0, other.name) for other in others]
    result = explain(ScoringInput(name=member.name, quality=member.quality, members=rivals), policy).result
    member.heat, member.published = result.heat, result.published


def _as_related(document: Document) -> Related:
    outlet = document.provider
    return Related(
        title=document.title,
        excerpt=document.excerpt,
        published_at=document.published_at,
        web_url=document.web_url,
        amp_url=document.amp_url,
        cdn_amp_url=document.cdn_amp_url,
        type=document.type,
        provider=ProviderData(name=outlet.name, domain=outlet.domain),
        quality=document.quality,
        images=document.images,
    )


def _with_hash(document: Document) -> Document:
    """Set the hash that the document would have as a file, so that importing its export finds nothing new."""
    document.content_hash = content_hash(document_text(document).encode())
    return document


def zipf(count: int, offset: float = 3) -> list[float]:
    """Return running totals of shares that fall with the rank, as words and outlets do."""
    return list(accumulate(1 / (rank + offset) for rank in range(count)))


@cache
def outlet_shares() -> Sequence[float]:
    return zipf(OUTLETS, 5)


PLACE_NAMES = list(vocabulary.PLACES)
PLACE_SHARES = zipf(len(PLACE_NAMES))
ACTOR_SHARES = zipf(len(vocabulary.ACTORS))
VERB_SHARES = zipf(len(vocabulary.VERBS))
ADJECTIVE_SHARES = zipf(len(vocabulary.ADJECTIVES))
THING_SHARES = zipf(len(vocabulary.THINGS))
GROUP_SHARES = zipf(len(vocabulary.GROUPS))
