"""Let the database guard the states, and index the queues of the desk."""

import django.db.models.functions.text
from django.db import migrations, models

from articles.models.guards import GuardStates


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0003_fill_states'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['state', '-published_at', 'file_name'], name='article_queue'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['state', '-hot', 'file_name'], name='article_hot_queue'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['state', '-state_since', '-id'], name='article_decided'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('editor__isnull', False)), fields=['editor', '-changed_at', '-id'], name='article_by_editor'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('publish_at__isnull', False)), fields=['publish_at'], name='article_publish_at'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('unpublish_at__isnull', False)), fields=['unpublish_at'], name='article_unpublish_at'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('ambiguous', True)), fields=['lead'], name='article_ambiguous'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('duplicate', True)), fields=['-published_at', 'file_name'], name='article_duplicate'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('pictureless', True)), fields=['-published_at', 'file_name'], name='article_pictureless'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('warned', True)), fields=['-published_at', 'file_name'], name='article_warned'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('published', True), ('published__isnull', False), ('state', 'published')), models.Q(models.Q(('published__isnull', True), ('published', False), _connector='OR'), ('state__in', ['undecided', 'held', 'spiked'])), _connector='OR'), name='article_state_agrees', violation_error_message='An article is in the state published exactly if its published is true.'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('spike_reason__in', ['duplicate', 'off topic', 'low quality', 'paywall', 'dead link', 'other']), ('state', 'spiked')), models.Q(models.Q(('state', 'spiked'), _negated=True), ('spike_reason', '')), _connector='OR'), name='article_spiked_with_reason', violation_error_message='A spiked article has a reason, and no other has one.'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('publish_at__isnull', True), ('unpublish_at__isnull', True)), models.Q(('state', 'published'), models.Q(('publish_at__isnull', True), ('unpublish_at__isnull', True), ('unpublish_at__gt', models.F('publish_at')), _connector='OR')), _connector='OR'), name='article_schedule_in_order', violation_error_message='Only a published article has a schedule; it ends after it has begun.'),
        ),
        GuardStates(),
    ]
