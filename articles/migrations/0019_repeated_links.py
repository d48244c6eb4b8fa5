from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0018_no_stored_engagement")]

    operations = [
        migrations.AddField(
            "relatedlink",
            "repeated",
            models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="The same report as the article's own or an earlier link's.",
            ),
        ),
        migrations.AlterField(
            "article",
            "url_key",
            models.CharField(
                blank=True, editable=False, help_text="Digest of the URL's normal form.", max_length=32
            ),
        ),
    ]
