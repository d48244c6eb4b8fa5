"""The views of the archive: years, months and days, by publication. What has no public stories has no page."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from articles.models import Article
from articles.page_cache.cacheable import cacheable

from . import archive
from .cards import group_by_day, load_cards
from .pagination import paginate_by_publication
from .top import hottest

BIGGEST = 3  # stories at the top of a day that has twice as many


@cacheable()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the years, and the months of the newest one."""
    years = archive.years()
    context = {"years": years, "months": archive.months(years[0]) if years else []}
    return render(request, "articles/archive_index.html", context)


@cacheable()
@require_safe
def year(request: HttpRequest, year: int) -> HttpResponse:
    months = archive.months(year)
    if not months:
        raise Http404
    context = {"year": year, "months": months} | archive.neighbours(date(year, 1, 1), date(year + 1, 1, 1))
    return render(request, "articles/archive_year.html", context)


@cacheable()
@require_safe
def month(request: HttpRequest, month: date) -> HttpResponse:
    days = archive.days(month)
    if not days:
        raise Http404
    context = {"month": month, "days": days} | archive.neighbours(month, archive.next_month(month))
    return render(request, "articles/archive_month.html", context)


@cacheable("before")
@require_safe
def day(request: HttpRequest, day: date) -> HttpResponse:
    """Show what was published on a day of the site's time zone; the biggest stories first if there are many."""
    end = day + timedelta(days=1)
    of_day = archive.published_between(day, end)
    page = paginate_by_publication(Article.objects.public().filter(of_day), request.GET.get("before", ""))
    if not page.ids:
        raise Http404
    has_many = len(page.ids) > 2 * BIGGEST and page.cursor is None
    context = {
        "day": day,
        "biggest": load_cards(hottest(of_day, BIGGEST)) if has_many else [],
        "page": page,
        "days": group_by_day(load_cards(page.ids), "published_at"),
    }
    return render(request, "articles/archive.html", context | archive.neighbours(day, end))
