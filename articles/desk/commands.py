"""What an editor asks for at the desk: a verb, the stories, and what it takes, out of a form that any door may send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, ArticleQuerySet, Verb
from articles.operations.results import ActionError, ActionResult
from articles.rules.scoring import SCORE_MAX
from articles.rules.states import SpikeReason

from .view_helpers import key

REASONS = tuple(reason.value for reason in SpikeReason)
ROWS_MAX = 10_000  # stories in one bulk action; more are narrowed first


@dataclass(frozen=True)
class Asked:
    """A verb with the stories it is for and what they looked like to the editor."""

    verb: str
    articles: ArticleQuerySet
    versions: Mapping[int, int]
    given: QueryDict
    by: Actor

    @property
    def one(self) -> Article | None:
        """The story, if there is just one: its key, the verbs load the rest."""
        return Article(pk=next(iter(self.versions))) if len(self.versions) == 1 else None


# The permission that each verb of the desk asks for, as `rights.NEEDED` names it.
RIGHT_OF = {
    "publish": "publish",
    "schedule": "schedule",
    "pick": "pick",
    "hold": "hold",
    "spike": "spike",
    "reopen": "reopen",
    "quality": "score",
    "heat": "score",
    "step": "score",
    "unpin": "unpin",
    "topics": "edit",
    "add_topic": "edit",
    "remove_topic": "edit",
    "words": "edit",
    "fold": "fold",
    "merge": "merge",
    "take_out": "take_out",
    "make_lead": "make_lead",
}
# What the editor is told: "3 stories spiked."
DONE = {
    "publish": "published",
    "schedule": "scheduled",
    "pick": "picked",
    "hold": "held",
    "spike": "spiked",
    "reopen": "reopened",
    "quality": "scored",
    "heat": "scored",
    "step": "scored",
    "unpin": "unpinned",
    "topics": "sorted by topic",
    "add_topic": "sorted by topic",
    "remove_topic": "sorted by topic",
    "words": "edited",
    "fold": "folded",
    "merge": "merged",
    "take_out": "taken out",
    "make_lead": "made the lead",
}


def rows_sent(sent: QueryDict) -> dict[int, int]:
    """Return the version of each story that a form names as `row=<key>:<version>`. Raises Refused for nonsense."""
    found = {}
    for text in sent.getlist("row"):
        pk, _, version = text.partition(":")
        if not (key(pk) and version.isdecimal() and len(version) < 10):
            raise ActionError("No such story. Reload the page and try again.")
        found[key(pk)] = int(version)
    return found


def do(asked: Asked) -> ActionResult:
    """Do what was asked. Raises Refused with a sentence for the editor, Stale where others were faster."""
    return _DEEDS[asked.verb](asked)


def decided(verb: Callable[..., ActionResult]) -> Callable[[Asked], ActionResult]:
    return lambda asked: verb(_target(asked), by=asked.by, versions=asked.versions)


def _target(asked: Asked) -> Any:
    return asked.one or asked.articles


def _spike(asked: Asked) -> ActionResult:
    reason = asked.given.get("reason", "") or SpikeReason.OTHER.value
    if reason not in REASONS:
        raise ActionError(f"“{reason}” is no reason to spike; choose one of {', '.join(REASONS)}.")
    return operations.spike(_target(asked), reason, by=asked.by, versions=asked.versions)


def _schedule(asked: Asked) -> ActionResult:
    times = {name: _time(asked.given.get(name, ""), name) for name in ("publish_at", "unpublish_at")}
    return operations.schedule(_target(asked), **times, by=asked.by, versions=asked.versions)


def _pick(asked: Asked) -> ActionResult:
    until = _time(asked.given.get("pick_until", ""), "pick_until")
    return operations.pick(_target(asked), until, by=asked.by, versions=asked.versions)


def _time(text: str, name: str) -> datetime | None:
    """Return a time typed in the site's zone; None for nothing. Raises Refused."""
    if not text.strip():
        return None
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        moment = None
    if moment is None or not 1900 <= moment.year <= 2199:
        raise ActionError(f"“{text[:40]}” is no time to {name.partition('_')[0]}; type it as 2026-11-23 08:30.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _score(name: str) -> Callable[[Asked], ActionResult]:
    def do_score(asked: Asked) -> ActionResult:
        value = _number(asked.given.get(name, ""), name)
        article = asked.one
        if article is not None:
            version = asked.versions[article.pk]
            return operations.edit(article, by=asked.by, version=version, verb=Verb.SCORE, **{name: value})
        if value is None:
            return operations.unpin(asked.articles, name, by=asked.by, versions=asked.versions)
        return operations.score(asked.articles, **{name: value}, by=asked.by, versions=asked.versions)

    return do_score


def _number(text: str, name: str) -> int | None:
    """Return a score as typed; None for nothing, which gives it back to document and policy. Raises Refused."""
    text = text.strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 7 or int(text) > SCORE_MAX:
        raise ActionError(
            f"“{text[:20]}” is no {name}; type a number from 0 to {SCORE_MAX:,}, or nothing for the rule."
        )
    return int(text)


def _step(asked: Asked) -> ActionResult:
    steps = {}
    for name in ("quality", "heat"):
        text = asked.given.get(f"{name}_step", "").strip() or "0"
        if not text.removeprefix("-").removeprefix("+").isdecimal() or len(text) > 5:
            raise ActionError(f"“{text[:20]}” is no step; type a number such as 5 or -5.")
        steps[f"{name}_step"] = int(text)
    return operations.score(_target(asked), **steps, by=asked.by, versions=asked.versions)


def _topics(asked: Asked) -> ActionResult:
    return operations.set_topics(_target(asked), _names(asked, "topics"), by=asked.by, versions=asked.versions)


def _add_topic(asked: Asked) -> ActionResult:
    names = _names(asked, "topic")
    return operations.set_topics(_target(asked), add=names, by=asked.by, versions=asked.versions)


def _remove_topic(asked: Asked) -> ActionResult:
    names = _names(asked, "topic")
    return operations.set_topics(_target(asked), remove=names, by=asked.by, versions=asked.versions)


def _names(asked: Asked, field: str) -> list[str]:
    """Return topic names out of a line with commas; a field may be there several times."""
    texts = [part.strip() for text in asked.given.getlist(field) for part in text.split(",")]
    return list(dict.fromkeys(text for text in texts if text))


def _words(asked: Asked) -> ActionResult:
    article = asked.one
    if article is None:
        raise ActionError("Titles and excerpts are edited one story at a time.")
    values = {name: asked.given[name].replace("\r\n", "\n") for name in ("title", "excerpt") if name in asked.given}
    if not values.get("title", "-").strip():
        raise ActionError("A story needs a title.")
    if len(values.get("title", "")) > 300 or any("\0" in text for text in values.values()):
        raise ActionError("A title has at most 300 characters, and no text has a NUL.")
    return operations.edit(article, by=asked.by, version=asked.versions[article.pk], **values)


def _under(verb: str) -> Callable[[Asked], ActionResult]:
    def do_under(asked: Asked) -> ActionResult:
        lead = Article.objects.filter(pk=key(asked.given.get("into", ""))).first()
        if lead is None:
            raise ActionError("Choose the story to fold into.")
        if verb == "merge":
            if asked.one is None:
                raise ActionError("Two stories are merged at a time.")
            return operations.merge(asked.one, lead, by=asked.by, versions=asked.versions)
        others = asked.articles.exclude(pk=lead.pk)
        return operations.fold_into(asked.one or others, lead, by=asked.by, versions=asked.versions)

    return do_under


def _make_lead(asked: Asked) -> ActionResult:
    if asked.one is None:
        raise ActionError("One story leads; choose one.")
    return operations.make_lead(asked.one, by=asked.by, versions=asked.versions)


_DEEDS: dict[str, Callable[[Asked], ActionResult]] = {
    "publish": decided(operations.publish),
    "hold": decided(operations.hold),
    "reopen": decided(operations.reopen),
    "unpin": decided(operations.unpin),
    "take_out": decided(operations.take_out),
    "spike": _spike,
    "schedule": _schedule,
    "pick": _pick,
    "quality": _score("quality"),
    "heat": _score("heat"),
    "step": _step,
    "topics": _topics,
    "add_topic": _add_topic,
    "remove_topic": _remove_topic,
    "words": _words,
    "fold": _under("fold"),
    "merge": _under("merge"),
    "make_lead": _make_lead,
}


def asked_by(request: HttpRequest, verb: str, versions: Mapping[int, int], by: Actor) -> Asked:
    """Return what a request asks for."""
    return Asked(verb, Article.objects.filter(pk__in=list(versions)), versions, request.POST, by)
