"""Taking a picture down for good, with a confirmation because it can't be undone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from articles import operations
from articles.images.store import same_picture_urls
from articles.images.unavailable import articles_listing
from articles.models import Article, ArticleImage
from articles.operations.results import ActionError, number_of_articles
from articles.rules import permissions

from .rows import LARGE_COLUMNS
from .view_helpers import DeskRequest, actor, desk_view, render_admin, safe_next_url, sent_reason

SAMPLE_SIZE = 20  # stories that the confirmation names


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(permissions.PERMISSION_BY_ACTION["take_down"])
def take_down(request: DeskRequest, pk: int, image: int) -> HttpResponseBase:
    """Ask whether to take a picture down, and do it."""
    article = get_object_or_404(Article.objects.defer(*LARGE_COLUMNS), pk=pk)
    listed = get_object_or_404(ArticleImage.objects.pictures().with_copies(), pk=image, article=article)
    if request.method == "POST":
        return _run(request, article, listed)
    urls = {listed.url, *same_picture_urls(listed.url).values_list("url", flat=True)}
    stories = Article.objects.filter(pk__in=articles_listing(urls))
    context = {
        "title": _("Take this picture down for good?"),
        "article": article,
        "image": listed,
        "number": stories.count(),
        "sample": stories.select_related("provider").defer(*LARGE_COLUMNS).newest_first()[:SAMPLE_SIZE],
        "next": safe_next_url(request),
    }
    return render_admin(request, "desk/take_down.html", context)


def _run(request: DeskRequest, article: Article, listed: ArticleImage) -> HttpResponse:
    try:
        reason = sent_reason(request)
    except ActionError as error:
        messages.error(request, _("Nothing was taken down. %(error)s") % {"error": error.sentence})
        return redirect(request.get_full_path())
    outcome = operations.take_down(article, listed.url, by=actor(request, reason))
    if outcome.operation is None:
        messages.info(request, _("It was taken down already."))
    else:
        articles = number_of_articles(len(outcome.done))
        messages.success(request, _("The picture was taken down for good from %(articles)s.") % {"articles": articles})
    return redirect(safe_next_url(request))
