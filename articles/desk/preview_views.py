"""The page of a story as readers will see it, for staff and for anyone with a link that expires or is revoked.

A preview has URLs of its own: the public URL of a story never shows one. Looking at it changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from articles.models import Article, PreviewLink
from articles.models.preview_link import LIFETIME, PERMISSION
from articles.public.media import media_type
from articles.public.media_access import is_picture_of
from articles.public.story_facts import with_facts
from articles.public.story_page import story_context
from articles.public.views import send_file
from articles.rules.visibility import hidden_reason

from .view_helpers import DeskRequest, desk_view, is_htmx_fragment, safe_next_url

HEADERS = {"Cache-Control": "no-store, private", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


@desk_view()
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    return _render(request, _article(pk), is_desk=True)


@desk_view(PERMISSION)
@require_POST
def make_link(request: DeskRequest, pk: int) -> HttpResponse:
    """Show the preview with a new link to it."""
    article = _article(pk)
    link = PreviewLink.objects.make(article, request.user)
    url = request.build_absolute_uri(reverse("preview", args=[link.token]))
    return _render(request, article, is_desk=True, url=url, ends=link.expires_at)


@desk_view(PERMISSION)
@require_POST
def revoke_link(request: DeskRequest, pk: int, link: int) -> HttpResponse:
    """Revoke a preview link of an article, no matter who made it."""
    is_revoked = PreviewLink.objects.filter(article=pk, pk=link).revoke()
    message = _("The preview link was revoked.") if is_revoked else _("That preview link had ended already.")
    if is_htmx_fragment(request):
        return render(request, "desk/_toast.html", {"message": message})
    messages.success(request, message)
    return redirect(safe_next_url(request, reverse("desk_preview", args=[pk])))


@require_safe
def signed_preview(request: HttpRequest, token: str) -> HttpResponse:
    """Show the story of a link in any state; a link that never was is not found."""
    link = _find_link(token)
    if link is None:
        context = {"hours": LIFETIME // timedelta(hours=1)}
        return _private(render(request, "articles/preview_ended.html", context, status=410))
    return _render(request, _article(link.article_id), ends=link.expires_at, token=token)


@require_safe
def signed_media(request: HttpRequest, token: str, path: str) -> HttpResponseBase:
    """Send a picture of the article of a link that works."""
    link = _find_link(token)
    if link is None or media_type(path) is None or not is_picture_of(path, link.article_id):
        raise Http404
    return send_file(request, path, HEADERS)


def _find_link(token: str) -> PreviewLink | None:
    """Return the link if it works, and None if it has ended. Raises Http404 if there is none."""
    try:
        links = PreviewLink.objects.with_token(token)
    except signing.BadSignature:
        raise Http404 from None
    link = links.active().first()
    if link is None and not links.exists():
        raise Http404
    return link


def visibility_sentence(article: Article, now: datetime, *, with_reason: bool) -> str:
    """Return a sentence on whether readers see the article at `now`; the reason is for the newsroom only."""
    if article.is_shown(now):
        return _("Readers see this story.")
    if article.is_folded and article.lead and article.lead.is_shown(now) and not article.removed:
        return _("Readers see this as coverage under “%(lead)s”, not as a story of its own.") % {"lead": article.lead}
    if not with_reason:
        return _("Readers can't see this yet.")
    return _("Readers can't see this: %(reason)s.") % {"reason": hidden_reason(article, now)}


def _article(pk: int) -> Article:
    return get_object_or_404(Article.objects.select_related("lead").defer("secured", "lead__secured"), pk=pk)


def _render(
    request: HttpRequest,
    article: Article,
    *,
    is_desk: bool = False,
    url: str = "",
    ends: datetime | None = None,
    token: str = "",
) -> HttpResponse:
    now = timezone.now()
    may_share = is_desk and request.user.has_perm(PERMISSION)
    context = with_facts(story_context(article.pk, preview=token)) | {
        "is_preview": True,
        "article": article,
        "visibility": visibility_sentence(article, now, with_reason=is_desk),
        "is_shown": article.is_shown(now),
        "is_desk": is_desk,
        "may_share": may_share,
        "preview_links": PreviewLink.objects.active_for(article) if may_share else [],
        "here": reverse("desk_preview", args=[article.pk]),
        "url": url,
        "ends": ends,
    }
    with timezone.override(None):  # as readers see it: in the time zone of the site
        return _private(render(request, "articles/preview.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep a response out of caches, search indexes and the logs of other sites."""
    for name, value in HEADERS.items():
        response[name] = value
    return response
