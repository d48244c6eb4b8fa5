"""A story is found by its coverage's headlines and outlets, as far as readers see them."""

import pytest
from django.db.models import F

from articles import operations, search
from articles.audit_log.unit_of_work import unit_of_work
from articles.models import Article, RelatedLink, Verb
from articles.stories import links
from providers.models import Provider
from tests import builders
from tests.search.texts import titles

pytestmark = pytest.mark.django_db


@pytest.fixture
def story():
    lead = builders.article("Bridge closes")
    builders.related(lead, title="Lorries face detours", provider=builders.provider("Evening Herald", "herald.example"))
    return lead


@pytest.mark.parametrize("text", ["lorry", "detour bridge", '"face detours"', "evening", "lorries herald", "-volcano"])
def test_a_story_is_found_by_headlines_and_outlets_of_its_coverage(story, text):
    assert titles(text) == ["Bridge closes"]


def test_the_index_follows_links_outlets_and_targets(story):
    link = story.related_links.get()
    RelatedLink.objects.filter(pk=link.pk).update(title="Ferries are full")
    assert (titles("lorry"), titles("ferry")) == ([], ["Bridge closes"])
    Provider.objects.filter(pk=link.provider_id).update(name="Morning Mirror")
    assert (titles("herald"), titles("mirror")) == ([], ["Bridge closes"])
    RelatedLink.objects.filter(pk=link.pk).update(repeated=True)
    assert titles("ferry") == []
    RelatedLink.objects.filter(pk=link.pk).update(repeated=False)
    assert titles("ferry") == ["Bridge closes"]
    other = builders.article("Port strike")
    RelatedLink.objects.filter(pk=link.pk).update(article=other)
    assert titles("ferry") == ["Port strike"]
    link.delete()
    assert titles("ferry") == []


@pytest.mark.parametrize("first", [0, 1])
def test_it_does_not_matter_whether_lead_or_coverage_arrives_first(story, first):
    member = builders.folded(story, "Secret memo")
    arriving = [story.pk, member.pk]
    Article.objects.filter(pk__in=arriving).update(staged=True)
    assert titles("memo") == titles("lorry") == []
    story.related_links.filter(title="Lorries face detours").update(title="Ferries are full")
    Article.objects.filter(pk=arriving[first]).update(staged=None)
    Article.objects.filter(pk=arriving[1 - first]).update(staged=None)
    assert set(titles("memo")) == {"Bridge closes", "Secret memo"}
    assert (titles("lorry"), titles("ferry")) == ([], ["Bridge closes"])


def test_what_readers_do_not_see_as_coverage_is_not_found(story):
    member = builders.folded(story, "Secret memo")
    others = Article.objects.exclude(pk=member.pk)

    def found():
        return list(search.matching(others, "memo").values_list("title", flat=True))

    assert found() == ["Bridge closes"]
    for values in ({"heat": 90, "published": False}, {"removed": True}, {"missing": True}, {"staged": False}):
        before = {name: getattr(member, name) for name in values}
        Article.objects.filter(pk=member.pk).update(**values)
        assert found() == [], values
        Article.objects.filter(pk=member.pk).update(**before)
        assert found() == ["Bridge closes"], values
    Article.objects.filter(pk=member.pk).update(heat=F("quality"))
    assert found() == []


def test_the_index_has_what_is_shown_as_coverage(story):
    """The condition in SQL agrees with `is_coverage()`."""
    removed, missing = {"removed": True}, {"missing": True}
    for number, values in enumerate([{}, removed, missing, {"staged": False}, {"heat": 50}, {"heat": None}]):
        member = builders.folded(story, f"Member{number}")
        Article.objects.filter(pk=member.pk).update(**values)
    RelatedLink.objects.filter(title="Member0").update(repeated=True)
    builders.related(story, title="Member9")

    stories = Article.objects.filter(pk=story.pk)
    found = {title for title in RelatedLink.objects.values_list("title", flat=True) if search.matching(stories, title)}
    assert found == set(story.related_links.coverage().values_list("title", flat=True))


def test_matches_in_the_lead_come_before_matches_in_coverage():
    in_coverage = builders.article("Elsewhere")
    for _ in range(5):
        builders.related(in_coverage, title="Volcano volcano volcano")
    in_excerpt = builders.article("A long story", excerpt="A volcano, after many other words. " + "Filler words. " * 40)
    in_title = builders.article("Volcano")

    ids = search.most_relevant(Article.objects.public(), "volcano", size=10)

    assert ids == [in_title.pk, in_excerpt.pk, in_coverage.pk]
    assert search.found_by_coverage(Article.objects.public(), ids, "volcano") == {in_coverage.pk}
    assert search.found_by_coverage(Article.objects.public(), ids, "volcano -filler") == {in_coverage.pk, in_excerpt.pk}


def test_the_page_says_which_report_matches(client, story):
    builders.related(story, title="Nothing of interest")
    page = client.get("/search/?q=lorry+bridge").content.decode()

    assert "matches:" in page
    assert "<mark>Lorries</mark> face detours" in page
    assert "in <bdi>Evening Herald</bdi>" in page
    assert "Nothing of interest" not in page
    assert "matches:" not in client.get("/search/?q=bridge").content.decode()


def test_a_report_that_is_listed_twice_is_found_once(story):
    with unit_of_work(Verb.EDIT):
        builders.related(story, title="Its own page", web_url=story.web_url)
        links.mark_repeated_links([story.pk])

    assert titles('"own page"') == []


def test_coverage_moves_with_an_editors_decision(story):
    single = builders.article("Ferries are full", quality=50)
    published = Article.objects.public()
    assert titles("ferry", published) == []

    operations.fold_into(single, story)
    assert titles("ferry", published) == ["Bridge closes"]

    operations.take_out(single)
    assert titles("ferry", published) == []
