from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock, RemoveIndexWithoutLock

PUBLIC = models.Q(public=True)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0022_fill_times_of_lists")]

    operations = [
        AddIndexWithoutLock(
            "article",
            models.Index(
                fields=["-listed_at", "-published_at", "file_name"], name="article_listed", condition=PUBLIC
            ),
        ),
        AddIndexWithoutLock(
            "article",
            models.Index(
                fields=["provider", "-listed_at", "-published_at", "file_name"],
                name="article_provider_listed",
                condition=PUBLIC,
            ),
        ),
        AddIndexWithoutLock(
            "articletopic",
            models.Index(fields=["tag", "-listed_at", "-published_at"], name="articletopic_listed"),
        ),
        RemoveIndexWithoutLock("article", "article_provider_feed"),
        RemoveIndexWithoutLock("articletopic", "articletopic_newest"),
    ]
