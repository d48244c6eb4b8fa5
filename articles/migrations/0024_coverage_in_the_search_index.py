from django.db import migrations

from articles.search.schema import AddCoverage


class Migration(migrations.Migration):
    dependencies = [("articles", "0023_indexes_of_lists"), ("providers", "0002_plain_texts")]

    operations = [AddCoverage()]
