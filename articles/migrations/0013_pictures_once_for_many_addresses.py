"""One row for each address, one for each picture.

Addresses of copies that we had are kept, to be fetched again: the copies had one size and no renditions.
`cache_images --from DIR` makes those of a folder anew.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

import articles.models.fields


def ask_again(apps, schema_editor):
    apps.get_model("articles", "PictureAddress").objects.update(next_try_at=timezone.now())


def forget(apps, schema_editor):
    """Leave the columns of the copies no row to be missing from."""
    apps.get_model("articles", "PictureAddress").objects.all().delete()


STATUS = [
    ("waiting", "not fetched yet"),
    ("held", "our copy is shown"),
    ("failed", "failed"),
    ("removed", "taken down"),
]


def credit():
    return models.CharField(blank=True, help_text="Whose picture it is.", max_length=300, verbose_name="credit")


class Migration(migrations.Migration):
    dependencies = [("articles", "0012_picks_of_the_front_page")]

    operations = [
        migrations.RenameModel("Picture", "PictureAddress"),
        migrations.AlterModelOptions("pictureaddress", {"verbose_name_plural": "picture addresses"}),
        migrations.AddField(
            "pictureaddress",
            "next_try_at",
            models.DateTimeField(
                blank=True, help_text="Not asked before; never again by itself where there is none.", null=True
            ),
        ),
        migrations.RunPython(ask_again, migrations.RunPython.noop),
        migrations.RemoveField("pictureaddress", "file"),
        migrations.RemoveField("pictureaddress", "width"),
        migrations.RemoveField("pictureaddress", "height"),
        migrations.RemoveField("pictureaddress", "cached_at"),
        migrations.RunPython(migrations.RunPython.noop, forget),
        migrations.CreateModel(
            "Picture",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sha256",
                    models.CharField(
                        editable=False, help_text="Of the bytes we were given.", max_length=64, unique=True
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        db_index=True, editable=False, help_text="Digest of the renditions' bytes.", max_length=32
                    ),
                ),
                (
                    "rungs",
                    models.CharField(
                        editable=False, help_text="Widths in pixels, with commas: 160,320,480.", max_length=60
                    ),
                ),
                (
                    "logo",
                    models.CharField(
                        blank=True, editable=False, help_text="File of its widest logo, if made.", max_length=100
                    ),
                ),
                ("width", models.PositiveIntegerField(editable=False, help_text="Of the widest rendition.")),
                ("height", models.PositiveIntegerField(editable=False)),
                (
                    "enclosure_bytes",
                    models.PositiveIntegerField(editable=False, help_text="Of the widest JPEG, which feeds name."),
                ),
                (
                    "removed",
                    models.BooleanField(default=False, help_text="Taken down for good: no files, and none ever again."),
                ),
            ],
        ),
        migrations.CreateModel(
            "PictureMark",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("image", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            "pictureaddress",
            "host",
            models.CharField(
                blank=True, editable=False, help_text="Who is asked for it, lower case.", max_length=255
            ),
        ),
        migrations.AddField(
            "pictureaddress",
            "is_logo",
            models.BooleanField(default=False, editable=False, help_text="An outlet's logo has this address."),
        ),
        migrations.AddField(
            "pictureaddress",
            "status",
            models.CharField(choices=STATUS, default="waiting", editable=False, max_length=7),
        ),
        migrations.AddField(
            "pictureaddress",
            "picture",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="addresses",
                to="articles.picture",
            ),
        ),
        migrations.AddField(
            "pictureaddress",
            "reason",
            models.CharField(blank=True, help_text="Why it failed, after “the picture”.", max_length=300),
        ),
        migrations.AddField(
            "pictureaddress",
            "failures",
            models.PositiveSmallIntegerField(default=0, help_text="Tries that failed since the last that didn't."),
        ),
        migrations.AddIndex(
            "pictureaddress",
            models.Index(
                condition=models.Q(("next_try_at__isnull", False)),
                fields=["next_try_at"],
                name="pictureaddress_due",
            ),
        ),
        migrations.AddIndex(
            "pictureaddress",
            models.Index(condition=models.Q(("status", "failed")), fields=["status"], name="pictureaddress_failed"),
        ),
        migrations.AddConstraint(
            "pictureaddress",
            models.CheckConstraint(
                condition=models.Q(("status", "held"), _negated=True) | models.Q(("picture__isnull", False)),
                name="pictureaddress_held_has_copy",
            ),
        ),
        migrations.AddConstraint(
            "pictureaddress",
            models.CheckConstraint(
                condition=models.Q(("next_try_at", None)) | models.Q(("status__in", ("waiting", "failed"))),
                name="pictureaddress_tried_while_wanted",
            ),
        ),
        migrations.AddField(
            "article",
            "picture_failed",
            models.BooleanField(
                null=True,
                editable=False,
                help_text="We can show none of its pictures: fetching failed, or they were taken down.",
            ),
        ),
        migrations.AlterField(
            "article",
            "pictureless",
            models.BooleanField(default=False, editable=False, help_text="It has no picture to show."),
        ),
        migrations.AddField("articleimage", "attribution", credit()),
        migrations.AddField("relatedimage", "attribution", credit()),
        migrations.AddField(
            "articleimage",
            "alt",
            models.CharField(
                blank=True,
                help_text="What the picture shows, for who can't see it. Leave it empty where the headline says it all.",
                max_length=300,
                verbose_name="alternative text",
            ),
        ),
        migrations.AddIndex(
            "articleimage",
            models.Index(articles.models.fields.AddressStart("url"), name="articleimage_address"),
        ),
    ]
