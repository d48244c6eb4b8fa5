"""The verbs of the newsroom: the only code that changes editorial state.

The admin, the desk, the commands and the import call these functions. Each is one operation with one event for
each field it changes (see `acts.py`), takes the rules from `policy.py` and leaves the stories consistent: heat,
publication, leads and what is public follow in the same transaction.

Verbs for many articles leave alone what they can't do and say why (`Outcome.refusals`). `versions` tells which
version of each article the editor saw: a decision that somebody else took since is not overruled unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import (
    DELETED,
    SYSTEM_ACTOR,
    Actor,
    FieldChange,
    UnitOfWork,
    log_created,
    unit_of_work,
)
from articles.db.bulk import chunked
from articles.images import store, unavailable
from articles.models import (
    Article,
    ArticleImage,
    ArticleQuerySet,
    Operation,
    Pairing,
    PictureAddress,
    Policies,
    RelatedLink,
    Subject,
    Topic,
    Verb,
)
from articles.rules import permissions
from articles.rules.scoring import SCORE_MAX, STORY_ROLE_PIN
from articles.rules.slugs import file_sort_key
from articles.rules.states import SpikeReason, State, can_transition
from articles.stories import duplicates, rescoring
from articles.stories.rescoring import Neighbourhood, RescoreChange
from providers.models import Provider

from . import folding, outlets_and_topics, pins, policy_numbers, undoing
from .batch import (
    LINK_IDENTITY_FIELDS,
    Articles,
    SeenVersions,
    apply_to_each,
    load_with_neighbours,
    propagate,
    refresh_instance,
    require_unchanged_since,
)
from .outlets_and_topics import ReferenceRow
from .results import ActionError, ActionResult, NotPublishableError, UndoPreview

SCORES = ("quality", "heat")
DECISIONS = ("undecided", "published", "held", *(f"spiked: {reason}" for reason in SpikeReason))

NEEDS_PUBLISH = {
    "published": "can't be published without the right to publish",
    "withdrawn": "is published; taking it from readers needs the right to publish",
}

# Decisions on the state


def publish(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Show the articles to readers, by an editor's decision."""

    def decide(article: Article) -> None:
        require_publishable(article)
        _set_state(article, State.PUBLISHED)
        article.publish_at = None  # at once, whatever was scheduled

    def is_done(article: Article) -> bool:
        return article.published is True and "published" in article.pins and article.publish_at is None

    return apply_to_each(Verb.PUBLISH, articles, decide, by, versions, is_done)


