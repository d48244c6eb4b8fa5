from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock


class Migration(migrations.Migration):
    """A note on each article, and indexes to search notes and reasons.

    The note may be NULL, so that no database rewrites the table.
    """

    atomic = False
    dependencies = [("articles", "0032_import_runs")]

    operations = [
        migrations.AddField(
            "article",
            "note",
            models.CharField(
                max_length=2000,
                null=True,
                blank=True,
                help_text="For the newsroom only: never published, never exported.",
            ),
        ),
        AddIndexWithoutLock(
            "article",
            models.Index(
                fields=["-published_at", "file_name"],
                name="article_noted",
                condition=models.Q(note__isnull=False),
            ),
        ),
        AddIndexWithoutLock(
            "event",
            models.Index(fields=["operation"], name="event_of_note", condition=models.Q(field="note")),
        ),
        AddIndexWithoutLock(
            "operation",
            models.Index(fields=["-id"], name="operation_with_reason", condition=~models.Q(reason="")),
        ),
    ]
