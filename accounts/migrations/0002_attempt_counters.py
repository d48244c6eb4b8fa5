from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_duties_and_sign_outs")]

    operations = [
        migrations.CreateModel(
            name="AttemptCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("network", "Network"),
                            ("name", "Name"),
                            ("browser", "Browser"),
                            ("confirmation", "Confirmation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("value", models.CharField(max_length=250)),
                ("count", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "value"), name="attempt_counter_once")]
            },
        ),
    ]
