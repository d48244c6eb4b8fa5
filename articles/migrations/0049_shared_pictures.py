from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0048_publish_checks'),
    ]

    operations = [
        migrations.AddField(
            model_name='picture',
            name='share',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Has a rendition of 1200 × 630 pixels, which other sites show.'),
        ),
    ]
