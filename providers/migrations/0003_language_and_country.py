from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns that may be NULL, so that no database rewrites the table."""

    dependencies = [("providers", "0002_plain_texts")]

    operations = [
        migrations.AddField(
            "provider",
            "language",
            models.CharField(
                blank=True,
                max_length=35,
                null=True,
                help_text="As a tag of BCP 47: de, pt-BR, zh-Hant. Empty if it isn't known, or differs.",
            ),
        ),
        migrations.AddField(
            "provider",
            "country",
            models.CharField(
                blank=True, max_length=2, null=True, help_text="Where it is at home, as a code of ISO 3166: DE, BR."
            ),
        ),
    ]
