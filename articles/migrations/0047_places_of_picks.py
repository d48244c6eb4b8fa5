from django.db import migrations, models

from articles.db.migration_operations import AddIndexWithoutLock


class Migration(migrations.Migration):
    """The place of a pick, and what editors keep off the front page; in the publication record too.

    The columns may be NULL, so that no database rewrites a table, and have no check, which would read all of it.
    """

    atomic = False
    dependencies = [("articles", "0046_pages_and_look_in_the_log")]

    operations = [
        migrations.AddField(
            "article",
            "pick_place",
            models.SmallIntegerField(
                "place as a pick",
                null=True,
                editable=False,
                help_text="Of a pick, counted from 1; empty means as high as the places of other picks leave room.",
            ),
        ),
        migrations.AddField(
            "article",
            "off_front",
            models.BooleanField(
                "kept off the front page", null=True, editable=False, help_text="Readers find it everywhere else."
            ),
        ),
        migrations.AddField(
            "appearance", "pick_place", models.SmallIntegerField(null=True, help_text="See Article.pick_place.")
        ),
        migrations.AddField(
            "appearance",
            "off_front",
            models.BooleanField(null=True, help_text="Kept off the front page; NULL means no."),
        ),
        migrations.AlterField(
            "operation",
            "verb",
            models.CharField(choices=[('add', 'added'), ('edit', 'edited'), ('score', 'scored'), ('rescore', 'rescored'), ('pin', 'pinned'), ('unpin', 'unpinned'), ('publish', 'published'), ('hold', 'held'), ('unpublish', 'unpublished'), ('spike', 'spiked'), ('reopen', 'reopened'), ('schedule', 'scheduled'), ('pick', 'picked'), ('end_pick', 'no longer picked'), ('place', 'placed on the front page'), ('keep_off', 'kept off the front page'), ('allow_on', 'allowed on the front page'), ('fold', 'folded'), ('take_out', 'taken out'), ('make_lead', 'made lead'), ('merge', 'merged'), ('keep_apart', 'kept apart'), ('delete', 'deleted'), ('take_down', 'taken down'), ('story_down', 'taken down as a story'), ('import', 'imported'), ('intake', 'taken in'), ('policy', 'changed policy'), ('undo', 'undone')], max_length=10),
        ),
        AddIndexWithoutLock(
            "article",
            models.Index(fields=["-hot", "file_name"], name="article_off_front", condition=models.Q(off_front=True)),
        ),
    ]
