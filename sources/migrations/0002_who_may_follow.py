"""The groups of the newsroom may see sources, and publishers follow them. Backwards the permissions go."""

from django.db import migrations

VIEW = "sources.view_source"
# What `rules.permissions.GROUPS` adds for sources.
GROUPS = {
    "contributor": [VIEW],
    "editor": [VIEW],
    "publisher": [VIEW, "sources.add_source", "sources.change_source"],
    "importer": [VIEW],
}


def add(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name, permissions in GROUPS.items():
        for group in Group.objects.filter(name=name):  # operators may have renamed or deleted it
            group.permissions.add(*(_permission(apps, permission) for permission in permissions))


def _permission(apps, permission):
    """Return the permission; Django itself makes it only after all migrations."""
    codename = permission.removeprefix("sources.")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="sources", model="source"
    )
    name = f"Can {codename.removesuffix('_source')} source"
    return apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )[0]


def remove(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="sources", content_type__model="source"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(*permissions)


class Migration(migrations.Migration):

    dependencies = [
        ("sources", "0001_sources"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(add, remove),
    ]
