import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0047_places_of_picks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkCheck",
            fields=[
                (
                    "article",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="link_check",
                        serialize=False,
                        to="articles.article",
                    ),
                ),
                ("url", models.TextField()),
                ("checked_at", models.DateTimeField()),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="None if the server sent no response.", null=True),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Completes “the server …”; empty if it works.", max_length=300
                    ),
                ),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("is_dead", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="operation",
            name="overridden",
            field=models.JSONField(
                help_text="The publish checks that its stories failed and that a person overrode: names by key.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_ahead",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_alt_text",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="off",
                default="off",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_dead_link",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_duplicate",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_long_excerpt",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_no_excerpt",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_old",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="off",
                default="off",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_picture",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="check_topic",
            field=models.CharField(
                choices=[("off", "off"), ("warn", "warns"), ("ask", "asks for a reason")],
                db_default="warn",
                default="warn",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="excerpt_max",
            field=models.PositiveIntegerField(db_default=500, default=500),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="old_days",
            field=models.PositiveSmallIntegerField(db_default=7, default=7),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("overridden__isnull", False)), fields=["-id"], name="operation_overriding"
            ),
        ),
        migrations.AddIndex(
            model_name="linkcheck",
            index=models.Index(condition=models.Q(("is_dead", True)), fields=["article"], name="linkcheck_dead"),
        ),
    ]
