from django.db import migrations, models
from django.db.models import OuterRef, Subquery

import articles.models.topic


def fill(apps, schema_editor):
    """Copy the times of the articles into their topic lists, in one statement."""
    articles = apps.get_model("articles", "Article").objects.using(schema_editor.connection.alias)
    lists = apps.get_model("articles", "ArticleTopic").objects.using(schema_editor.connection.alias)
    lists.update(published_at=Subquery(articles.filter(pk=OuterRef("content_object")).values("published_at")))


class Migration(migrations.Migration):
    dependencies = [("articles", "0009_count_of_changes")]

    operations = [
        migrations.AddField(
            "articletopic",
            "published_at",
            articles.models.topic.ArticlesTimeField(
                editable=False,
                help_text="The article's, kept here too: a topic's newest are found at once.",
                null=True,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            "articletopic", models.Index(fields=["tag", "-published_at"], name="articletopic_newest")
        ),
    ]
