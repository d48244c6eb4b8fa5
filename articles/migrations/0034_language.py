from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that may be NULL, so that no database rewrites the table."""

    dependencies = [("articles", "0033_notes_and_reasons")]

    operations = [
        migrations.AddField(
            "article",
            "language",
            models.CharField(
                blank=True,
                max_length=35,
                null=True,
                help_text="Of its words, as a tag of BCP 47: de, pt-BR, zh-Hant. Empty means the outlet's.",
            ),
        ),
    ]
