"""Paths that everybody may open, and those that take a form."""

from __future__ import annotations

from django.utils import timezone

FORMS = ("rss", "atom", "json")
OPEN = [
    *(
        "/",
        "/about/",
        "/latest/",
        "/topics/",
        "/topics/open/",
        "/places/",
        "/places/PT/",
        "/accessibility/",
        "/providers/",
        "/providers/open.example/",
        "/robots.txt",
        "/archive/",
        "/top/month/",
        "/feeds/",
        "/?since=20200101T000000Z",
        "/latest/?since=20200101T000000Z",
    ),
    *(f"/{start}.{form}" for form in FORMS for start in ("feeds/top", "top/month/feed", "news/2020-06-09-open/feed")),
    *("/search/?q=storm", "/search/?q=storm&sort=relevance", "/search/?q=storm&topic=open", "/sitemap.xml"),
    *(f"/feeds/latest.{form}" for form in FORMS),
    *(f"/places/PT/feed.{form}" for form in FORMS),
    *(timezone.now().strftime(f"/archive/%Y/%m/%d/feed.{form}") for form in FORMS),
    "/news/2020-06-09-open/edit",
    *(f"/topics/open/feed.{form}" for form in FORMS),
    *(f"/providers/open.example/feed.{form}" for form in FORMS),
    *(f"/search/feed.{form}?q=storm" for form in FORMS),
    *(timezone.now().strftime(f"/archive/{path}/") for path in ("%Y/%m/%d", "%Y/%m", "%Y")),
    timezone.now().strftime("/sitemaps/%Y-%m.xml"),
    *("/news-sitemap.xml", "/sitemaps/lists.xml", "/news/2020-06-09-open/", "/latest/?before=20991231T000000Z-x"),
    *("/api/news/index.json", "/api/news/page/1/index.json", "/api/news/open/index.json", "/api/topics/index.json"),
]
