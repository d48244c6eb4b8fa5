"""Stories as editors arrange them: fold, merge, take out, make lead.

Each decision is stored as a pin of the article's role in its story and as a pairing of two articles (together or
apart), so that neither rules nor imports reverse it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork
from articles.models import Article, Pairing, Verb
from articles.models.pairing import of_pair
from articles.rules.scoring import STORY_ROLE_PIN
from articles.rules.states import State
from articles.stories.links import unlink
from articles.stories.neighbourhood import linked_ids
from articles.stories.rescoring import RescoreChange

from .answers import record_answer
from .batch import Articles, SeenVersions, allow_publishing, apply_to_each, keep_unscored_hidden
from .results import ActionError, ActionResult
from .story_changes import mark_standalone, member_ids, put_under, save_pairing
from .succession import Publication, move_publication
from .waiting import end_waiting


def fold_into(
    articles: Articles, lead: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Fold the articles under a lead, with all that is folded under them. Imports leave them there."""
    return _fold_each(Verb.FOLD, articles, lambda _article: lead.pk, by, versions)


def merge(
    story: Article,
    into: Article,
    *,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
    announced: Collection[int] = (),
) -> ActionResult:
    """Merge two stories: fold the lead `story`, with all that is folded under it, under the lead `into`.

    The policy may publish `into` if it is `announced`: a preview said so.
    """
    return _fold_each(Verb.MERGE, story, lambda _story: into.pk, by, versions, announced)


def merge_all(
    leads: Mapping[int, int],
    *,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
    announced: Collection[int] = (),
) -> ActionResult:
    """Fold each story under its lead, as one operation; `leads` has the keys of both.

    The policy may publish the leads that are `announced`: a preview said so.
    """
    stories = Article.objects.filter(pk__in=leads)
    return _fold_each(Verb.MERGE, stories, lambda story: leads[story.pk], by, versions, announced)


def take_out(
    articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None, announced: Collection[int] = ()
) -> ActionResult:
    """Take folded articles out of their stories. They stand by themselves; imports don't fold them again.

    The policy may publish those that are `announced`: a preview said so.
    """

    def apply(article: Article) -> None:
        allow_publishing(UnitOfWork.current(), Verb.TAKE_OUT, [article.pk], announced)
        _take_out(article)

    def is_done(article: Article) -> bool:
        return not article.is_folded and Pairing.objects.filter(member=article, together=False).exists()

    return apply_to_each(Verb.TAKE_OUT, articles, apply, by, versions, is_done)


def keep_apart(
    article: Article,
    other: Article,
    *,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
    announced: Collection[int] = (),
) -> ActionResult:
    """Remember that two articles report different events: they are never suggested as one, and imports don't fold them.

    The policy may publish the one that waits for this answer if it is `announced`: a preview said so. Raises
    ActionError if they are in one story.
    """

    def apply(article: Article) -> None:
        uow = UnitOfWork.current()
        allow_publishing(uow, Verb.KEEP_APART, [article.pk, other.pk], announced)
        for second in uow.load([other.pk]):
            if second.pk == article.pk or story_of(second) == story_of(article):
                raise ActionError(
                    _("is in one story with “%(second)s”; take it out of there instead") % {"second": second}
                )
            save_pairing(uow, second.pk, article.pk, together=False)
            record_answer(uow, [article.pk], [second.pk], is_same=False)
            end_waiting(uow, article, announced, answered=second.pk)
            end_waiting(uow, second, announced, answered=article.pk)

    def is_done(article: Article) -> bool:
        return Pairing.objects.filter(of_pair(article.pk, other.pk), together=False).exists()

    return apply_to_each(Verb.KEEP_APART, article, apply, by, versions, is_done)


def story_of(article: Article) -> int:
    """Return the key of the lead of its story, or its own."""
    return article.lead_id if article.is_folded and article.lead_id else article.pk


