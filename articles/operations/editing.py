"""What an article says: text, scores, topics and other lists, as editors change them, and new articles.

Each function is one operation. Changed fields are pinned, so that imports and policies don't change them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.limited_fields import LIMIT
from articles.models import Article, ArticleImage, ArticlePlace, Topic, Verb
from articles.models.derived import refresh_derived_fields
from articles.rules.limits import NAMES_MAX
from articles.rules.publication import published_when_added
from articles.rules.scoring import SCORE_MAX
from articles.rules.values import is_blank
from articles.stories import duplicates
from articles.stories.links import sort_and_check_links

from .batch import (
    LINK_IDENTITY_FIELDS,
    Articles,
    SeenVersions,
    allow_publishing,
    apply_to_each,
    keep_unscored_hidden,
    load_with_neighbours,
    propagate,
    refresh_instance,
    require_unchanged_since,
)
from .pins import pin_fields, unpin_fields
from .refusals import restore_refusals
from .results import ActionError, ActionResult
from .succession import move_publications

SCORES = ("quality", "heat")
NEWSROOM_FIELDS = {"note"}  # no document has them, so there is nothing to pin, and no story follows from them


def add(article: Article, filled_in: Iterable[str], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Store a new article that an editor wrote; `filled_in` are the fields that they filled in, which are pinned.

    Readers don't see it while it is unscored unless its author may publish and the policy shows unscored articles.
    """
    with unit_of_work(Verb.ADD, by) as uow:
        article.pins = sorted({*filled_in} - NEWSROOM_FIELDS)
        is_unscored = article.quality is None and article.heat is None
        article.published = published_when_added(
            article.published, is_unscored=is_unscored, may_publish=uow.actor.may_publish
        )
        refresh_derived_fields(article, uow.policies.site, uow.now)
        article.save()
        ArticlePlace.objects.replace_for([article])
        if not is_unscored:
            allow_publishing(uow, Verb.SCORE, [article.pk])
        uow.record_created([article.pk])
        restore_refusals(uow, [article.pk])
        nearby, row = load_with_neighbours(uow, article)
        outcome = propagate(uow, nearby, [row.pk], LINK_IDENTITY_FIELDS)
        with uow.consequences():
            duplicates.mark_duplicates(uow, [row.pk])
    return refresh_instance(article, outcome, uow)


def edit(
    article: Article,
    *,
    by: Actor = SYSTEM_ACTOR,
    version: int | None = None,
    verb: Verb = Verb.EDIT,
    **values: Any,
) -> ActionResult:
    """Set fields of an article to what an editor typed and pin them; an emptied score is unpinned instead.

    `values` are the fields that the editor changed, `version` is the one that they saw. `article` is refreshed in
    place. Raises EditConflictError if somebody else has set the same fields to other values since, and ActionError if
    a value is beyond the limits.
    """
    if "note" in values and is_blank(values["note"] or ""):
        values["note"] = None
    emptied = [name for name in SCORES if name in values and values[name] is None]
    require_within_limits({name: value for name, value in values.items() if name not in emptied})
    with unit_of_work(verb, by) as uow:
        nearby, row = load_with_neighbours(uow, article)
        require_unchanged_since(row, version, values)
        changed = {name: value for name, value in values.items() if name not in emptied and getattr(row, name) != value}
        pin_fields(row, changed.keys() - NEWSROOM_FIELDS)
        for name, value in changed.items():
            setattr(row, name, value)
        if "provider" in changed:  # the logos in the document are those of the previous provider
            uow.track_lists([row.pk], "logos")
            row.images.filter(kind=ArticleImage.Kind.LOGO).delete()
            row.layout = {key: value for key, value in row.layout.items() if key != "provider"}
        unpinned = unpin_fields(row, emptied)
        if not changed.keys().isdisjoint(SCORES):
            allow_publishing(uow, Verb.SCORE, [row.pk])
        elif unpinned:
            allow_publishing(uow, Verb.UNPIN, [row.pk])
            keep_unscored_hidden(uow, row)
        if NEWSROOM_FIELDS.issuperset({*changed, *unpinned}):
            outcome = ActionResult(done=[row.pk], articles={row.pk: row})
        else:
            outcome = propagate(uow, nearby, [row.pk], {*changed, *unpinned})
        if not changed.keys().isdisjoint(SCORES):
            with uow.consequences():
                move_publications(uow, outcome.consequences)
    return refresh_instance(article, outcome, uow)


