from django.db import migrations

from articles.search.schema import CreateIndex, CreateTriggers


class Migration(migrations.Migration):

    dependencies = [
        ("articles", "0005_groups_of_the_newsroom"),
        ("providers", "0001_initial"),
    ]

    operations = [CreateIndex(), CreateTriggers()]
