"""Begin the record with what readers see now: since its first moment on the site by the log, else since it came in.

In batches, each in its own transaction, so that editors wait only briefly. What is recorded already stays as it is.
"""

from datetime import UTC, datetime

from django.db import migrations, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

BATCH = 500  # articles
FOLDED_HEAT = -1
SHOWN = ("provider_id", "published_at", "listed_at", "hot", "heat", "outlets")
TIMES = ("first_shown_at", "created_at", "publish_at", "unpublish_at", "pick_until")


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    Appearance = apps.get_model("articles", "Appearance")
    articles = apps.get_model("articles", "Article").objects.using(alias).filter(public=True).order_by("pk")
    policy = apps.get_model("articles", "SitePolicy").objects.using(alias)
    outlets = outlet_count(apps.get_model("articles", "RelatedLink").objects.using(alias))
    last = 0
    while ids := list(articles.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic(alias):
            list(policy.select_for_update(no_key=True))  # as every operation does, so that none comes between
            recorded = Appearance.objects.using(alias).filter(article_id__in=ids).values("article_id")
            shown = articles.filter(pk__in=ids).exclude(pk__in=recorded).annotate(outlets=outlets)
            rows = [
                Appearance(**values)
                for row in shown.values_list("pk", "name", "version", *TIMES, *SHOWN)
                for values in periods(*row, now=datetime.now(UTC))
            ]
            Appearance.objects.using(alias).bulk_create(rows, batch_size=BATCH)
        last = ids[-1]


def outlet_count(links):
    """Return the expression for the number of outlets that report a story, as `RelatedLink` had it then."""
    folded = Q(target__heat=FOLDED_HEAT, target__staged=None) & ~Q(target__removed=True) & Q(target__missing=False)
    coverage = links.filter(Q(target=None) | folded, repeated=False, article=OuterRef("pk")).order_by()
    others = Count("provider", distinct=True, filter=~Q(provider=F("article__provider")))
    return Coalesce(Subquery(coverage.values("article").annotate(n=others).values("n")), 0) + 1


def periods(pk, name, version, first_shown_at, created_at, publish_at, unpublish_at, pick_until, *shown, now):
    """Yield the values of an article's periods: one, or two if it is a pick for a time."""
    starts_at = max(first_shown_at or created_at, publish_at or first_shown_at or created_at)
    provider_id, published_at, listed_at, rank, heat, outlets = shown
    values = {
        "article_id": pk,
        "name": name,
        "version": version,
        "provider_id": provider_id,
        "published_at": published_at,
        "listed_at": listed_at,
        "rank": rank,
        "heat": heat,
        "outlets": outlets,
    }
    if pick_until and pick_until > max(now, starts_at):
        ends_at = min(pick_until, unpublish_at or pick_until)
        if starts_at < ends_at:
            yield values | times(starts_at, ends_at, now) | {"pick": True}
        starts_at = pick_until
    if unpublish_at is None or starts_at < unpublish_at:
        yield values | times(starts_at, unpublish_at, now)


def times(starts_at, ends_at, now):
    return {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "scheduled_start": starts_at > now,
        "scheduled_end": ends_at is not None,
    }


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0030_publication_record")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
