"""Store what each document says, so that engagement follows from the policy that is tried.

It used to be inferred at import, with the policy of that moment. A document's numbers are known while nothing has
changed them since. Otherwise the engagement is kept, as a document that has nothing else beside its quality.
"""

from django.db import migrations
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

import articles.models.fields

ENGAGEMENT_MAX = 6
SCORE_EVENTS = ("quality", "heat", "related", "engagement")


def scores_from_engagement(engagement):
    return {"quality": 0, "heat": engagement, "related": 0} if engagement else None


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    articles = apps.get_model("articles", "Article").objects.using(alias).order_by()
    links = apps.get_model("articles", "RelatedLink").objects.using(alias).order_by()
    events = apps.get_model("articles", "Event").objects.using(alias).order_by()

    count = links.filter(article=OuterRef("pk")).values("article").annotate(count=Count("pk")).values("count")
    related = Coalesce(Subquery(count), 0, output_field=IntegerField())
    changed = events.filter(subject="article", subject_id=OuterRef("pk"), field__in=SCORE_EVENTS)
    scored = articles.filter(heat__gt=F("quality"))
    scored.exclude(content_hash="").filter(~Exists(changed)).update(
        document_scores=JSONObject(quality=F("quality"), heat=F("heat"), related=related)
    )
    articles.filter(document_scores__isnull=True, engagement__gt=0).update(
        document_scores=JSONObject(quality=Value(0), heat=F("engagement"), related=Value(0))
    )
    for event in events.filter(field="deleted", subject="article").iterator():
        engagement = event.before["columns"].pop("engagement", 0)
        event.before["columns"]["document_scores"] = scores_from_engagement(engagement)
        event.save(update_fields=["before"])
    events.filter(field="engagement", subject="article").delete()


def restore(apps, schema_editor):
    alias = schema_editor.connection.alias
    articles = apps.get_model("articles", "Article").objects.using(alias).order_by()
    events = apps.get_model("articles", "Event").objects.using(alias).order_by()
    policy = apps.get_model("articles", "SitePolicy").objects.using(alias).first()
    bonus, floor = (policy.related_bonus, policy.bonus_floor) if policy else (10, 50)

    def engagement(scores):
        if not scores:
            return 0
        rest = scores["heat"] - scores["quality"]
        if scores["quality"] >= floor:
            rest -= bonus * scores["related"]
        return rest if 0 <= rest <= ENGAGEMENT_MAX else 0

    for pk, scores in articles.filter(document_scores__isnull=False).values_list("pk", "document_scores").iterator():
        if engagement(scores):
            articles.filter(pk=pk).update(engagement=engagement(scores))
    for event in events.filter(field="deleted", subject="article").iterator():
        scores = event.before["columns"].pop("document_scores", None)
        event.before["columns"]["engagement"] = engagement(scores)
        event.save(update_fields=["before"])
    events.filter(field="document_scores", subject="article").delete()


class Migration(migrations.Migration):
    dependencies = [("articles", "0016_direct_and_derived_events")]

    operations = [
        migrations.AddField(
            "article",
            "document_scores",
            articles.models.fields.SparseJSONField(
                editable=False,
                help_text="Quality, heat and number of related links that its document says, if the heat is above the quality.",
                null=True,
            ),
        ),
        migrations.RunPython(fill, restore),
    ]
