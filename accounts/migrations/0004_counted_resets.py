from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_profile'),
    ]

    operations = [
        migrations.AlterField(
            model_name='attemptcounter',
            name='kind',
            field=models.CharField(choices=[('network', 'Network'), ('name', 'Name'), ('browser', 'Browser'), ('confirmation', 'Confirmation'), ('reset from', 'Reset Network'), ('reset for', 'Reset Address')], max_length=12),
        ),
    ]