def require_within_limits(values: Mapping[str, Any]) -> None:
    """Raise ActionError if a field of an article can't hold its value."""
    for name, value in values.items():
        field = Article._meta.get_field(name)
        if not isinstance(field, models.Field) or field.is_relation or (field.blank and not value):
            continue
        try:
            field.clean(value, None)
        except ValidationError as invalid:
            raise ActionError(_limit_text(field, invalid.error_list[0])) from invalid


def _limit_text(field: models.Field[Any, Any], error: ValidationError) -> str:
    """Return why the field refuses a value, to follow the name of the article."""
    if error.code == LIMIT and error.params:
        text = _("can't be saved, because its %(field)s %(problem)s")
        return text % {"field": field.verbose_name, "problem": error.params["problem"]}
    text = _("can't be saved: %(field)s: %(message)s")
    return text % {"field": field.verbose_name, "message": error.messages[0].removesuffix(".")}


def edit_related_rows(
    article: Article, *names: str, write: Callable[[], None], by: Actor = SYSTEM_ACTOR
) -> ActionResult:
    """Let `write` change the rows of an article's lists (topics, images, related), then update the story.

    The lists are pinned and put in order. `article` is refreshed in place.
    """
    with unit_of_work(Verb.EDIT, by) as uow:
        nearby, row = load_with_neighbours(uow, article)
        uow.track_lists([row.pk], *names)
        write()
        pin_fields(row, names)
        if "topics" in names:
            snapshots.renumber(row.article_topics.all())
            uow.invalidate_topics(row.pk)
        if "images" in names:
            snapshots.renumber(row.images.filter(kind=ArticleImage.Kind.PICTURE))
        if "related" in names:
            sort_and_check_links(row)
        outcome = propagate(uow, nearby, [row.pk], names)
    return refresh_instance(article, outcome, uow)


def set_topics(
    articles: Articles,
    names: Sequence[str] | None = None,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Give the articles these topics in this order, or add some at the end and remove others; the list is pinned.

    Raises ActionError if a topic doesn't exist.
    """
    new = {*(names or ()), *add}
    unknown = new - set(Topic.objects.filter(name__in=new).values_list("name", flat=True))
    if unknown:
        raise ActionError(
            _("can't be about %(topics)s: there is no such topic; add it to the topics first")
            % {"topics": ", ".join(sorted(unknown))}
        )

    def changed_list(stored: Sequence[str]) -> list[str]:
        kept = [name for name in (stored if names is None else names) if name not in remove]
        topics = list(dict.fromkeys([*kept, *add]))
        if len(topics) > NAMES_MAX:
            raise ActionError(
                _("can't be about %(number)s topics; %(maximum)s are allowed")
                % {"number": len(topics), "maximum": NAMES_MAX}
            )
        return topics

    def stored_list(article: Article) -> list[str]:
        return snapshots.read_list([article.pk], "topics")[article.pk]

    def apply(article: Article) -> None:
        uow = UnitOfWork.current()
        uow.track_lists([article.pk], "topics")
        pin_fields(article, ["topics"])
        snapshots.replace_list(article, "topics", changed_list(stored_list(article)))
        uow.invalidate_topics(article.pk)

    def is_done(article: Article) -> bool:
        stored = stored_list(article)
        return changed_list(stored) == stored

    return apply_to_each(Verb.EDIT, articles, apply, by, versions, is_done, depends_on=("topics",))


def score(
    articles: Articles,
    *,
    quality: int | None = None,
    heat: int | None = None,
    quality_step: int = 0,
    heat_step: int = 0,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Set quality or heat of the articles and pin them, or change them by a step, which may be negative.

    A step never goes below 0.
    """
    absolute = {name: value for name, value in (("quality", quality), ("heat", heat)) if value is not None}
    steps = {name: step for name, step in (("quality", quality_step), ("heat", heat_step)) if step}

    def apply(article: Article) -> None:
        scores = _stepped(article, steps) | absolute
        if "heat" in scores and article.is_folded:
            raise ActionError(_("is folded, so it has no heat of its own; take it out of its story first"))
        pin_fields(article, scores)
        allow_publishing(UnitOfWork.current(), Verb.SCORE, [article.pk])
        for name, value in scores.items():
            setattr(article, name, value)

    def is_done(article: Article) -> bool:
        is_set = all(getattr(article, name) == value and name in article.pins for name, value in absolute.items())
        return is_set and not steps

    depends_on = tuple(absolute)
    return apply_to_each(Verb.SCORE, articles, apply, by, versions, is_done, depends_on, after=move_publications)


def _stepped(article: Article, steps: dict[str, int]) -> dict[str, int]:
    return {name: min(max((getattr(article, name) or 0) + step, 0), SCORE_MAX) for name, step in steps.items()}
