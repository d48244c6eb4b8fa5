from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0043_pages_of_videos'),
    ]

    operations = [
        migrations.AlterField(
            model_name='operation',
            name='verb',
            field=models.CharField(choices=[('add', 'added'), ('edit', 'edited'), ('score', 'scored'), ('rescore', 'rescored'), ('pin', 'pinned'), ('unpin', 'unpinned'), ('publish', 'published'), ('hold', 'held'), ('unpublish', 'unpublished'), ('spike', 'spiked'), ('reopen', 'reopened'), ('schedule', 'scheduled'), ('pick', 'picked'), ('fold', 'folded'), ('take_out', 'taken out'), ('make_lead', 'made lead'), ('merge', 'merged'), ('keep_apart', 'kept apart'), ('delete', 'deleted'), ('take_down', 'taken down'), ('story_down', 'taken down as a story'), ('import', 'imported'), ('intake', 'taken in'), ('policy', 'changed policy'), ('undo', 'undone')], max_length=10),
        ),
    ]
