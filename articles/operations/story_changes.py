"""Changes of a story's rows that several operations share: who leads it and who is folded under whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Article, Pairing, RelatedImage, RelatedLink
from articles.models.pairing import of_pair
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN
from articles.stories.links import add_link, sort_and_check_links

from .pins import pin_fields, unpin_fields


def put_under(uow: UnitOfWork, lead: Article, members: Sequence[Article], previous_lead: int | None) -> None:
    """Fold the members under the lead, and copy the external links of the one that led them, if any."""
    ids = [member.pk for member in members]
    uow.track_lists([lead.pk], "related")
    uow.track_lists(ids, "pairings")
    for member in members:
        end_membership(uow, member.pk)
        save_pairing(uow, lead.pk, member.pk, together=True)
        pin_fields(member, [STORY_ROLE_PIN])
        member.heat = FOLDED_HEAT
        add_link(lead.pk, member)
    if previous_lead is not None:
        _copy_external_links(previous_lead, lead.pk)
    sort_and_check_links(lead)
    uow.relinked_ids.update({lead.pk, *ids})


def mark_standalone(uow: UnitOfWork, article: Article) -> None:
    """Let an article stand by itself, whatever documents and rules say."""
    end_membership(uow, article.pk)
    unpin_fields(article, ["heat"])
    pin_fields(article, [STORY_ROLE_PIN])
    article.heat = None  # the rules set it


def save_pairing(uow: UnitOfWork, lead: int, member: int, *, together: bool) -> None:
    """Store whether two articles belong together; a decision on them with the roles reversed is deleted."""
    uow.track_lists([lead, member], "pairings")
    Pairing.objects.filter(lead=member, member=lead).delete()
    Pairing.objects.update_or_create(lead_id=lead, member_id=member, defaults={"together": together})


def end_refusal(uow: UnitOfWork, one: int, other: int) -> bool:
    """Delete the decision that two articles are apart, whichever leads; return whether there was one."""
    uow.track_lists([one, other], "pairings")
    deleted, _ = Pairing.objects.filter(of_pair(one, other), together=False).delete()
    return bool(deleted)


def end_membership(uow: UnitOfWork, member: int) -> None:
    """Delete the decision that an article belongs to a story, if there is one."""
    uow.track_lists([member], "pairings")
    Pairing.objects.filter(member=member, together=True).delete()


def member_ids(lead: int) -> list[int]:
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
