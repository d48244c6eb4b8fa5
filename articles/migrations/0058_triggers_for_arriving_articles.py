from django.db import migrations

from articles.search.schema import CreateTriggers, DropTriggers


class Migration(migrations.Migration):
    """The triggers of the search index leave alone what belongs to articles that have not arrived yet."""

    dependencies = [("articles", "0057_plainer_texts")]
    operations = [DropTriggers(), CreateTriggers()]
