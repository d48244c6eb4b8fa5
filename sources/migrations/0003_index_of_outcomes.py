from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock, RemoveIndexWithoutLock


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sources", "0002_who_may_follow")]

    operations = [
        AddIndexWithoutLock("entry", models.Index(fields=["outcome"], name="entry_outcome")),
        RemoveIndexWithoutLock("entry", "entry_waiting"),
    ]
