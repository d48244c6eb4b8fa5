from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock

FOLDED = models.Q(heat=-1)


def newest(name, condition):
    return AddIndexWithoutLock(
        "article", models.Index(fields=["-published_at", "file_name"], name=name, condition=condition)
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0024_coverage_in_the_search_index")]

    operations = [
        newest("article_folded", FOLDED),
        newest("article_no_lead", FOLDED & models.Q(lead__isnull=True)),
        newest("article_removed", models.Q(removed=True)),
    ]
