"""Stories as editors arrange them: fold, merge, take out, make lead.

Each decision is stored as a pin of the article's role in its story and as a pairing of two articles (together or
apart), so that neither rules nor imports reverse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork
from articles.models import Article, Pairing, RelatedImage, RelatedLink, Verb
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN
from articles.rules.states import State
from articles.stories.links import add_link, sort_and_check_links, unlink
from articles.stories.neighbourhood import linked_ids

from .batch import Articles, SeenVersions, apply_to_each
from .pins import pin_fields, unpin_fields
from .results import ActionError, ActionResult


def fold_into(
    articles: Articles, lead: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Fold the articles under a lead, with all that is folded under them. Imports leave them there."""
    return _fold_under(Verb.FOLD, articles, lead, by, versions)


def merge(story: Article, into: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Merge two stories: fold the lead `story`, with all that is folded under it, under the lead `into`."""
    return _fold_under(Verb.MERGE, story, into, by, versions)


def take_out(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Take folded articles out of their stories. They stand by themselves; imports don't fold them again."""

    def is_done(article: Article) -> bool:
        return not article.is_folded and Pairing.objects.filter(member=article, together=False).exists()

    return apply_to_each(Verb.TAKE_OUT, articles, _take_out, by, versions, is_done)


def make_lead(article: Article, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Make a folded article the lead of its story; the previous lead and all other members are folded under it."""

    def is_done(article: Article) -> bool:
        is_lead = not article.is_folded and STORY_ROLE_PIN in article.pins
        return is_lead and Pairing.objects.filter(lead=article, together=True).exists()

    return apply_to_each(Verb.MAKE_LEAD, article, _make_lead, by, versions, is_done)


def _fold_under(verb: Verb, articles: Articles, lead: Article, by: Actor, versions: SeenVersions) -> ActionResult:
    def apply(article: Article) -> None:
        leads = UnitOfWork.current().load([lead.pk])
        if not leads:
            raise ActionError(f"can't be folded under “{lead}”, which was deleted meanwhile")
        _fold(article, leads[0])

    def is_done(article: Article) -> bool:
        is_under = article.is_folded and article.lead_id == lead.pk and STORY_ROLE_PIN in article.pins
        return is_under and Pairing.objects.filter(lead=lead, member=article, together=True).exists()

    return apply_to_each(verb, articles, apply, by, versions, is_done)


def _fold(article: Article, lead: Article) -> None:
    uow = UnitOfWork.current()
    _require_foldable(article, lead)
    if article.is_folded and article.lead_id not in (None, lead.pk):
        _detach(uow, article)
    members = uow.load(_member_ids(article.pk))
    uow.track_lists([lead.pk], "pairings")
    _put_under(uow, lead, [article, *(member for member in members if member.pk != lead.pk)], article.pk)


def _take_out(article: Article) -> None:
    if not article.is_folded:
        raise ActionError("is not folded; it stands by itself already")
    _detach(UnitOfWork.current(), article)
    _mark_standalone(article)


def _make_lead(article: Article) -> None:
    if not article.is_folded or article.lead_id is None:
        raise ActionError("is not folded under a lead; there is no story to lead")
    if article.quality is None:
        raise ActionError("has no quality yet; score it first")
    uow = UnitOfWork.current()
    previous_lead = article.lead_id
    members = [pk for pk in [previous_lead, *_member_ids(previous_lead)] if pk != article.pk]
    uow.track_lists([article.pk], "pairings")
    _mark_standalone(article)
    _put_under(uow, article, uow.load(members), previous_lead)


def _put_under(uow: UnitOfWork, lead: Article, members: Sequence[Article], previous_lead: int) -> None:
    """Fold the members under the lead, and copy the external links of the one that led them."""
    ids = [member.pk for member in members]
    uow.track_lists([lead.pk], "related")
    uow.track_lists(ids, "pairings")
    for member in members:
        Pairing.objects.filter(member=member, together=True).delete()
        _save_pairing(lead.pk, member.pk, together=True)
        pin_fields(member, [STORY_ROLE_PIN])
        member.heat = FOLDED_HEAT
        add_link(lead.pk, member)
    _copy_external_links(previous_lead, lead.pk)
    sort_and_check_links(lead)
    uow.relinked_ids.update({lead.pk, *ids})


def _detach(uow: UnitOfWork, article: Article) -> None:
    """Unlink a folded article from every other article of its story."""
    lead = article.lead_id
    story = {*_member_ids(lead), lead} if lead else linked_ids([article.pk])
    others = sorted(story - {article.pk})
    uow.track_lists([article.pk, *others], "pairings")
    for other in others:
        _save_pairing(other, article.pk, together=False)
        unlink(uow, other, article.pk)
    uow.relinked_ids.update({article.pk, *others})


def _require_foldable(article: Article, lead: Article) -> None:
    if article.pk == lead.pk:
        raise ActionError("can't be folded under itself; choose another story")
    if lead.is_folded:
        raise ActionError(f"can't be folded under “{lead}”, which is folded itself; choose its lead")
    if lead.heat is None:
        raise ActionError(f"can't be folded under “{lead}”, which has no heat yet; score that one first")
    if lead.state == State.SPIKED or lead.removed:
        raise ActionError(f"can't be folded under “{lead}”, which was rejected; reopen that one first")


def _mark_standalone(article: Article) -> None:
    Pairing.objects.filter(member=article, together=True).delete()
    unpin_fields(article, ["heat"])
    pin_fields(article, [STORY_ROLE_PIN])
    article.heat = None  # the rules set it


def _save_pairing(lead: int, member: int, *, together: bool) -> None:
    """Store whether two articles belong together; a decision on them with the roles reversed is deleted."""
    Pairing.objects.filter(lead=member, member=lead).delete()
    Pairing.objects.update_or_create(lead_id=lead, member_id=member, defaults={"together": together})


def _member_ids(lead: int) -> list[int]:
    return list(Article.objects.filter(lead=lead).order_by("pk").values_list("pk", flat=True))


def _copy_external_links(source: int, lead: int) -> None:
    """Copy to the lead those links of another article whose coverage we have no article of."""
    listed = set(RelatedLink.objects.filter(article=lead).values_list("match_key", flat=True))
    links = RelatedLink.objects.filter(article=source, target=None).prefetch_related("images")
    for link in links:
        if link.match_key not in listed:
            _copy_link(link, lead, link.images.all())


def _copy_link(link: RelatedLink, lead: int, images: Iterable[RelatedImage]) -> None:
    copies = list(images)
    link.pk, link.article_id = None, lead
    link._state.adding = True
    link.save()
    for image in copies:
        image.pk, image.link = None, link
        image._state.adding = True
    RelatedImage.objects.bulk_create(copies)
