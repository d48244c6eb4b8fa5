import django.db.models.deletion
from django.db import migrations, models

from articles.models.fields import BytewiseCharField

VERBS = [
    ("add", "added"),
    ("edit", "edited"),
    ("score", "scored"),
    ("rescore", "rescored"),
    ("pin", "pinned"),
    ("unpin", "unpinned"),
    ("publish", "published"),
    ("hold", "held"),
    ("spike", "spiked"),
    ("reopen", "reopened"),
    ("schedule", "scheduled"),
    ("pick", "picked"),
    ("fold", "folded"),
    ("take_out", "taken out"),
    ("make_lead", "made lead"),
    ("merge", "merged"),
    ("delete", "deleted"),
    ("take_down", "taken down"),
    ("story_down", "taken down as a story"),
    ("import", "imported"),
    ("intake", "taken in"),
    ("policy", "changed policy"),
    ("undo", "undone"),
]


class Migration(migrations.Migration):
    """The stories that were taken down for good."""

    dependencies = [("articles", "0035_suggested_quality")]

    operations = [
        migrations.AlterField("operation", "verb", models.CharField(choices=VERBS, max_length=10)),
        migrations.CreateModel(
            name="TakenDownStory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", BytewiseCharField(max_length=255, unique=True)),
                ("ids", models.JSONField(default=list)),
                ("url_keys", models.JSONField(default=list)),
                ("match_key", models.CharField(max_length=32)),
                (
                    "was_shown",
                    models.BooleanField(
                        help_text="Readers have seen it, so that its URL may say that it was taken down."
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken_down_stories",
                        to="articles.operation",
                    ),
                ),
            ],
        ),
    ]
