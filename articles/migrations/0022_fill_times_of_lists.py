"""Say when readers could first see each article: at its first moment on the site by the log, else when it came in.

In batches, each in its own transaction, so that editors are not blocked for long.
"""

from datetime import timedelta

from django.db import migrations, transaction
from django.db.models import F, OuterRef, Subquery

BATCH = 2000  # articles
DAY = timedelta(days=1)
LATE_DAYS = 7
COLUMNS = ("pk", "public", "published_at", "publish_at", "unpublish_at", "created_at", "hot")


def fill(apps, schema_editor):
    connection = schema_editor.connection
    Article = apps.get_model("articles", "Article")
    Event = apps.get_model("articles", "Event")
    articles, events = Article.objects.using(connection.alias), Event.objects.using(connection.alias)
    archive_shown_at = None  # the time of the import with which the newsroom began
    earliest = events.filter(subject="article").order_by("pk").first()
    if earliest is not None and earliest.field == "created" and earliest.operation.verb == "import":
        archive_shown_at = earliest.operation.at
    for ids in _batches(articles):
        with transaction.atomic(connection.alias):
            rows = list(articles.filter(pk__range=ids).values_list(*COLUMNS))
            moments = _first_moments(events, ids)
            _update(connection, Article, [_listing(row, moments, archive_shown_at) for row in rows])
            _copy_to_topics(apps, connection, ids)


def restore_ranks(apps, schema_editor):
    """Let dates in the future count again."""
    articles = apps.get_model("articles", "Article").objects.using(schema_editor.connection.alias)
    ahead = articles.filter(published_at__gt=F("listed_at"))
    for pk, published_at, listed_at, hot in ahead.values_list("pk", "published_at", "listed_at", "hot"):
        articles.filter(pk=pk).update(hot=round(hot + (published_at - listed_at) / DAY, 6))


def _batches(articles):
    last = 0
    while True:
        ids = list(articles.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        yield ids[0], ids[-1]
        last = ids[-1]


def _first_moments(events, ids):
    """Return by article: when it was created, when it was first published after that, and whether it was already."""
    moments = {}
    logged = events.filter(subject="article", subject_id__range=ids, field__in=["created", "published"])
    for pk, field, before, after, at in logged.order_by("pk").values_list(
        "subject_id", "field", "before", "after", "operation__at"
    ):
        moment = moments.setdefault(pk, {"created": None, "published": None, "was_published": None})
        if field == "created":
            moment["created"] = moment["created"] or at
            continue
        if moment["was_published"] is None:
            moment["was_published"] = before is True
        if after is True and moment["published"] is None:
            moment["published"] = at
    return moments


def _listing(row, moments, archive_shown_at):
    """Return the new values of an article, and its key."""
    pk, public, published_at, publish_at, unpublish_at, created_at, hot = row
    moment = moments.get(pk, {"created": None, "published": None, "was_published": None})
    created_at = moment["created"] or created_at
    shown_at = None
    if moment["was_published"] or (public and moment["published"] is None):
        shown_at = created_at
    elif moment["published"]:
        shown_at = moment["published"]
    if shown_at and public and publish_at and publish_at > shown_at:
        shown_at = publish_at
        if unpublish_at and unpublish_at <= publish_at:
            shown_at = None
    from_archive = shown_at is not None and shown_at == archive_shown_at
    listed_at = published_at
    if shown_at is not None:
        is_late = shown_at - published_at > LATE_DAYS * DAY
        listed_at = min(published_at, shown_at) if is_late or from_archive else shown_at
    if published_at > listed_at:
        hot = round(hot - (published_at - listed_at) / DAY, 6)
    return shown_at, listed_at, from_archive, hot, pk


def _update(connection, model, rows):
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {model._meta.db_table} "
            "SET first_shown_at = %s, listed_at = %s, from_archive = %s, hot = %s WHERE id = %s",
            [(adapt(shown_at), adapt(listed_at), *values) for shown_at, listed_at, *values in rows],
        )


def _copy_to_topics(apps, connection, ids):
    articles = apps.get_model("articles", "Article").objects.using(connection.alias)
    lists = apps.get_model("articles", "ArticleTopic").objects.using(connection.alias)
    listed_at = Subquery(articles.filter(pk=OuterRef("content_object")).values("listed_at"))
    lists.filter(content_object__gte=ids[0], content_object__lte=ids[1]).update(listed_at=listed_at)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0021_times_of_lists")]
    operations = [migrations.RunPython(fill, restore_ranks, elidable=True)]
