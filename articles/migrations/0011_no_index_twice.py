import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEYS = {"article": ("provider", "editor"), "articletopic": ("content_object", "tag")}


def drop(apps, schema_editor):
    """Drop the indexes of these keys alone; altering the fields would make SQLite copy the tables."""
    for model, fields in _models(apps):
        named = {index.name for index in model._meta.indexes}
        for field in fields:
            for name in schema_editor._constraint_names(model, [field.column], index=True, exclude=named):
                schema_editor.execute(schema_editor._delete_index_sql(model, name))


def create(apps, schema_editor):
    for model, fields in _models(apps):
        for field in fields:
            schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))


def _models(apps):
    for name, fields in KEYS.items():
        model = apps.get_model("articles", name)
        yield model, [model._meta.get_field(field) for field in fields]


def alter(model, field, *arguments, **options):
    key = models.ForeignKey(*arguments, db_index=False, **options)
    return migrations.AlterField(model, field, key)


CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0010_times_in_topic_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, create, elidable=False)],
            state_operations=[
                alter(
                    "article",
                    "provider",
                    "providers.provider",
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="articles",
                ),
                alter(
                    "article",
                    "editor",
                    settings.AUTH_USER_MODEL,
                    editable=False,
                    help_text="Who decided on it last.",
                    null=True,
                    on_delete=django.db.models.deletion.SET_NULL,
                    related_name="+",
                ),
                alter(
                    "articletopic",
                    "content_object",
                    "articles.article",
                    on_delete=CASCADE,
                    related_name="article_topics",
                ),
                alter(
                    "articletopic",
                    "tag",
                    "articles.topic",
                    on_delete=CASCADE,
                    related_name="article_topics",
                    verbose_name="topic",
                ),
            ],
        )
    ]
