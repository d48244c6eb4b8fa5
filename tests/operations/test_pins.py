import pytest

from articles import operations
from articles.models import Article, RelatedLink
from tests import builders
from tests.stories.duplicates import marked_and_true_duplicates

pytestmark = pytest.mark.django_db


def test_unpinning_a_url_updates_duplicates_and_links():
    article, duplicate = builders.article(), builders.article()
    lead = builders.article(quality=90)
    builders.related(lead, article)
    previous_url = article.web_url
    operations.edit(article, web_url=duplicate.web_url)
    assert len(marked_and_true_duplicates()[0]) == 2
    RelatedLink.objects.update(target=None)

    operations.unpin(Article.objects.filter(pk=article.pk), "web_url")

    assert Article.objects.get(pk=article.pk).web_url == previous_url
    assert marked_and_true_duplicates() == (set(), set())
    assert RelatedLink.objects.get().target == article


def test_pins_survive_rescoring():
    article = builders.article(quality=60)
    operations.edit(article, heat=300)

    operations.rescore(Article.objects.all())

    article.refresh_from_db()
    assert (article.heat, article.pins) == (300, ["heat"])
