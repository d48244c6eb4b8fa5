from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock


class Migration(migrations.Migration):
    """An index of the articles whose language is known."""

    atomic = False
    dependencies = [("articles", "0038_suggestions")]

    operations = [
        AddIndexWithoutLock(
            "article",
            models.Index(fields=["language"], name="article_language", condition=models.Q(language__isnull=False)),
        ),
    ]
