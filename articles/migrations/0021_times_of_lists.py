from django.db import migrations, models

import articles.models.topic


class Migration(migrations.Migration):
    dependencies = [("articles", "0020_urls_in_normal_form")]

    operations = [
        migrations.AddField(
            "article",
            "listed_at",
            models.DateTimeField(
                editable=False,
                help_text="The time by which lists for readers go: see rules.dates.listed_at().",
                null=True,
            ),
        ),
        migrations.AddField(
            "article",
            "first_shown_at",
            models.DateTimeField(
                editable=False,
                help_text="When readers could first see it by itself, or will by its schedule; empty if they never "
                "could.",
                null=True,
            ),
        ),
        migrations.AddField(
            "article",
            "from_archive",
            models.BooleanField(
                editable=False,
                help_text="It came with the newsroom's first import and is listed by its own date.",
                null=True,
            ),
        ),
        migrations.AddField(
            "articletopic",
            "listed_at",
            articles.models.topic.ArticlesTimeField(
                editable=False, help_text="The article's, kept here too.", null=True
            ),
        ),
        migrations.AddField(
            "sitepolicy",
            "late_days",
            models.PositiveSmallIntegerField(
                db_default=7,
                default=7,
                help_text="Stories that come to the site later after their publication are listed by its date.",
            ),
        ),
    ]
