import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0051_waiting_for_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='operation',
            name='verb',
            field=models.CharField(choices=[('add', 'added'), ('edit', 'edited'), ('score', 'scored'), ('rescore', 'rescored'), ('pin', 'pinned'), ('unpin', 'unpinned'), ('publish', 'published'), ('hold', 'held'), ('unpublish', 'unpublished'), ('spike', 'spiked'), ('reopen', 'reopened'), ('schedule', 'scheduled'), ('pick', 'picked'), ('end_pick', 'no longer picked'), ('place', 'placed on the front page'), ('keep_off', 'kept off the front page'), ('allow_on', 'allowed on the front page'), ('fold', 'folded'), ('take_out', 'taken out'), ('make_lead', 'made lead'), ('merge', 'merged'), ('keep_apart', 'kept apart'), ('claim', 'claimed'), ('hand_over', 'handed over'), ('release', 'released'), ('delete', 'deleted'), ('take_down', 'taken down'), ('story_down', 'taken down as a story'), ('import', 'imported'), ('intake', 'taken in'), ('policy', 'changed policy'), ('undo', 'undone')], max_length=10),
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('article', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='claim', serialize=False, to='articles.article')),
                ('until', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