def hold(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Keep the articles from readers for now, by an editor's decision."""
    return apply_to_each(
        Verb.HOLD, articles, lambda row: _set_state(row, State.HELD), by, versions, _already_in(State.HELD)
    )


def spike(
    articles: Articles, reason: str = SpikeReason.OTHER, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Reject the articles, for a reason of `SpikeReason`. They can be reopened."""
    code = SpikeReason(reason).value

    def decide(article: Article) -> None:
        _set_state(article, State.SPIKED)
        article.spike_reason = code

    def is_done(article: Article) -> bool:
        return article.spike_reason == code

    return apply_to_each(Verb.SPIKE, articles, decide, by, versions, is_done)


def reopen(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Put the articles back among the undecided. Readers don't see them until somebody publishes or unpins them."""
    return apply_to_each(
        Verb.REOPEN, articles, lambda row: _set_state(row, State.UNDECIDED), by, versions, _already_in(State.UNDECIDED)
    )


def schedule(
    articles: Articles,
    *,
    publish_at: datetime | None = None,
    unpublish_at: datetime | None = None,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Show the articles to readers from `publish_at` on (None: at once) until `unpublish_at` (None: for good)."""
    if publish_at and unpublish_at and unpublish_at <= publish_at:
        raise ActionError("can't leave the site before it is on it; choose a later end")

    def decide(article: Article) -> None:
        require_publishable(article)
        _set_state(article, State.PUBLISHED)
        article.publish_at, article.unpublish_at = publish_at, unpublish_at

    def is_done(article: Article) -> bool:
        times = (article.publish_at, article.unpublish_at)
        return article.published is True and "published" in article.pins and times == (publish_at, unpublish_at)

    return apply_to_each(Verb.SCHEDULE, articles, decide, by, versions, is_done)


def pick(
    articles: Articles, until: datetime | None, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Let the articles stand first on the front page until a time, as editors' picks; None ends that.

    Raises Refused for a time that is over.
    """
    if until is not None and until <= timezone.now():
        raise ActionError("can't be a pick until a time that is over; choose a later one")

    def decide(article: Article) -> None:
        if by.user is not None and not by.user.has_perm(permissions.PUBLISH):
            raise ActionError("can't be made a pick without the right to publish")
        if until is not None and not article.public:
            raise ActionError("can't be a pick: readers don't see it by itself; publish it first")
        article.pick_until = until

    return apply_to_each(Verb.PICK, articles, decide, by, versions, lambda article: article.pick_until == until)


def apply_decision(
    articles: Articles, decision: str, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Do what a choice of DECISIONS says: a state, with the reason behind a colon where it is spiked."""
    state, _, reason = decision.partition(": ")
    match State(state):
        case State.PUBLISHED:
            return publish(articles, by=by, versions=versions)
        case State.HELD:
            return hold(articles, by=by, versions=versions)
        case State.SPIKED:
            return spike(articles, reason, by=by, versions=versions)
        case State.UNDECIDED:
            return reopen(articles, by=by, versions=versions)


def require_publishable(article: Article) -> None:
    """Raise NotPublishable if readers could not see the article by itself even if it were published."""
    if article.removed:
        raise NotPublishableError("was removed by its source; clear that first")
    if article.missing:
        raise NotPublishableError("was withdrawn because its document is missing; import the document again")
    if article.is_folded:
        lead = f" under “{article.lead}”; publish that one" if article.lead else "; take it out of its story first"
        raise NotPublishableError(f"is folded{lead}")


def _set_state(article: Article, state: State) -> None:
    if not can_transition(article.state, state):
        raise ActionError("was spiked; reopen it first")
    user = UnitOfWork.current().actor.user
    if State.PUBLISHED in (article.state, state) and user is not None and not user.has_perm(permissions.PUBLISH):
        raise ActionError(NEEDS_PUBLISH["published" if state == State.PUBLISHED else "withdrawn"])
    pins.pin_fields(article, ["published"])
    article.state = state
    article.published = state == State.PUBLISHED


def _already_in(state: State) -> Callable[[Article], bool]:
    return lambda article: article.state == state and "published" in article.pins


# Scores, words and lists


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
    """Set quality or heat of the articles, or raise them by a step, which may be negative; they are pinned.

    A step never leads below 0.
    """

    def decide(article: Article) -> None:
        wanted = _scores(article, quality, heat, quality_step, heat_step)
        pins.pin_fields(article, wanted)
        for name, value in wanted.items():
            setattr(article, name, value)

    def is_done(article: Article) -> bool:
        asked = {"quality": quality, "heat": heat}
        given = {name: value for name, value in asked.items() if value is not None}
        is_set = all(getattr(article, name) == value and name in article.pins for name, value in given.items())
        return is_set and not (quality_step or heat_step)

    grounds = [name for name, asked in zip(SCORES, (quality, heat), strict=True) if asked is not None]
    return apply_to_each(Verb.SCORE, articles, decide, by, versions, is_done, grounds)


def _scores(
    article: Article, quality: int | None, heat: int | None, quality_step: int, heat_step: int
) -> dict[str, int]:
    wanted = {}
    for name, value, step in (("quality", quality, quality_step), ("heat", heat, heat_step)):
        if value is None and not step:
            continue
        if name == "heat" and article.is_folded:
            raise ActionError("is folded, so its heat is -1; take it out of its story first")
        wanted[name] = min(max((getattr(article, name) or 0) + step, 0), SCORE_MAX) if value is None else value
    return wanted


def edit(
    article: Article, *, by: Actor = SYSTEM_ACTOR, version: int | None = None, verb: Verb = Verb.EDIT, **values: Any
) -> ActionResult:
    """Take over what an editor typed: a decision on each field, except that an emptied score is given back.

    `values` are the fields that the editor changed, `version` the one that they saw. `article` is refreshed in
    place. Raises Stale if others changed the same fields since, to other values.
    """
    emptied = [name for name in SCORES if name in values and values[name] is None]
    with unit_of_work(verb, by) as uow:
        near, row = load_with_neighbours(uow, article)
        require_unchanged_since(row, version, values)
        decided = {name: value for name, value in values.items() if name not in emptied}
        decided = {name: value for name, value in decided.items() if getattr(row, name) != value}
        pins.pin_fields(row, decided)
        for name, value in decided.items():
            setattr(row, name, value)
        if "provider" in decided:  # the document's logos are those of its own outlet
            uow.track_lists([row.pk], "logos")
            row.images.filter(kind=ArticleImage.Kind.LOGO).delete()
            row.layout = {key: value for key, value in row.layout.items() if key != "provider"}
        freed = pins.unpin_fields(row, emptied)
        outcome = propagate(uow, near, [row.pk], {*decided, *freed})
    return refresh_instance(article, outcome, uow)


def edit_related_rows(
    article: Article, *names: str, write: Callable[[], None], by: Actor = SYSTEM_ACTOR
) -> ActionResult:
    """Let an editor change the rows of lists (topics, images, related) by calling `write`; the story follows.

    The lists are pinned and put in order. `article` is refreshed in place.
    """
    with unit_of_work(Verb.EDIT, by) as uow:
        near, row = load_with_neighbours(uow, article)
        uow.track_lists([row.pk], *names)
        write()
        pins.pin_fields(row, names)
        if "topics" in names:
            snapshots.renumber(row.article_topics.all())
            uow.invalidate_topics(row.pk)
        if "images" in names:
            snapshots.renumber(row.images.filter(kind=ArticleImage.Kind.PICTURE))
        if "related" in names:
            rescoring.sort_and_check_links(row)
        outcome = propagate(uow, near, [row.pk], names)
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

    Raises Refused if a topic doesn't exist.
    """
    wanted = [*(names or ()), *add]
    unknown = set(wanted) - set(Topic.objects.filter(name__in=wanted).values_list("name", flat=True))
    if unknown:
        names_unknown = ", ".join(sorted(unknown))
        raise ActionError(f"can't be about {names_unknown}: there is no such topic; add it to the topics first")

    def after(stored: Sequence[str]) -> list[str]:
        not_restored = [name for name in (stored if names is None else names) if name not in remove]
        return list(dict.fromkeys([*not_restored, *add]))

    def decide(article: Article) -> None:
        uow = UnitOfWork.current()
        uow.track_lists([article.pk], "topics")
        pins.pin_fields(article, ["topics"])
        snapshots.replace_list(article, "topics", after(snapshots.read_list([article.pk], "topics")[article.pk]))
        uow.invalidate_topics(article.pk)

    def is_done(article: Article) -> bool:
        stored = snapshots.read_list([article.pk], "topics")[article.pk]
        return after(stored) == stored

    return apply_to_each(Verb.EDIT, articles, decide, by, versions, is_done, grounds=("topics",))


def pin(articles: Articles, *fields: str, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Keep these fields of the articles as they are, whatever documents and policy say from now on."""
    return apply_to_each(Verb.PIN, articles, lambda article: pins.pin_fields(article, fields), by)


def unpin(articles: Articles, *fields: str, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Let document and policy decide these fields again, by default all that are pinned.

    What the document wants is taken back at once where it is known, and the next import compares it anew.
    """

    def decide(article: Article) -> None:
        wanted = [name for name in (fields or tuple(article.pins)) if name in article.pins]
        if article.state == State.SPIKED and "published" in wanted:
            raise ActionError("was spiked; reopen it first")
        if "topics" in wanted:
            UnitOfWork.current().track_lists([article.pk], "topics")
        if "published" in wanted:
            article.state = State.PUBLISHED if article.published else State.UNDECIDED
        pins.unpin_fields(article, wanted)

    def is_done(article: Article) -> bool:
        return not {*(fields or article.pins)}.intersection(article.pins)

    return apply_to_each(Verb.UNPIN, articles, decide, by, versions, is_done)


def add(article: Article, decided: Iterable[str], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Store a new article written by hand; `decided` are the fields that its editor filled in, which are pinned."""
    with unit_of_work(Verb.ADD, by) as uow:
        article.pins = sorted(decided)
        rescoring.init_derived_fields(uow, article)
        article.save()
        log_created([article.pk], uow)
        near, row = load_with_neighbours(uow, article)
        outcome = propagate(uow, near, [row.pk], LINK_IDENTITY_FIELDS)
        duplicates.mark_duplicates(uow, [row.pk])
    return refresh_instance(article, outcome, uow)


def delete(articles: ArticleQuerySet, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Delete articles; the stories that they leave follow. Undoing brings them back, and so does their document."""
    with unit_of_work(Verb.DELETE, by) as uow:
        ids = list(articles.order_by().values_list("pk", flat=True))
        consequences: list[RescoreChange] = []
        for chunk in chunked(ids):
            left = undoing.delete_articles(uow, chunk)
            duplicates.mark_duplicates(uow, keys=left.keys)
            consequences += rescoring.update_stories(uow, left.neighbours - set(ids))
    return ActionResult(uow.operation, ids, consequences=consequences)


# Stories


def fold_into(
    articles: Articles, lead: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Fold the articles under a lead, with whatever is folded under them. Imports keep it so."""
    return _fold_under(Verb.FOLD, articles, lead, by, versions)


def merge(story: Article, into: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Make two stories one: the lead `story` and all that is folded under it go under the lead `into`."""
    return _fold_under(Verb.MERGE, story, into, by, versions)


def _fold_under(verb: Verb, articles: Articles, lead: Article, by: Actor, versions: SeenVersions) -> ActionResult:
    def decide(article: Article) -> None:
        uow = UnitOfWork.current()
        leads = uow.load([lead.pk])
        if not leads:
            raise ActionError(f"can't be folded under “{lead}”, which was deleted meanwhile")
        folding.fold(uow, article, leads[0])

    def is_done(article: Article) -> bool:
        is_under = article.is_folded and article.lead_id == lead.pk and STORY_ROLE_PIN in article.pins
        return is_under and Pairing.objects.filter(lead=lead, member=article, together=True).exists()

    return apply_to_each(verb, articles, decide, by, versions, is_done)


def take_out(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Take folded articles out of their stories. They stand by themselves, and imports don't fold them back."""

    def is_done(article: Article) -> bool:
        return not article.is_folded and Pairing.objects.filter(member=article, together=False).exists()

    return apply_to_each(
        Verb.TAKE_OUT, articles, lambda row: folding.take_out(UnitOfWork.current(), row), by, versions, is_done
    )


def make_lead(article: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Let a folded article lead its story; the lead until now and all others are folded under it."""

    def is_done(row: Article) -> bool:
        return (
            not row.is_folded
            and STORY_ROLE_PIN in row.pins
            and Pairing.objects.filter(lead=row, together=True).exists()
        )

    return apply_to_each(
        Verb.MAKE_LEAD, article, lambda row: folding.make_lead(UnitOfWork.current(), row), by, versions, is_done
    )


# What follows


def rescore(
    articles: ArticleQuerySet, policies: Policies | None = None, *, dry_run: bool = False, by: Actor = SYSTEM_ACTOR
) -> list[RescoreChange]:
    """Let the policies decide heat and publication of these articles; return what changes.

    Pins stay. An article without quality keeps what it has. `policies` are the stored ones by default. `dry_run`
    writes nothing.
    """
    if dry_run:
        return rescoring.preview_rescore(articles, policies)
    changes: list[RescoreChange] = []
    with unit_of_work(Verb.RESCORE, by) as uow:
        ids = list(articles.filter(quality__isnull=False).order_by("pk").values_list("pk", flat=True))
        for chunk in chunked(ids):
            done = rescoring.rescore_loaded(uow, uow.load(chunk), Neighbourhood(chunk, uow.articles), policies)
            turned = [change.pk for change in done if change.changed_role]
            if turned:
                rescoring.assign_leads_around(uow, turned)
            changes += done
            uow.flush_if_large()
    return changes


def change_policy(
    numbers: Mapping[str, int] | None = None,
    overrides: Mapping[int, Mapping[str, int | None]] | None = None,
    *,
    by: Actor = SYSTEM_ACTOR,
) -> int:
    """Set numbers of the site's policy and what topics override; return how many unscored articles turned.

    `overrides` names numbers by the key of a top-level topic; None gives a number back to the site's policy, and a
    topic that overrides none has no policy of its own. Unscored articles follow at once; all others keep heat and
    publication until they are rescored.
    """
    with unit_of_work(Verb.POLICY, by) as uow:
        for name, value in (numbers or {}).items():
            policy_numbers.set_policy_value(uow, name, None, value)
        for topic, own in (overrides or {}).items():
            for name, number in own.items():
                policy_numbers.set_policy_value(uow, name, topic, number)
        return rescoring.apply_unscored_policy(uow)


def mark_missing(ids: Sequence[int], *, missing: bool, by: Actor = SYSTEM_ACTOR) -> list[str]:
    """Withdraw articles whose documents have disappeared, or let those back whose documents came again.

    An article that an editor decided to publish stays. Returns the names of those that changed.
    """
    names = []
    with unit_of_work(Verb.IMPORT, by) as uow:
        for chunk in chunked(ids):
            for article in uow.load(chunk):
                if article.missing == missing or (missing and article.published and "published" in article.pins):
                    continue
                article.missing = missing
                names.append(article.name)
            uow.flush_if_large()
    return sorted(names, key=file_sort_key)


def undo(operation: Operation, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Take an operation back, as one new operation: each field that still has the value it gave is restored.

    `Outcome.kept` lists the others, with who changed them since. Raises Refused if it was undone already.
    """
    with unit_of_work(Verb.UNDO, by) as uow:
        if undoing.original_verb(operation) == Verb.TAKE_DOWN:
            raise ActionError("can't be undone: a picture is taken down for good")
        earlier = operation.undone_by.order_by("-pk").first()
        if earlier is not None:
            raise ActionError(f"was undone by {earlier.who} already; undo that to do it again")
        uow.undoes = operation
        not_restored = undoing.revert(uow, operation)
        if operation.events.filter(subject=Subject.POLICY).exists():
            rescoring.apply_unscored_policy(uow)
        changed = {each.event.subject_id for each in not_restored if each.event.subject == Subject.ARTICLE}
        consequences = rescoring.update_stories(uow, changed & set(uow.articles))
    return ActionResult(uow.operation, sorted(uow.changed_ids), consequences=consequences, not_restored=not_restored)


def preview_undo(operation: Operation) -> UndoPreview:
    """Return what undoing would do now. Writes nothing: it is done and rolled back."""
    with transaction.atomic():
        outcome = undo(operation)
        written = outcome.operation
        deleted = written.events.filter(field=DELETED).count() if written else 0
        transaction.set_rollback(True)
    return UndoPreview(outcome, deleted)


def can_undo(user: permissions.HasPermissions, operation: Operation) -> bool:
    """Return whether an editor may take an operation back: all that it did has to be theirs to do."""
    verb = undoing.original_verb(operation)
    if verb == Verb.TAKE_DOWN or not permissions.can(user, "undo", undoes=verb):
        return False
    return all(user.has_perm(permission) for permission in undoing.required_permissions(operation))


# Pictures


def take_down(article: Article, url: str, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Remove our copy of a picture for good, wherever it is shown; it is never fetched again, nor is this undone.

    `article` lists the picture at `url`. Every article that shows it has an event of it.
    """
    with unit_of_work(Verb.TAKE_DOWN, by) as uow:
        former, urls = store.remove(url)
        if former != PictureAddress.Status.REMOVED:
            showing = {article.pk, *unavailable.showing(urls)}
            for pk, title in Article.objects.filter(pk__in=showing).order_by("pk").values_list("pk", "title"):
                uow.record(FieldChange(pk, title, "picture", url, None))
    return ActionResult(uow.operation, sorted(uow.changed_ids))


# Outlets and topics


def create_reference(row: ReferenceRow, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Store an outlet or a topic that an editor has typed in."""
    with unit_of_work(Verb.ADD, by) as uow:
        outlets_and_topics.add(uow, row)
    return ActionResult(uow.operation)


def edit_reference(row: ReferenceRow, values: Mapping[str, Any], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Take over what an editor typed about an outlet or a topic: its values by field name."""
    with unit_of_work(Verb.EDIT, by) as uow:
        outlets_and_topics.edit(uow, row, values)
    return ActionResult(uow.operation)


def edit_logos(outlet: Provider, *, write: Callable[[], None], by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Let an editor change the logos of an outlet by calling `write`."""
    with unit_of_work(Verb.EDIT, by) as uow:
        outlets_and_topics.edit_logos(uow, outlet, write)
    return ActionResult(uow.operation)


def delete_references(rows: Iterable[ReferenceRow], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Delete outlets or topics; articles about a topic are so no longer, by an editor's decision.

    Raises Refused where something else uses one: nothing is deleted then.
    """
    outcome = ActionResult()

    def let_go(row: ReferenceRow) -> None:
        if isinstance(row, Topic):
            outcome.done += set_topics(Article.objects.about([row]), remove=[row.name]).done

    with unit_of_work(Verb.DELETE, by) as uow:
        for row in list(rows):
            try:
                outlets_and_topics.delete(uow, row, partial(let_go, row))
            except ActionError as error:
                raise ActionError(f"“{row}” {error}") from error
    outcome.operation = uow.operation
    return outcome


def with_linked_ids(ids: Iterable[int]) -> set[int]:
    """Return the articles with those that they list or are listed by: whoever may lead or follow them."""
    found = set(ids)
    for chunk in chunked(sorted(found)):
        links = RelatedLink.objects.filter(Q(article__in=chunk) | Q(target__in=chunk), target__isnull=False)
        for pair in links.values_list("article", "target"):
            found.update(pair)
    return found
