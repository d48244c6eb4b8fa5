"""Taking a picture down for good: asked once more, since nothing brings it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from articles import operations
from articles.images.store import alike
from articles.images.unavailable import showing
from articles.models import Article, ArticleImage
from articles.rules import permissions

from .rows import HEAVY
from .view_helpers import by, came_from, desk_view, page

SHOWN = 20  # stories that the question names


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(permissions.PERMISSION_BY_ACTION["take_down"])
def take_down(request: HttpRequest, pk: int, image: int) -> HttpResponseBase:
    """Ask whether to take a picture down, and do it."""
    article = get_object_or_404(Article.objects.defer(*HEAVY), pk=pk)
    listed = get_object_or_404(ArticleImage.objects.pictures().with_copies(), pk=image, article=article)
    if request.method == "POST":
        return _do(request, article, listed)
    urls = {listed.url, *alike(listed.url).values_list("url", flat=True)}
    stories = Article.objects.filter(pk__in=showing(urls))
    context = {
        "title": "Take this picture down for good?",
        "article": article,
        "image": listed,
        "number": stories.count(),
        "sample": stories.select_related("provider").defer(*HEAVY).newest_first()[:SHOWN],
        "next": came_from(request),
    }
    return page(request, "desk/take_down.html", context)


def _do(request: HttpRequest, article: Article, listed: ArticleImage) -> HttpResponse:
    outcome = operations.take_down(article, listed.url, by=by(request, request.POST.get("reason_text", "")))
    if outcome.operation is None:
        messages.info(request, "It was taken down already.")
    else:
        number = len(outcome.done)
        articles = "1 article" if number == 1 else f"{number} articles"
        messages.success(request, f"The picture was taken down for good from {articles}.")
    return redirect(came_from(request))
