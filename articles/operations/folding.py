"""Stories by an editor's hand: fold, take out, make lead. Works on the rows of the act that is under way.

Each decision is remembered as a pin on the article's side of the story ("lead") and as a pairing of two articles,
so that neither rules nor imports turn it round.
"""

from __future__ import annotations

from collections.abc import Iterable

from articles.audit_log.unit_of_work import Act
from articles.models import Article, Pairing, RelatedImage, RelatedLink
from articles.rules.scoring import FOLDED_HEAT, SIDE
from articles.rules.states import State
from articles.stories.rescoring import list_under, part, settle_links

from . import pins
from .results import Refused


def fold(running: Act, article: Article, lead: Article) -> None:
    """Fold an article under `lead` with all that is folded under it; their coverage goes along. Raises Refused."""
    _require_foldable(article, lead)
    if article.is_folded and article.lead_id not in (None, lead.pk):
        _leave(running, article)
    members = running.load(_members(article.pk))
    moving = [article, *(member for member in members if member.pk != lead.pk)]
    running.watch([lead.pk], "related")
    running.watch([lead.pk, *(each.pk for each in moving)], "pairings")
    for each in moving:
        Pairing.objects.filter(member=each, together=True).delete()
        _pair(lead.pk, each.pk, together=True)
        _fold(each)
        if not RelatedLink.objects.filter(article=lead.pk, target=each.pk).exists():
            list_under(lead.pk, each)
    _copy_coverage(article.pk, lead.pk)
    settle_links(lead)
    running.moved.update({lead.pk, *(each.pk for each in moving)})


def take_out(running: Act, article: Article) -> None:
    """Let a folded article stand by itself, apart from all of its story. Raises Refused."""
    if not article.is_folded:
        raise Refused("is not folded; it stands by itself already")
    _leave(running, article)
    Pairing.objects.filter(member=article, together=True).delete()
    _free(article)


def make_lead(running: Act, article: Article) -> None:
    """Let a folded article lead: its lead and all others of the story are folded under it. Raises Refused."""
    if not article.is_folded or article.lead_id is None:
        raise Refused("is not folded under a lead; there is no story to take over")
    if article.quality is None:
        raise Refused("has no quality yet; score it first")
    former = article.lead_id
    story = [pk for pk in [former, *_members(former)] if pk != article.pk]
    running.watch([article.pk], "related")
    running.watch([article.pk, *story], "pairings")
    Pairing.objects.filter(member=article, together=True).delete()
    _free(article)
    for each in running.load(story):
        Pairing.objects.filter(member=each, together=True).delete()
        _pair(article.pk, each.pk, together=True)
        _fold(each)
        if not RelatedLink.objects.filter(article=article.pk, target=each.pk).exists():
            list_under(article.pk, each)
    _copy_coverage(former, article.pk)
    settle_links(article)
    running.moved.update({article.pk, *story})


def _leave(running: Act, article: Article) -> None:
    """Part a folded article from all of its story."""
    story = set(_members(article.lead_id)) | {article.lead_id} if article.lead_id else _linked(article.pk)
    others = sorted(story - {article.pk})
    running.watch([article.pk, *others], "pairings")
    for other in others:
        _pair(other, article.pk, together=False)
        part(running, other, article.pk)
    running.moved.update({article.pk, *others})


def _require_foldable(article: Article, lead: Article) -> None:
    if article.pk == lead.pk:
        raise Refused("can't be folded under itself; choose another story")
    if lead.is_folded:
        raise Refused(f"can't be folded under “{lead}”, which is folded itself; choose its lead")
    if lead.heat is None:
        raise Refused(f"can't be folded under “{lead}”, which has no heat yet; score that one first")
    if lead.state == State.SPIKED or lead.removed:
        raise Refused(f"can't be folded under “{lead}”, which was rejected; reopen that one first")


def _fold(article: Article) -> None:
    pins.pin(article, [SIDE])
    article.heat = FOLDED_HEAT


def _free(article: Article) -> None:
    pins.free(article, ["heat"])
    pins.pin(article, [SIDE])
    article.heat = None  # the rules give it one


def _pair(lead: int, member: int, *, together: bool) -> None:
    """Decide about two articles; what was decided of them the other way round is void."""
    Pairing.objects.filter(lead=member, member=lead).delete()
    Pairing.objects.update_or_create(lead_id=lead, member_id=member, defaults={"together": together})


def _members(lead: int) -> list[int]:
    return list(Article.objects.filter(lead=lead).order_by("pk").values_list("pk", flat=True))


def _linked(pk: int) -> set[int]:
    lists = RelatedLink.objects.filter(article=pk, target__isnull=False).values_list("target", flat=True)
    return set(lists) | set(RelatedLink.objects.filter(target=pk).values_list("article", flat=True))


def _copy_coverage(source: int, lead: int) -> None:
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
