from django.db import migrations, models


class Migration(migrations.Migration):
    """The suggestion that an article took as its quality; NULL, so that no database rewrites the table."""

    dependencies = [("articles", "0034_language")]

    operations = [
        migrations.AddField(
            "article",
            "suggested_quality",
            models.IntegerField(
                null=True,
                editable=False,
                help_text="The suggestion that it took as its quality; a document's own quality replaces it.",
            ),
        ),
    ]
