"""Publishers edit the site's pages and its look. Backwards the permissions go."""

from django.db import migrations

# What `rules.permissions.GROUPS` adds for the website.
GROUPS = {
    "publisher": [
        "website.view_sitepage",
        "website.add_sitepage",
        "website.change_sitepage",
        "website.delete_sitepage",
        "website.view_sitelook",
        "website.change_sitelook",
    ],
}
NAMES = {"sitepage": "page", "sitelook": "look of the site"}


def add(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name, permissions in GROUPS.items():
        for group in Group.objects.filter(name=name):  # operators may have renamed or deleted it
            group.permissions.add(*(_permission(apps, permission) for permission in permissions))


def _permission(apps, permission):
    """Return the permission; Django itself makes it only after all migrations."""
    codename = permission.removeprefix("website.")
    action, model = codename.split("_")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="website", model=model
    )
    return apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": f"Can {action} {NAMES[model]}"}
    )[0]


def remove(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="website")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(*permissions.values_list("pk", flat=True))


class Migration(migrations.Migration):

    dependencies = [
        ("website", "0001_pages_and_look"),
        ("articles", "0005_groups_of_the_newsroom"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(add, remove),
    ]
