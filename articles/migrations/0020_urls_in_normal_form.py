"""Compute the digests of URLs from their normal form, and what follows from them: duplicates and repeated links.

It commits each batch, so that others wait for a moment only, and continues where it was interrupted: each batch ends
the same however often it runs. The rules are imported, not copied: a new rule will need another migration anyway.
"""

import hashlib
from datetime import UTC

from django.db import migrations, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from articles.rules.coverage import Report, repeated_places
from articles.rules.urls import normalize_url, page_of

BATCH = 2000
REPORT_COLUMNS = ("web_url", "provider_id", "title", "published_at")


def digest(text):
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def match_key(page, title, published_at):
    return digest(f"{page}\n{title}\n{published_at.astimezone(UTC).isoformat()}")


def set_keys(normalize, key_of_match):
    """Return a step that computes the digests of articles and related links from URLs that `normalize` changed."""

    def run(apps, schema_editor):
        Article = apps.get_model("articles", "Article")
        RelatedLink = apps.get_model("articles", "RelatedLink")

        def set_article_keys(rows):
            keys = [
                (digest(page) if (page := normalize(url or original)) else "", match_key(key_of_match(url), *rest), pk)
                for pk, original, url, *rest in rows
            ]
            update(schema_editor, "articles_article", "url_key = %s, match_key = %s", keys)

        def set_link_keys(rows):
            keys = [(match_key(key_of_match(url), *rest), pk) for pk, url, *rest in rows]
            update(schema_editor, "articles_relatedlink", "match_key = %s", keys)

        identity = ("web_url", "title", "published_at")
        for_each_batch(schema_editor, Article, ("pk", "original_url", *identity), set_article_keys)
        for_each_batch(schema_editor, RelatedLink, ("pk", *identity), set_link_keys)
        mark_duplicates(Article)

    return run


def mark_duplicates(Article):
    same = Article.objects.filter(url_key=OuterRef("url_key")).exclude(pk=OuterRef("pk")).exclude(url_key="")
    articles = Article.objects.order_by()
    articles.filter(twin=False).filter(Exists(same.order_by())).update(twin=True)
    articles.filter(twin=True).exclude(Exists(same.order_by())).update(twin=False)
    is_open = (Q(heat__isnull=True) | ~Q(heat=-1)) & ~Q(state="spiked") & (Q(removed__isnull=True) | Q(removed=False))
    duplicate = Q(twin=True) & is_open
    no_url = Q(web_url="", original_url="")
    warned = is_open & (Q(twin=True) | Q(stale=True) | Q(missing=True) | Q(excerpt="") | no_url)
    for name, condition in (("duplicate", duplicate), ("warned", warned)):
        flag = Case(When(condition, then=Value(True)), default=Value(False))
        articles.annotate(right=flag).exclude(right=F(name)).update(**{name: flag})


def mark_repeated_links(apps, schema_editor):
    Article = apps.get_model("articles", "Article")
    RelatedLink = apps.get_model("articles", "RelatedLink")

    def mark(rows):
        links = {}
        items = RelatedLink.objects.filter(article__gte=rows[0][0], article__lte=rows[-1][0])
        items = items.order_by("article", "position", "pk").values_list("article_id", "pk", *REPORT_COLUMNS)
        for pk, *item in items:
            links.setdefault(pk, []).append(item)
        repeated = []
        for pk, original, url, *report in rows:
            reports = [Report(*values) for _, *values in links.get(pk, [])]
            places = repeated_places(Report(url or original, *report), reports) if reports else set()
            repeated += [(links[pk][place][0],) for place in places]
        update(schema_editor, "articles_relatedlink", "repeated = true", repeated)

    for_each_batch(schema_editor, Article, ("pk", "original_url", *REPORT_COLUMNS), mark)


def for_each_batch(schema_editor, model, columns, store):
    """Call `store` with the rows of a table, `BATCH` at a time, each batch in a transaction of its own."""
    last, rows = 0, True
    while rows:
        with transaction.atomic(schema_editor.connection.alias):
            rows = list(model.objects.filter(pk__gt=last).order_by("pk").values_list(*columns)[:BATCH])
            if rows:
                store(rows)
                last = rows[-1][0]


def update(schema_editor, table, assignments, rows):
    if rows:
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {assignments} WHERE id = %s", rows)


def as_written(url):
    return url


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("articles", "0019_repeated_links")]

    operations = [
        migrations.RunPython(
            set_keys(normalize_url, page_of), set_keys(as_written, as_written), elidable=True
        ),
        migrations.RunPython(mark_repeated_links, migrations.RunPython.noop, elidable=True),
    ]
