"""The schemas of version 2, for OpenAPI and the page that describes it. Later releases may add keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

from articles.public.recent import RECENT_DAYS
from articles.rules.limits import NAME_MAX, TOPIC_MAX, YEAR_MAX, YEAR_MIN
from articles.rules.places import CODE_PATTERN
from articles.search.query import MAX_CHARACTERS

STORIES_MAX, STORIES_DEFAULT = 50, 25
NAMES_MAX, NAMES_DEFAULT = 200, 100
NO_NUL = r"^[^\x00]*$"
FIRST, END = datetime(YEAR_MIN, 1, 1, tzinfo=UTC), datetime(YEAR_MAX + 1, 1, 1, tzinfo=UTC)
Time = Annotated[AwareDatetime, Field(ge=FIRST, lt=END)]
LANGUAGE = "Of its words, as a tag of BCP 47; null if unknown."
NEXT = "The URL of the next page; null on the last one."


class OutletName(Schema):
    """An outlet by the name that it reports under."""

    name: str
    domain: str


class TopicName(Schema):
    name: str
    slug: str


class Picture(Schema):
    """Our own copy of a picture, as JPEG."""

    url: str
    width: int
    height: int
    alt: str
    credit: str


class Report(Schema):
    """Another report of the same event."""

    title: str
    source_url: str | None = Field(description="Where to read it.")
    published_at: datetime = Field(description="When its outlet published it.")
    type: str
    language: str | None = Field(description=LANGUAGE)
    outlet: OutletName
    name: str | None = Field(description="The name of our own article of it; null if we have none.")


class StoryName(Schema):
    """Another story on the site."""

    name: str
    title: str
    url: str
    api_url: str


class Story(Schema):
    """A published story: its lead, and who else reports the event."""

    name: str = Field(description="Identifies the story; it never changes.")
    url: str = Field(description="Its page on this site.")
    api_url: str = Field(description="Its URL in the API.")
    title: str
    outlets_headline: str | None = Field(
        description="The outlet's own headline, if an editor wrote the title; else null."
    )
    excerpt: str
    source_url: str | None = Field(description="Where to read the lead, at its outlet.")
    published_at: datetime = Field(description="When the outlet published the lead.")
    listed_at: datetime = Field(description="When the story came to this site; lists go by it.")
    type: str = Field(description="article, video, or another word of the document.")
    language: str | None = Field(description=LANGUAGE)
    outlet: OutletName = Field(description="The outlet of the lead.")
    outlets: int = Field(description="How many outlets report the story, that of the lead included.")
    heat: int | None = Field(description="How big the event is; null while unscored.")
    topics: list[TopicName]
    places: list[str] = Field(description="ISO 3166 codes and names.")
    picture: Picture | None
    coverage: list[Report] = Field(description="Each other report once, the best first.")
    see_also: list[StoryName] = Field(description="Other stories that the lead refers to.")


class Stories(Schema):
    stories: list[Story]
    next: str | None = Field(description=NEXT)


class Outlet(Schema):
    """An outlet that reports a published story, as its lead or as coverage."""

    domain: str
    title: str = Field(description="Its name, or its domain if it uses several names.")
    names: list[str] = Field(description="All names under which it reports.")
    recent_stories: int = Field(description=f"How many stories of the past {RECENT_DAYS} days it reports.")
    logo: str | None = Field(description="The URL of our own copy.")
    url: str = Field(description="Its page on this site.")
    api_url: str
    stories_url: str = Field(description="Where the API lists its stories.")


class Outlets(Schema):
    outlets: list[Outlet]
    next: str | None = Field(description=NEXT)


class Topic(Schema):
    """A topic with published stories of its own or below it."""

    slug: str
    name: str
    parent: str | None = Field(description="The slug of the topic above.")
    children: list[str] = Field(description="The slugs of the topics below that have stories.")
    recent_stories: int = Field(
        description=f"How many stories of the past {RECENT_DAYS} days are about it or a topic below, each once."
    )
    url: str = Field(description="Its page on this site.")
    api_url: str
    stories_url: str = Field(description="Where the API lists its stories, those of topics below included.")


class Topics(Schema):
    topics: list[Topic]
    next: str | None = Field(description=NEXT)


class Problem(Schema):
    """What went wrong, as RFC 9457 has it: where, what, and what to do."""

    type: str
    title: str
    status: int
    detail: str
    where: str
    what: str
    hint: str


# Parameters


class Filters(Schema):
    topic: str = Field("", max_length=TOPIC_MAX, pattern=NO_NUL, description="The slug of a topic; covers those below.")
    outlet: str = Field("", max_length=NAME_MAX, pattern=NO_NUL, description="The domain of an outlet.")
    place: str = Field("", pattern=rf"^({CODE_PATTERN})?$", description="The code of a place, as GB or US-CA.")
    since: Time | None = Field(None, description="Only stories that came to the site at this time or later.")
    until: Time | None = Field(None, description="Only stories that came to the site before this time.")
    cursor: str = Field("", max_length=1000, pattern=NO_NUL, description="Where the page starts; taken from next.")

    def filters(self) -> list[str]:
        """Return the names of the filters that are set."""
        return [name for name in ("topic", "outlet", "place", "since", "until") if getattr(self, name)]


class StoriesAsked(Filters):
    order: Literal["latest", "front"] = Field(
        "latest", description="latest, newest first; or front, as on the front page, without filters and limit."
    )
    limit: int = Field(STORIES_DEFAULT, ge=1, le=STORIES_MAX, description="How many stories a page has at most.")


class SearchAsked(Filters):
    q: str = Field(
        max_length=MAX_CHARACTERS, pattern=NO_NUL, description='Words; "words side by side"; -without this one.'
    )
    order: Literal["latest", "relevance"] = Field(
        "latest", description="latest, newest first; or relevance, the most relevant of the newest matches first."
    )
    limit: int = Field(STORIES_DEFAULT, ge=1, le=STORIES_MAX, description="How many stories a page has at most.")


class NamesAsked(Schema):
    limit: int = Field(NAMES_DEFAULT, ge=1, le=NAMES_MAX, description="How many a page has at most.")
    cursor: str = Field("", max_length=1000, pattern=NO_NUL, description="Where the page starts; taken from next.")
