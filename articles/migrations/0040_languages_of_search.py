from django.db import migrations

from articles.search.schema import AddLanguages


class Migration(migrations.Migration):
    """Only rows with a language are indexed again, so the time depends on their number alone."""

    dependencies = [("articles", "0039_index_of_languages"), ("providers", "0003_language_and_country")]

    operations = [AddLanguages()]
