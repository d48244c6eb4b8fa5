"""The groups that the newsroom starts with; operators may change them. Backwards they go, with their memberships."""

from django.db import migrations

# What `rights.GROUPS` said when this was written; later changes come by migrations of their own.
GROUPS = {
    "contributor": [
        "articles.view_article",
        "articles.view_operation",
        "articles.view_topic",
        "articles.view_sitepolicy",
        "providers.view_provider",
        "articles.add_article",
        "articles.change_article",
        "articles.add_articletopic",
        "articles.change_articletopic",
        "articles.delete_articletopic",
        "articles.view_articletopic",
    ],
    "editor": [
        "articles.view_article",
        "articles.view_operation",
        "articles.view_topic",
        "articles.view_sitepolicy",
        "providers.view_provider",
        "articles.add_article",
        "articles.change_article",
        "articles.add_articletopic",
        "articles.change_articletopic",
        "articles.delete_articletopic",
        "articles.view_articletopic",
        "articles.view_articleimage",
        "articles.add_articleimage",
        "articles.change_articleimage",
        "articles.delete_articleimage",
        "articles.view_relatedlink",
        "articles.add_relatedlink",
        "articles.change_relatedlink",
        "articles.delete_relatedlink",
        "articles.score",
        "articles.fold",
    ],
    "publisher": [
        "articles.view_article",
        "articles.view_operation",
        "articles.view_topic",
        "articles.view_sitepolicy",
        "providers.view_provider",
        "articles.add_article",
        "articles.change_article",
        "articles.add_articletopic",
        "articles.change_articletopic",
        "articles.delete_articletopic",
        "articles.view_articletopic",
        "articles.view_articleimage",
        "articles.add_articleimage",
        "articles.change_articleimage",
        "articles.delete_articleimage",
        "articles.view_relatedlink",
        "articles.add_relatedlink",
        "articles.change_relatedlink",
        "articles.delete_relatedlink",
        "articles.score",
        "articles.fold",
        "articles.publish",
        "articles.change_policy",
        "articles.delete_article",
        "articles.add_topic",
        "articles.change_topic",
        "providers.add_provider",
        "providers.change_provider",
    ],
    "importer": [
        "articles.view_article",
        "articles.view_operation",
        "articles.view_topic",
        "articles.view_sitepolicy",
        "providers.view_provider",
        "articles.run_import",
    ],
}
NAMES = {
    "score": "Can score, hold, spike and reopen articles",
    "fold": "Can fold articles, take them out, make leads and merge stories",
    "publish": "Can publish, withdraw and schedule articles",
    "run_import": "Can import documents and undo an import",
    "change_policy": "Can change the policy and apply it",
}
MODELS = {"change_policy": "sitepolicy"}


def create(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name, permissions in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, permission) for permission in permissions))


def _permission(apps, permission):
    """Return the permission; Django itself makes it only after all migrations."""
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    app, codename = permission.split(".")
    act, _, model = codename.partition("_")
    if codename in NAMES:
        model, name = MODELS.get(codename, "article"), NAMES[codename]
    else:
        name = f"Can {act} {apps.get_model(app, model)._meta.verbose_name}"
    content_type, _ = ContentType.objects.get_or_create(app_label=app, model=model)
    return Permission.objects.get_or_create(content_type=content_type, codename=codename, defaults={"name": name})[0]


def remove(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("articles", "0004_guard_states"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("providers", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(create, remove),
    ]
