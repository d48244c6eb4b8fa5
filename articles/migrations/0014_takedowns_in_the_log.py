from django.db import migrations, models

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
    ("import", "imported"),
    ("policy", "changed policy"),
    ("undo", "undone"),
]


class Migration(migrations.Migration):
    dependencies = [("articles", "0013_pictures_once_for_many_addresses")]

    operations = [migrations.AlterField("operation", "verb", models.CharField(choices=VERBS, max_length=10))]
