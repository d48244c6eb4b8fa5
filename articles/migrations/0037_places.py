import re

import django.db.models.deletion
from django.db import migrations, models, transaction

import articles.models.fields

BATCH = 1000  # articles
CODE = re.compile("[A-Z]{2}(?:-[A-Z0-9]{1,3})?")


def fill(apps, schema_editor):
    """Store the places of the articles that are there, in batches, so that editors wait only briefly."""
    alias = schema_editor.connection.alias
    articles = apps.get_model("articles", "Article").objects.using(alias).order_by("pk")
    ArticlePlace = apps.get_model("articles", "ArticlePlace")
    last = 0
    while rows := list(articles.filter(pk__gt=last).values_list("pk", "tags", "published_at", "listed_at")[:BATCH]):
        last = rows[-1][0]
        places = [
            ArticlePlace(article_id=pk, code=code, published_at=published_at, listed_at=listed_at or published_at)
            for pk, tags, published_at, listed_at in rows
            for code in place_codes(tags)
        ]
        if places:
            with transaction.atomic(alias):
                there = set(articles.select_for_update().filter(pk__in=[row[0] for row in rows]).values_list("pk", flat=True))
                places = [place for place in places if place.article_id in there]  # one may just have been deleted
                ArticlePlace.objects.using(alias).bulk_create(places, batch_size=BATCH, ignore_conflicts=True)


def place_codes(tags):
    """Return the codes among the tags and their countries, as the rule had it then."""
    codes = {"GB" if tag == "UK" else tag for tag in tags if CODE.fullmatch(tag)}
    return codes | {code.partition("-")[0] for code in codes}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0036_taken_down_stories")]

    operations = [
        migrations.CreateModel(
            "ArticlePlace",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", articles.models.fields.BytewiseCharField(editable=False, max_length=6)),
                ("published_at", models.DateTimeField(editable=False, help_text="The article's, kept here too.")),
                ("listed_at", models.DateTimeField(editable=False, help_text="The article's, kept here too.")),
                (
                    "article",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="article_places",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(fields=["code", "-listed_at", "-published_at"], name="articleplace_listed")
                ],
                "constraints": [models.UniqueConstraint(fields=["article", "code"], name="articleplace_once")],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
