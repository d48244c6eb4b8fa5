from django.db import migrations

from articles.search.schema import DropAccents


class Migration(migrations.Migration):
    dependencies = [("articles", "0059_help_of_picks_and_removed")]

    operations = [DropAccents()]