def make_lead(
    article: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None, announced: Collection[int] = ()
) -> ActionResult:
    """Make a folded article the lead of its story; the previous lead and all other members are folded under it.

    If the story is published, its publication moves to the new lead. If not, the policy may publish it if it is
    `announced`: a preview said so.
    """
    moved: list[tuple[int, int, Publication]] = []

    def apply(article: Article) -> None:
        uow = UnitOfWork.current()
        allow_publishing(uow, Verb.MAKE_LEAD, [article.pk], announced)
        for previous in uow.load([article.lead_id] if article.is_folded and article.lead_id else []):
            if previous.public:
                moved.append((previous.pk, article.pk, Publication.of(previous)))
        _make_lead(article)

    def move(uow: UnitOfWork, changes: Sequence[RescoreChange]) -> None:
        for previous, lead, publication in moved:
            old_lead, new_lead = uow.load([previous, lead])
            move_publication(uow, old_lead, new_lead, publication)

    def is_done(article: Article) -> bool:
        is_lead = not article.is_folded and STORY_ROLE_PIN in article.pins
        return is_lead and Pairing.objects.filter(lead=article, together=True).exists()

    return apply_to_each(Verb.MAKE_LEAD, article, apply, by, versions, is_done, after=move)


def _fold_each(
    verb: Verb,
    articles: Articles,
    lead_of: Callable[[Article], int],
    by: Actor,
    versions: SeenVersions,
    announced: Collection[int] = (),
) -> ActionResult:
    def apply(article: Article) -> None:
        uow = UnitOfWork.current()
        for lead in uow.load([lead_of(article)]):
            allow_publishing(uow, verb, [article.pk, lead.pk], announced)
            _fold(article, lead)
            if verb == Verb.MERGE:
                end_waiting(uow, lead, announced, answered=article.pk)
            return
        raise ActionError(_("can't be folded: the story that would lead it was deleted meanwhile"))

    def is_done(article: Article) -> bool:
        lead = lead_of(article)
        is_under = article.is_folded and article.lead_id == lead and STORY_ROLE_PIN in article.pins
        return is_under and Pairing.objects.filter(lead=lead, member=article, together=True).exists()

    return apply_to_each(verb, articles, apply, by, versions, is_done)


def _fold(article: Article, lead: Article) -> None:
    uow = UnitOfWork.current()
    _require_foldable(article, lead)
    if article.is_folded and article.lead_id not in (None, lead.pk):
        _detach(uow, article)
    members = uow.load(member_ids(article.pk))
    record_answer(uow, [article.pk, *(member.pk for member in members)], [lead.pk, *member_ids(lead.pk)], is_same=True)
    put_under(uow, lead, [article, *(member for member in members if member.pk != lead.pk)], article.pk)


def _take_out(article: Article) -> None:
    if not article.is_folded:
        raise ActionError(_("is not folded; it stands by itself already"))
    uow = UnitOfWork.current()
    if article.lead_id:
        record_answer(uow, [article.pk], [article.lead_id, *member_ids(article.lead_id)], is_same=False)
    _detach(uow, article)
    mark_standalone(uow, article)
    keep_unscored_hidden(uow, article)


def _make_lead(article: Article) -> None:
    if not article.is_folded or article.lead_id is None:
        raise ActionError(_("is not folded under a lead; there is no story to lead"))
    if article.quality is None:
        raise ActionError(_("has no quality yet; score it first"))
    uow = UnitOfWork.current()
    previous_lead = article.lead_id
    members = [pk for pk in [previous_lead, *member_ids(previous_lead)] if pk != article.pk]
    mark_standalone(uow, article)
    put_under(uow, article, uow.load(members), previous_lead)


def _detach(uow: UnitOfWork, article: Article) -> None:
    """Unlink a folded article from every other article of its story."""
    lead = article.lead_id
    story = {*member_ids(lead), lead} if lead else linked_ids([article.pk])
    others = sorted(story - {article.pk})
    uow.track_lists([article.pk, *others], "pairings")
    for other in others:
        save_pairing(uow, other, article.pk, together=False)
        unlink(uow, other, article.pk)
    uow.relinked_ids.update({article.pk, *others})


def _require_foldable(article: Article, lead: Article) -> None:
    if article.pk == lead.pk:
        raise ActionError(_("can't be folded under itself; choose another story"))
    if lead.is_folded:
        refusal = _("can't be folded under “%(lead)s”, which is folded itself; choose its lead")
    elif lead.heat is None:
        refusal = _("can't be folded under “%(lead)s”, which has no heat yet; score that one first")
    elif lead.state == State.SPIKED or lead.removed:
        refusal = _("can't be folded under “%(lead)s”, which was rejected; reopen that one first")
    else:
        return
    raise ActionError(refusal % {"lead": lead})
