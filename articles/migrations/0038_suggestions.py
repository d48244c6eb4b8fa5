import django.db.models.deletion
from django.db import migrations, models


def widen_window(apps, schema_editor):
    """Set the number of days that suggestions need where nobody chose another; nothing used it before."""
    apps.get_model("articles", "SitePolicy").objects.filter(window_days=3).update(window_days=14)


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0037_places'),
    ]

    operations = [
        migrations.CreateModel(
            name='TermCount',
            fields=[
                ('key', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('articles', models.PositiveIntegerField()),
            ],
        ),
        migrations.AlterField(
            model_name='sitepolicy',
            name='window_days',
            field=models.PositiveSmallIntegerField(default=14, help_text='How many days apart stories of one event may be.'),
        ),
        migrations.CreateModel(
            name='ArticleTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('terms', models.TextField()),
                ('weights', models.JSONField(default=dict)),
                ('due', models.BooleanField(default=True)),
                ('version', models.PositiveIntegerField(default=0)),
                ('article', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='similarity_terms', to='articles.article')),
            ],
            options={
                'verbose_name_plural': 'article terms',
                'indexes': [models.Index(condition=models.Q(('due', True)), fields=['article'], name='article_terms_due')],
            },
        ),
        migrations.CreateModel(
            name='IndexedTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('term', models.CharField(max_length=60)),
                ('published_at', models.DateTimeField()),
                ('weight', models.FloatField()),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='articles.article')),
            ],
            options={
                'indexes': [models.Index(fields=['term', 'published_at'], name='indexed_term')],
            },
        ),
        migrations.CreateModel(
            name='Suggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.FloatField()),
                ('evidence', models.JSONField()),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suggestions', to='articles.article')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='later_suggestions', to='articles.article')),
            ],
            options={
                'indexes': [models.Index(fields=['-score'], name='suggestion_by_score')],
                'constraints': [models.UniqueConstraint(fields=('article', 'other'), name='suggestion_of_pair')],
            },
        ),
        migrations.RunPython(widen_window, migrations.RunPython.noop, elidable=False),
    ]
