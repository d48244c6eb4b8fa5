"""Words of other languages are found in their forms on PostgreSQL, and everywhere as they are written."""

import pytest
from django.core.cache import cache
from django.db import connection

from articles import operations
from articles.models import Article
from articles.search import matching
from articles.search.languages_postgresql import configurations
from articles.search.schema import AddLanguages
from benchmarks.generator.search_triggers import missing_triggers
from tests import builders
from tests.search.test_schema import apply


def titles(words):
    cache.clear()  # the languages in use are read every ten minutes
    return [article.title for article in matching(Article.objects.all(), words).newest_first()]


def test_languages_that_postgresql_can_stem_have_a_configuration():
    assert configurations(["de", "nb", "no", "zh", "en", "xx"]) == ("article_search_de", "article_search_no")


@pytest.mark.django_db
def test_words_of_known_languages_are_found_in_their_forms():
    german = builders.provider("Der Bote", "bote.example", language="de-AT")
    builders.article("Häuser am Hafen gesperrt", provider=german, excerpt="Die Brücken bleiben offen.")
    french = builders.article("Les chevaux attendent", excerpt="")
    builders.article("Storms close the houses", excerpt="")
    for words in ("häuser", '"hafen gesperrt"', "brücken"):
        assert titles(words) == ["Häuser am Hafen gesperrt"], words
    assert titles("storm house") == ["Storms close the houses"]
    assert titles("cheval") == []
    if connection.vendor == "sqlite":
        return

    for words in ("häusern", "brücke offenen", '"hafens gesperrte"', "häusern -storm"):
        assert titles(words) == ["Häuser am Hafen gesperrt"], words
    assert titles("storm -häusern") == ["Storms close the houses"]
    operations.edit(french, language="fr")
    assert titles("cheval") == ["Les chevaux attendent"]
    operations.edit_reference(german, {"language": None})
    assert titles("häusern") == []
    assert titles("häuser") == ["Häuser am Hafen gesperrt"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_languages_can_leave_the_index_and_come_back():
    builders.article("Häuser", provider=builders.provider(language="de"))
    apply(AddLanguages(), backwards=True)
    try:
        assert missing_triggers(connection) == set()
        builders.article("Höfe", language="de")
    finally:
        apply(AddLanguages())
    assert missing_triggers(connection) == set()
    if connection.vendor == "postgresql":
        assert (titles("häusern"), titles("höfen")) == (["Häuser"], ["Höfe"])
