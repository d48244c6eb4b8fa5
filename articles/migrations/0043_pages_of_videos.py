"""Compute the digests of YouTube's URLs from their normal form, in which all pages of one video are one page.

Only rows with such URLs are read, and only those that change are written. The rules are imported, as in 0020. Stories
that were taken down have no URL to compute from: they keep the digests of the form that they had.
"""

import hashlib
from datetime import UTC

from django.db import migrations
from django.db.models import Q

from articles.rules.urls import page_of, url_key

BATCH = 1000
IDENTITY = ("web_url", "title", "published_at")
HOST = "youtu"  # in youtube.com, youtube-nocookie.com and youtu.be


def set_keys(apps, schema_editor):
    Article = apps.get_model("articles", "Article")
    RelatedLink = apps.get_model("articles", "RelatedLink")
    articles = Article.objects.filter(Q(web_url__icontains=HOST) | Q(original_url__icontains=HOST)).order_by("pk")
    for article in articles.only("original_url", "url_key", "match_key", *IDENTITY).iterator(BATCH):
        keys = {"url_key": url_key(article.web_url or article.original_url), "match_key": match_key(article)}
        if keys != {"url_key": article.url_key, "match_key": article.match_key}:
            Article.objects.filter(pk=article.pk).update(**keys)
            mark_duplicates(Article, keys["url_key"])
    links = RelatedLink.objects.filter(web_url__icontains=HOST).order_by("pk")
    for link in links.only("match_key", *IDENTITY).iterator(BATCH):
        if link.match_key != match_key(link):
            RelatedLink.objects.filter(pk=link.pk).update(match_key=match_key(link))


def match_key(row):
    text = f"{page_of(row.web_url)}\n{row.title}\n{row.published_at.astimezone(UTC).isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def mark_duplicates(Article, key):
    """Mark the articles with this digest if they are several. None stops being a duplicate."""
    duplicates = Article.objects.filter(url_key=key).order_by()
    if not key or duplicates.count() < 2:
        return
    is_open = (Q(heat__isnull=True) | ~Q(heat=-1)) & ~Q(state="spiked") & (Q(removed__isnull=True) | Q(removed=False))
    duplicates.filter(is_open, twin=False).update(duplicate=True, warned=True)
    duplicates.filter(twin=False).update(twin=True)


class Migration(migrations.Migration):
    dependencies = [("articles", "0042_outlets_in_words")]

    operations = [migrations.RunPython(set_keys, migrations.RunPython.noop, elidable=True)]
