"""The page of a story as readers will see it, for staff and for anyone with a signed link that expires.

A preview has URLs of its own: the public URL of a story never shows one. Looking at it changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from articles.models import Article
from articles.public.media import media_type
from articles.public.media_access import is_picture_of
from articles.public.story_page import story_context
from articles.public.views import send_file
from articles.rules.visibility import hidden_reason

from .view_helpers import desk_view

SALT = "articles.preview"
LINK_LIFETIME = timedelta(hours=48)
HEADERS = {"Cache-Control": "no-store, private", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


@desk_view()
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    return _render(request, _article(pk), is_desk=True)


@desk_view("articles.change_article")
@require_POST
def make_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the preview with a new signed link to it."""
    article = _article(pk)
    token = make_token(article)
    link = request.build_absolute_uri(reverse("preview", args=[token]))
    return _render(request, article, is_desk=True, link=link, ends=ends_at(token))


@require_safe
def signed_preview(request: HttpRequest, token: str) -> HttpResponse:
    """Show the story of a signed link in any state; a link with a bad signature is not found."""
    try:
        pk = read_token(token)
    except signing.SignatureExpired:
        context = {"hours": LINK_LIFETIME // timedelta(hours=1)}
        return _private(render(request, "articles/preview_expired.html", context, status=410))
    except signing.BadSignature:
        raise Http404 from None
    return _render(request, _article(pk), ends=ends_at(token), token=token)


@require_safe
def signed_media(request: HttpRequest, token: str, path: str) -> HttpResponseBase:
    """Send a picture of the article of a signed link."""
    try:
        pk = read_token(token)
    except signing.BadSignature:
        raise Http404 from None
    if media_type(path) is None or not is_picture_of(path, pk):
        raise Http404
    return send_file(request, path, HEADERS)


def make_token(article: Article) -> str:
    """Return the token of a link: the article's key and the time, signed."""
    return signing.dumps(article.pk, salt=SALT)


def read_token(token: str) -> int:
    """Return the key of the article. Raises SignatureExpired or BadSignature."""
    return signing.loads(token, salt=SALT, max_age=LINK_LIFETIME)


def ends_at(token: str) -> datetime:
    """Return when a valid token expires."""
    seconds = signing.b62_decode(token.rsplit(":", 2)[1])
    return datetime.fromtimestamp(seconds, UTC) + LINK_LIFETIME


def visibility_sentence(article: Article, now: datetime, *, with_reason: bool) -> str:
    """Return a sentence on whether readers see the article at `now`; the reason is for the newsroom only."""
    if article.is_shown(now):
        return "Readers see this story."
    if article.is_folded and article.lead and article.lead.is_shown(now) and not article.removed:
        return f"Readers see this as coverage under “{article.lead}”, not as a story of its own."
    return f"Readers can't see this: {hidden_reason(article, now)}." if with_reason else "Readers can't see this yet."


def _article(pk: int) -> Article:
    return get_object_or_404(Article.objects.select_related("lead").defer("secured", "lead__secured"), pk=pk)


def _render(
    request: HttpRequest,
    article: Article,
    *,
    is_desk: bool = False,
    link: str = "",
    ends: datetime | None = None,
    token: str = "",
) -> HttpResponse:
    now = timezone.now()
    context = story_context(article.pk, preview=token) | {
        "article": article,
        "visibility": visibility_sentence(article, now, with_reason=is_desk),
        "is_shown": article.is_shown(now),
        "is_desk": is_desk,
        "may_share": is_desk and request.user.has_perm("articles.change_article"),
        "link": link,
        "ends": ends,
    }
    return _private(render(request, "articles/preview.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep a response out of caches, search indexes and the logs of other sites."""
    for name, value in HEADERS.items():
        response[name] = value
    return response
