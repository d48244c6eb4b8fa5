from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock
from articles.models.fields import BytewiseCharField


class Migration(migrations.Migration):
    """A column for the lead that a story had before. It may be NULL, so that no database rewrites the table."""

    atomic = False
    dependencies = [("articles", "0026_preview_links")]

    operations = [
        migrations.AddField(
            "article",
            "previous_lead",
            BytewiseCharField(
                max_length=255,
                null=True,
                editable=False,
                help_text="The lead that it follows since that one was held, spiked or deleted; empty once somebody decided.",
            ),
        ),
        AddIndexWithoutLock(
            "article",
            models.Index(
                fields=["previous_lead"],
                name="article_successor",
                condition=models.Q(previous_lead__isnull=False),
            ),
        ),
    ]
