import pytest

from articles import operations
from articles.models import Article, RelatedLink, Topic
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


def test_unpinned_topics_that_were_renamed_keep_their_present_names():
    article = builders.article(topics=["AI", "Energy"])
    builders.topic("Health")
    operations.set_topics(article, ["Health"])
    Article.objects.update(wishes={"topics": ["AI", "Energy"]})  # as the next import stores them
    for name in ("Machines", "Thinking machines"):
        operations.edit_reference(Topic.objects.get(name__in=["AI", "Machines"]), {"name": name})
    operations.edit_reference(Topic.objects.get(name="Energy"), {"name": "Power"})
    builders.topic("Energy")  # a new topic of the former name is what the document means now

    operations.unpin(Article.objects.all(), "topics")

    assert [row.tag.name for row in article.article_topics.order_by("position")] == ["Thinking machines", "Energy"]


def test_an_unpinned_outlet_that_was_renamed_keeps_its_present_name():
    courier, herald = builders.provider(), builders.provider("Herald", "herald.example")
    article = builders.article(provider=courier)
    operations.edit(article, provider=herald)
    operations.edit_reference(courier, {"name": "Courier", "domain": "new.example"})
    operations.edit_reference(courier, {"name": "The Post"})

    operations.unpin(Article.objects.all(), "provider")

    assert Article.objects.get().provider == courier
