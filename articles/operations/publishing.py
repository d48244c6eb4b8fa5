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
from articles.audit_log.unit_of_work import DELETED, SYSTEM, Act, By, Change, act, created
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
from articles.rules.scoring import SCORE_MAX, SIDE
from articles.rules.slugs import file_order
from articles.rules.states import SpikeReason, State, may_become
from articles.stories import duplicates, rescoring
from articles.stories.rescoring import Around, Rescored
from providers.models import Provider

from . import folding, outlets_and_topics, pins, policy_numbers, undoing
from .batch import MATCHED, Some, Versions, each, near_of, refreshed, require_unmoved, settle
from .outlets_and_topics import Other
from .results import NotPublishable, Outcome, Refused, Trial

SCORES = ("quality", "heat")
DECISIONS = ("undecided", "published", "held", *(f"spiked: {reason}" for reason in SpikeReason))

NEEDS_PUBLISH = {
    "published": "can't be published without the right to publish",
    "withdrawn": "is published; taking it from readers needs the right to publish",
}

# Decisions on the state


def publish(articles: Some, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Show the articles to readers, by an editor's decision."""

    def decide(article: Article) -> None:
        require_publishable(article)
        _enter(article, State.PUBLISHED)
        article.publish_at = None  # at once, whatever was scheduled

    def is_done(article: Article) -> bool:
        return article.published is True and "published" in article.pins and article.publish_at is None

    return each(Verb.PUBLISH, articles, decide, by, versions, is_done)


def hold(articles: Some, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Keep the articles from readers for now, by an editor's decision."""
    return each(Verb.HOLD, articles, lambda row: _enter(row, State.HELD), by, versions, _is_in(State.HELD))


def spike(articles: Some, reason: str = SpikeReason.OTHER, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Reject the articles, for a reason of `SpikeReason`. They can be reopened."""
    code = SpikeReason(reason).value

    def decide(article: Article) -> None:
        _enter(article, State.SPIKED)
        article.spike_reason = code

    def is_done(article: Article) -> bool:
        return article.spike_reason == code

    return each(Verb.SPIKE, articles, decide, by, versions, is_done)


def reopen(articles: Some, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Put the articles back among the undecided. Readers don't see them until somebody publishes or unpins them."""
    return each(Verb.REOPEN, articles, lambda row: _enter(row, State.UNDECIDED), by, versions, _is_in(State.UNDECIDED))


def schedule(
    articles: Some,
    *,
    publish_at: datetime | None = None,
    unpublish_at: datetime | None = None,
    by: By = SYSTEM,
    versions: Versions = None,
) -> Outcome:
    """Show the articles to readers from `publish_at` on (None: at once) until `unpublish_at` (None: for good)."""
    if publish_at and unpublish_at and unpublish_at <= publish_at:
        raise Refused("can't leave the site before it is on it; choose a later end")

    def decide(article: Article) -> None:
        require_publishable(article)
        _enter(article, State.PUBLISHED)
        article.publish_at, article.unpublish_at = publish_at, unpublish_at

    def is_done(article: Article) -> bool:
        times = (article.publish_at, article.unpublish_at)
        return article.published is True and "published" in article.pins and times == (publish_at, unpublish_at)

    return each(Verb.SCHEDULE, articles, decide, by, versions, is_done)


def pick(articles: Some, until: datetime | None, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Let the articles stand first on the front page until a time, as editors' picks; None ends that.

    Raises Refused for a time that is over.
    """
    if until is not None and until <= timezone.now():
        raise Refused("can't be a pick until a time that is over; choose a later one")

    def decide(article: Article) -> None:
        if by.user is not None and not by.user.has_perm(permissions.PUBLISH):
            raise Refused("can't be made a pick without the right to publish")
        if until is not None and not article.public:
            raise Refused("can't be a pick: readers don't see it by itself; publish it first")
        article.pick_until = until

    return each(Verb.PICK, articles, decide, by, versions, lambda article: article.pick_until == until)


def decide(articles: Some, decision: str, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
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
        raise NotPublishable("was removed by its source; clear that first")
    if article.missing:
        raise NotPublishable("was withdrawn because its document is missing; import the document again")
    if article.is_folded:
        lead = f" under “{article.lead}”; publish that one" if article.lead else "; take it out of its story first"
        raise NotPublishable(f"is folded{lead}")


def _enter(article: Article, state: State) -> None:
    if not may_become(article.state, state):
        raise Refused("was spiked; reopen it first")
    user = Act.current().by.user
    if State.PUBLISHED in (article.state, state) and user is not None and not user.has_perm(permissions.PUBLISH):
        raise Refused(NEEDS_PUBLISH["published" if state == State.PUBLISHED else "withdrawn"])
    pins.pin(article, ["published"])
    article.state = state
    article.published = state == State.PUBLISHED


def _is_in(state: State) -> Callable[[Article], bool]:
    return lambda article: article.state == state and "published" in article.pins


# Scores, words and lists


def score(
    articles: Some,
    *,
    quality: int | None = None,
    heat: int | None = None,
    quality_step: int = 0,
    heat_step: int = 0,
    by: By = SYSTEM,
    versions: Versions = None,
) -> Outcome:
    """Set quality or heat of the articles, or raise them by a step, which may be negative; they are pinned.

    A step never leads below 0.
    """

    def decide(article: Article) -> None:
        wanted = _scores(article, quality, heat, quality_step, heat_step)
        pins.pin(article, wanted)
        for name, value in wanted.items():
            setattr(article, name, value)

    def is_done(article: Article) -> bool:
        asked = {"quality": quality, "heat": heat}
        given = {name: value for name, value in asked.items() if value is not None}
        is_set = all(getattr(article, name) == value and name in article.pins for name, value in given.items())
        return is_set and not (quality_step or heat_step)

    grounds = [name for name, asked in zip(SCORES, (quality, heat), strict=True) if asked is not None]
    return each(Verb.SCORE, articles, decide, by, versions, is_done, grounds)


def _scores(
    article: Article, quality: int | None, heat: int | None, quality_step: int, heat_step: int
) -> dict[str, int]:
    wanted = {}
    for name, value, step in (("quality", quality, quality_step), ("heat", heat, heat_step)):
        if value is None and not step:
            continue
        if name == "heat" and article.is_folded:
            raise Refused("is folded, so its heat is -1; take it out of its story first")
        wanted[name] = min(max((getattr(article, name) or 0) + step, 0), SCORE_MAX) if value is None else value
    return wanted


def edit(
    article: Article, *, by: By = SYSTEM, version: int | None = None, verb: Verb = Verb.EDIT, **values: Any
) -> Outcome:
    """Take over what an editor typed: a decision on each field, except that an emptied score is given back.

    `values` are the fields that the editor changed, `version` the one that they saw. `article` is refreshed in
    place. Raises Stale if others changed the same fields since, to other values.
    """
    emptied = [name for name in SCORES if name in values and values[name] is None]
    with act(verb, by) as running:
        near, row = near_of(running, article)
        require_unmoved(row, version, values)
        decided = {name: value for name, value in values.items() if name not in emptied}
        decided = {name: value for name, value in decided.items() if getattr(row, name) != value}
        pins.pin(row, decided)
        for name, value in decided.items():
            setattr(row, name, value)
        if "provider" in decided:  # the document's logos are those of its own outlet
            running.watch([row.pk], "logos")
            row.images.filter(kind=ArticleImage.Kind.LOGO).delete()
            row.layout = {key: value for key, value in row.layout.items() if key != "provider"}
        freed = pins.free(row, emptied)
        outcome = settle(running, near, [row.pk], {*decided, *freed})
    return refreshed(article, outcome, running)


def edit_lists(article: Article, *names: str, write: Callable[[], None], by: By = SYSTEM) -> Outcome:
    """Let an editor change the rows of lists (topics, images, related) by calling `write`; the story follows.

    The lists are pinned and put in order. `article` is refreshed in place.
    """
    with act(Verb.EDIT, by) as running:
        near, row = near_of(running, article)
        running.watch([row.pk], *names)
        write()
        pins.pin(row, names)
        if "topics" in names:
            snapshots.renumber(row.article_topics.all())
            running.forget_topics(row.pk)
        if "images" in names:
            snapshots.renumber(row.images.filter(kind=ArticleImage.Kind.PICTURE))
        if "related" in names:
            rescoring.settle_links(row)
        outcome = settle(running, near, [row.pk], names)
    return refreshed(article, outcome, running)


def set_topics(
    articles: Some,
    names: Sequence[str] | None = None,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    by: By = SYSTEM,
    versions: Versions = None,
) -> Outcome:
    """Give the articles these topics in this order, or add some at the end and remove others; the list is pinned.

    Raises Refused if a topic doesn't exist.
    """
    wanted = [*(names or ()), *add]
    unknown = set(wanted) - set(Topic.objects.filter(name__in=wanted).values_list("name", flat=True))
    if unknown:
        names_unknown = ", ".join(sorted(unknown))
        raise Refused(f"can't be about {names_unknown}: there is no such topic; add it to the topics first")

    def after(stored: Sequence[str]) -> list[str]:
        kept = [name for name in (stored if names is None else names) if name not in remove]
        return list(dict.fromkeys([*kept, *add]))

    def decide(article: Article) -> None:
        running = Act.current()
        running.watch([article.pk], "topics")
        pins.pin(article, ["topics"])
        snapshots.put(article, "topics", after(snapshots.load([article.pk], "topics")[article.pk]))
        running.forget_topics(article.pk)

    def is_done(article: Article) -> bool:
        stored = snapshots.load([article.pk], "topics")[article.pk]
        return after(stored) == stored

    return each(Verb.EDIT, articles, decide, by, versions, is_done, grounds=("topics",))


def pin(articles: Some, *fields: str, by: By = SYSTEM) -> Outcome:
    """Keep these fields of the articles as they are, whatever documents and policy say from now on."""
    return each(Verb.PIN, articles, lambda article: pins.pin(article, fields), by)


def unpin(articles: Some, *fields: str, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Let document and policy decide these fields again, by default all that are pinned.

    What the document wants is taken back at once where it is known, and the next import compares it anew.
    """

    def decide(article: Article) -> None:
        wanted = [name for name in (fields or tuple(article.pins)) if name in article.pins]
        if article.state == State.SPIKED and "published" in wanted:
            raise Refused("was spiked; reopen it first")
        if "topics" in wanted:
            Act.current().watch([article.pk], "topics")
        if "published" in wanted:
            article.state = State.PUBLISHED if article.published else State.UNDECIDED
        pins.free(article, wanted)

    def is_done(article: Article) -> bool:
        return not {*(fields or article.pins)}.intersection(article.pins)

    return each(Verb.UNPIN, articles, decide, by, versions, is_done)


def add(article: Article, decided: Iterable[str], *, by: By = SYSTEM) -> Outcome:
    """Store a new article written by hand; `decided` are the fields that its editor filled in, which are pinned."""
    with act(Verb.ADD, by) as running:
        article.pins = sorted(decided)
        rescoring.derive_new(running, article)
        article.save()
        created([article.pk], running)
        near, row = near_of(running, article)
        outcome = settle(running, near, [row.pk], MATCHED)
        duplicates.settle(running, [row.pk])
    return refreshed(article, outcome, running)


def delete(articles: ArticleQuerySet, *, by: By = SYSTEM) -> Outcome:
    """Delete articles; the stories that they leave follow. Undoing brings them back, and so does their document."""
    with act(Verb.DELETE, by) as running:
        ids = list(articles.order_by().values_list("pk", flat=True))
        followed: list[Rescored] = []
        for chunk in chunked(ids):
            left = undoing.remove(running, chunk)
            duplicates.settle(running, keys=left.keys)
            followed += rescoring.follow(running, left.neighbours - set(ids))
    return Outcome(running.operation, ids, followed=followed)


# Stories


def fold_into(articles: Some, lead: Article, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Fold the articles under a lead, with whatever is folded under them. Imports keep it so."""
    return _under(Verb.FOLD, articles, lead, by, versions)


def merge(story: Article, into: Article, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Make two stories one: the lead `story` and all that is folded under it go under the lead `into`."""
    return _under(Verb.MERGE, story, into, by, versions)


def _under(verb: Verb, articles: Some, lead: Article, by: By, versions: Versions) -> Outcome:
    def decide(article: Article) -> None:
        running = Act.current()
        leads = running.load([lead.pk])
        if not leads:
            raise Refused(f"can't be folded under “{lead}”, which was deleted meanwhile")
        folding.fold(running, article, leads[0])

    def is_done(article: Article) -> bool:
        is_under = article.is_folded and article.lead_id == lead.pk and SIDE in article.pins
        return is_under and Pairing.objects.filter(lead=lead, member=article, together=True).exists()

    return each(verb, articles, decide, by, versions, is_done)


def take_out(articles: Some, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Take folded articles out of their stories. They stand by themselves, and imports don't fold them back."""

    def is_done(article: Article) -> bool:
        return not article.is_folded and Pairing.objects.filter(member=article, together=False).exists()

    return each(Verb.TAKE_OUT, articles, lambda row: folding.take_out(Act.current(), row), by, versions, is_done)


def make_lead(article: Article, *, by: By = SYSTEM, versions: Versions = None) -> Outcome:
    """Let a folded article lead its story; the lead until now and all others are folded under it."""

    def is_done(row: Article) -> bool:
        return not row.is_folded and SIDE in row.pins and Pairing.objects.filter(lead=row, together=True).exists()

    return each(Verb.MAKE_LEAD, article, lambda row: folding.make_lead(Act.current(), row), by, versions, is_done)


# What follows


def rescore(
    articles: ArticleQuerySet, policies: Policies | None = None, *, dry_run: bool = False, by: By = SYSTEM
) -> list[Rescored]:
    """Let the policies decide heat and publication of these articles; return what changes.

    Pins stay. An article without quality keeps what it has. `policies` are the stored ones by default. `dry_run`
    writes nothing.
    """
    if dry_run:
        return rescoring.trial(articles, policies)
    changes: list[Rescored] = []
    with act(Verb.RESCORE, by) as running:
        ids = list(articles.filter(quality__isnull=False).order_by("pk").values_list("pk", flat=True))
        for chunk in chunked(ids):
            done = rescoring.rescore_among(running, running.load(chunk), Around(chunk, running.rows), policies)
            turned = [change.pk for change in done if change.turned]
            if turned:
                rescoring.place_folded(running, turned)
            changes += done
            running.relieve()
    return changes


def change_policy(
    numbers: Mapping[str, int] | None = None,
    overrides: Mapping[int, Mapping[str, int | None]] | None = None,
    *,
    by: By = SYSTEM,
) -> int:
    """Set numbers of the site's policy and what topics override; return how many unscored articles turned.

    `overrides` names numbers by the key of a top-level topic; None gives a number back to the site's policy, and a
    topic that overrides none has no policy of its own. Unscored articles follow at once; all others keep heat and
    publication until they are rescored.
    """
    with act(Verb.POLICY, by) as running:
        for name, value in (numbers or {}).items():
            policy_numbers.set_number(running, name, None, value)
        for topic, own in (overrides or {}).items():
            for name, number in own.items():
                policy_numbers.set_number(running, name, topic, number)
        return rescoring.show_unscored(running)


def mark_missing(ids: Sequence[int], *, missing: bool, by: By = SYSTEM) -> list[str]:
    """Withdraw articles whose documents have disappeared, or let those back whose documents came again.

    An article that an editor decided to publish stays. Returns the names of those that changed.
    """
    names = []
    with act(Verb.IMPORT, by) as running:
        for chunk in chunked(ids):
            for article in running.load(chunk):
                if article.missing == missing or (missing and article.published and "published" in article.pins):
                    continue
                article.missing = missing
                names.append(article.name)
            running.relieve()
    return sorted(names, key=file_order)


def undo(operation: Operation, *, by: By = SYSTEM) -> Outcome:
    """Take an operation back, as one new operation: each field that still has the value it gave is restored.

    `Outcome.kept` lists the others, with who changed them since. Raises Refused if it was undone already.
    """
    with act(Verb.UNDO, by) as running:
        if undoing.verb_of(operation) == Verb.TAKE_DOWN:
            raise Refused("can't be undone: a picture is taken down for good")
        earlier = operation.undone_by.order_by("-pk").first()
        if earlier is not None:
            raise Refused(f"was undone by {earlier.who} already; undo that to do it again")
        running.undoes = operation
        kept = undoing.restore(running, operation)
        if operation.events.filter(subject=Subject.POLICY).exists():
            rescoring.show_unscored(running)
        changed = {each.event.subject_id for each in kept if each.event.subject == Subject.ARTICLE}
        followed = rescoring.follow(running, changed & set(running.rows))
    return Outcome(running.operation, sorted(running.changed), followed=followed, kept=kept)


def undo_trial(operation: Operation) -> Trial:
    """Return what undoing would do now. Writes nothing: it is done and rolled back."""
    with transaction.atomic():
        outcome = undo(operation)
        written = outcome.operation
        deleted = written.events.filter(field=DELETED).count() if written else 0
        transaction.set_rollback(True)
    return Trial(outcome, deleted)


def may_undo(user: permissions.Holder, operation: Operation) -> bool:
    """Return whether an editor may take an operation back: all that it did has to be theirs to do."""
    verb = undoing.verb_of(operation)
    if verb == Verb.TAKE_DOWN or not permissions.may(user, "undo", undoes=verb):
        return False
    return all(user.has_perm(permission) for permission in undoing.permissions(operation))


# Pictures


def take_down(article: Article, url: str, *, by: By = SYSTEM) -> Outcome:
    """Remove our copy of a picture for good, wherever it is shown; it is never fetched again, nor is this undone.

    `article` lists the picture at `url`. Every article that shows it has an event of it.
    """
    with act(Verb.TAKE_DOWN, by) as running:
        former, urls = store.remove(url)
        if former != PictureAddress.Status.REMOVED:
            showing = {article.pk, *unavailable.showing(urls)}
            for pk, title in Article.objects.filter(pk__in=showing).order_by("pk").values_list("pk", "title"):
                running.note(Change(pk, title, "picture", url, None))
    return Outcome(running.operation, sorted(running.changed))


# Outlets and topics


def add_other(row: Other, *, by: By = SYSTEM) -> Outcome:
    """Store an outlet or a topic that an editor has typed in."""
    with act(Verb.ADD, by) as running:
        outlets_and_topics.add(running, row)
    return Outcome(running.operation)


def edit_other(row: Other, values: Mapping[str, Any], *, by: By = SYSTEM) -> Outcome:
    """Take over what an editor typed about an outlet or a topic: its values by field name."""
    with act(Verb.EDIT, by) as running:
        outlets_and_topics.edit(running, row, values)
    return Outcome(running.operation)


def edit_logos(outlet: Provider, *, write: Callable[[], None], by: By = SYSTEM) -> Outcome:
    """Let an editor change the logos of an outlet by calling `write`."""
    with act(Verb.EDIT, by) as running:
        outlets_and_topics.edit_logos(running, outlet, write)
    return Outcome(running.operation)


def delete_others(rows: Iterable[Other], *, by: By = SYSTEM) -> Outcome:
    """Delete outlets or topics; articles about a topic are so no longer, by an editor's decision.

    Raises Refused where something else uses one: nothing is deleted then.
    """
    outcome = Outcome()

    def let_go(row: Other) -> None:
        if isinstance(row, Topic):
            outcome.done += set_topics(Article.objects.about([row]), remove=[row.name]).done

    with act(Verb.DELETE, by) as running:
        for row in list(rows):
            try:
                outlets_and_topics.delete(running, row, partial(let_go, row))
            except Refused as refused:
                raise Refused(f"“{row}” {refused}") from refused
    outcome.operation = running.operation
    return outcome


def neighbours(ids: Iterable[int]) -> set[int]:
    """Return the articles with those that they list or are listed by: whoever may lead or follow them."""
    found = set(ids)
    for chunk in chunked(sorted(found)):
        links = RelatedLink.objects.filter(Q(article__in=chunk) | Q(target__in=chunk), target__isnull=False)
        for pair in links.values_list("article", "target"):
            found.update(pair)
    return found
