"""Stories by an editor's hand: fold, take out, make lead. Works on the rows of the act that is under way.

Each decision is remembered as a pin on the article's side of the story ("lead") and as a pairing of two articles,
so that neither rules nor imports turn it round.
"""

from __future__ import annotations

from collections.abc import Iterable

from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Article, Pairing, RelatedImage, RelatedLink
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN
from articles.rules.states import State
from articles.stories.rescoring import add_link, sort_and_check_links, unlink

from . import pins
from .results import ActionError


def fold(uow: UnitOfWork, article: Article, lead: Article) -> None:
    """Fold an article under `lead` with all that is folded under it; their coverage goes along. Raises Refused."""
    _require_foldable(article, lead)
    if article.is_folded and article.lead_id not in (None, lead.pk):
        _detach(uow, article)
    members = uow.load(_member_ids(article.pk))
    moving = [article, *(member for member in members if member.pk != lead.pk)]
    uow.track_lists([lead.pk], "related")
    uow.track_lists([lead.pk, *(each.pk for each in moving)], "pairings")
    for each in moving:
        Pairing.objects.filter(member=each, together=True).delete()
        _save_override(lead.pk, each.pk, together=True)
        _mark_folded(each)
        if not RelatedLink.objects.filter(article=lead.pk, target=each.pk).exists():
            add_link(lead.pk, each)
    _copy_external_links(article.pk, lead.pk)
    sort_and_check_links(lead)
    uow.relinked_ids.update({lead.pk, *(each.pk for each in moving)})


def take_out(uow: UnitOfWork, article: Article) -> None:
    """Let a folded article stand by itself, apart from all of its story. Raises Refused."""
    if not article.is_folded:
        raise ActionError("is not folded; it stands by itself already")
    _detach(uow, article)
    Pairing.objects.filter(member=article, together=True).delete()
    _mark_standalone(article)


def make_lead(uow: UnitOfWork, article: Article) -> None:
    """Let a folded article lead: its lead and all others of the story are folded under it. Raises Refused."""
    if not article.is_folded or article.lead_id is None:
        raise ActionError("is not folded under a lead; there is no story to take over")
    if article.quality is None:
        raise ActionError("has no quality yet; score it first")
    former = article.lead_id
    story = [pk for pk in [former, *_member_ids(former)] if pk != article.pk]
    uow.track_lists([article.pk], "related")
    uow.track_lists([article.pk, *story], "pairings")
    Pairing.objects.filter(member=article, together=True).delete()
    _mark_standalone(article)
    for each in uow.load(story):
        Pairing.objects.filter(member=each, together=True).delete()
        _save_override(article.pk, each.pk, together=True)
        _mark_folded(each)
        if not RelatedLink.objects.filter(article=article.pk, target=each.pk).exists():
            add_link(article.pk, each)
    _copy_external_links(former, article.pk)
    sort_and_check_links(article)
    uow.relinked_ids.update({article.pk, *story})


def _detach(uow: UnitOfWork, article: Article) -> None:
    """Part a folded article from all of its story."""
    story = set(_member_ids(article.lead_id)) | {article.lead_id} if article.lead_id else _linked_ids(article.pk)
    others = sorted(story - {article.pk})
    uow.track_lists([article.pk, *others], "pairings")
    for other in others:
        _save_override(other, article.pk, together=False)
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


def _mark_folded(article: Article) -> None:
    pins.pin_fields(article, [STORY_ROLE_PIN])
    article.heat = FOLDED_HEAT


def _mark_standalone(article: Article) -> None:
    pins.unpin_fields(article, ["heat"])
    pins.pin_fields(article, [STORY_ROLE_PIN])
    article.heat = None  # the rules give it one


def _save_override(lead: int, member: int, *, together: bool) -> None:
    """Decide about two articles; what was decided of them the other way round is void."""
    Pairing.objects.filter(lead=member, member=lead).delete()
    Pairing.objects.update_or_create(lead_id=lead, member_id=member, defaults={"together": together})


def _member_ids(lead: int) -> list[int]:
    return list(Article.objects.filter(lead=lead).order_by("pk").values_list("pk", flat=True))


def _linked_ids(pk: int) -> set[int]:
    lists = RelatedLink.objects.filter(article=pk, target__isnull=False).values_list("target", flat=True)
    return set(lists) | set(RelatedLink.objects.filter(target=pk).values_list("article", flat=True))


def _copy_external_links(source: int, lead: int) -> None:
    """Let a lead list what another listed and we hold no article of: a merge loses no outlet."""
    known = set(RelatedLink.objects.filter(article=lead).values_list("match_key", flat=True))
    links = RelatedLink.objects.filter(article=source, target=None).prefetch_related("images")
    for link in links:
        if link.match_key not in known:
            _copy(link, lead, link.images.all())


def _copy(link: RelatedLink, lead: int, images: Iterable[RelatedImage]) -> None:
    copies = list(images)
    link.pk, link.article_id = None, lead
    link._state.adding = True
    link.save()
    for image in copies:
        image.pk, image.link = None, link
        image._state.adding = True
    RelatedImage.objects.bulk_create(copies)
