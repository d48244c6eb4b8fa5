"""Remove the engagement that imports inferred. In SQL, because Django would rebuild SQLite's table, without triggers."""

from django.db import migrations

REMOVE = "ALTER TABLE articles_article DROP COLUMN engagement"
ADD = "ALTER TABLE articles_article ADD COLUMN engagement smallint NOT NULL DEFAULT 0 CHECK (engagement >= 0)"


class Migration(migrations.Migration):
    dependencies = [("articles", "0017_scores_of_documents")]

    operations = [
        migrations.RunSQL(REMOVE, ADD, state_operations=[migrations.RemoveField("article", "engagement")]),
    ]
