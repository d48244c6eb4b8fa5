"""The page of a story: its lead, coverage, video and what to read next."""

import re
from datetime import timedelta

import pytest

from articles import operations
from articles.models import Article
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import body
from tests.public.player import PLAYER

pytestmark = pytest.mark.django_db


def test_a_folded_article_shows_under_its_published_lead_only(client):
    lead = builders.article("The lead", topics=["AI"])
    member = builders.folded(lead, "The member", topics=["AI"])
    page = body(client, lead.get_absolute_url())
    assert "The member" in page
    assert f'id="{member.name}"' in page
    assert "The member" not in body(client, "/latest/")


def test_the_url_of_a_folded_article_redirects_to_its_place_on_its_leads_page(client):
    lead = builders.article()
    member = builders.folded(lead)
    response = client.get(member.get_absolute_url())
    assert response.status_code == 301
    assert response["Location"] == f"{lead.get_absolute_url()}#{member.name}"
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.parametrize("change", [{"removed": True}, {"staged": False}, {"lead": None}])
def test_a_hidden_folded_article_redirects_nowhere(client, change):
    member = builders.folded(builders.article())
    Article.objects.filter(pk=member.pk).update(**change)
    assert client.get(member.get_absolute_url()).status_code == 404


def test_a_folded_article_of_an_unpublished_lead_redirects_nowhere(client):
    member = builders.folded(builders.article(quality=50))
    assert client.get(member.get_absolute_url()).status_code == 404


def test_removed_coverage_is_neither_listed_nor_counted(client):
    lead = builders.article()
    builders.related(lead, title="Still there")
    gone = builders.folded(lead, "Gone", provider=builders.provider("Gone Times", "gone.example"))
    Article.objects.filter(pk=gone.pk).update(removed=True)
    page = body(client, lead.get_absolute_url())
    assert "All coverage (1)" in page
    assert "Gone" not in page
    assert "2 outlets" in body(client, "/latest/")
    assert "Gone" not in body(client, "/")


def test_a_story_shows_its_lead_its_coverage_and_links_to_the_sources(client):
    lead = builders.article("The lead", topics=["AI"], excerpt="It didn&#8217;t last.")
    builders.related(lead, title="An earlier report", published_at=MORNING - timedelta(days=1))
    builders.related(lead, title="A later report", published_at=MORNING + timedelta(days=1))
    page = body(client, lead.get_absolute_url())
    assert "It didn’t last." in page
    assert f'href="{lead.web_url}"' in page
    assert "Read at" in page
    assert "All coverage (2)" in page
    assert page.index("A later report") < page.index("An earlier report")
    assert f'<time datetime="{lead.published_at:%Y-%m-%dT%H:%M:%SZ}"' in page
    assert 'rel="canonical" href="http://testserver/news/' in page


def test_an_edited_headline_stands_above_the_outlets_own(client):
    article = builders.article("Theirs: <b>it didn&#8217;t</b>")
    assert "Outlet’s headline" not in body(client, article.get_absolute_url())
    operations.edit(article, title="Ours")
    page = body(client, article.get_absolute_url())
    assert '<h1 class="headline" dir="auto">Ours</h1>' in page
    assert re.search(r'Outlet’s headline:\s*<bdi dir="auto">Theirs: &lt;b&gt;it didn’t&lt;/b&gt;</bdi>', page)


def test_coverage_beyond_eight_items_is_collapsed(client):
    lead = builders.article()
    for _ in range(9):
        builders.related(lead)
    page = body(client, lead.get_absolute_url())
    assert "<summary>1 more</summary>" in page
    assert "<details" not in body(client, builders.article().get_absolute_url())


def test_a_linked_lead_is_shown_under_see_also(client):
    lead, other = builders.article("One", topics=["AI"]), builders.article("Other", topics=["AI"])
    builders.related(lead, other)
    page = body(client, lead.get_absolute_url())
    assert "See also" in page
    assert "All coverage" not in page
    assert page.count(other.get_absolute_url()) == 1


def test_more_on_a_topic_excludes_the_story_itself(client):
    one, other = builders.article("One", topics=["AI"]), builders.article("Other", topics=["AI"])
    page = body(client, one.get_absolute_url())
    assert "More on" in page
    assert other.get_absolute_url() in page
    assert page.count(f'href="{one.get_absolute_url()}"') == 0


def test_a_video_without_url_can_be_watched_here_or_at_youtube(client):
    video = builders.article(
        type="video", web_url="", original_url="https://youtube.com/watch?v=q7RvN2xLd0A", featured_content=PLAYER
    )
    page = body(client, video.get_absolute_url())
    assert "Watch on YouTube" in page
    assert "Read at" not in page
    frame = re.search(r"<iframe[^>]*>", page)[0]
    assert " src=" not in frame  # nothing is asked of YouTube before the reader presses play
    assert 'sandbox="' in frame
    assert "href=&quot;https://www.youtube-nocookie.com/embed/q7RvN2xLd0A?autoplay=1&quot;" in frame
    assert (
        "frame-src https://www.youtube-nocookie.com" in client.get(video.get_absolute_url())["Content-Security-Policy"]
    )


def test_only_the_known_player_of_featured_content_is_shown(client):
    article = builders.article(featured_content='<iframe src="https://evil.example/"></iframe>')
    page = body(client, article.get_absolute_url())
    assert "evil.example" not in page
    assert "<iframe" not in page


def test_a_folded_video_links_to_the_url_of_its_article(client):
    lead = builders.article()
    builders.folded(lead, "A film", web_url="", original_url="https://youtube.com/watch?v=q7RvN2xLd0A", type="video")
    assert 'href="https://youtube.com/watch?v=q7RvN2xLd0A"' in body(client, lead.get_absolute_url())


def test_midnight_is_shown_as_a_day_without_a_time(client):
    article = builders.article(published_at=MORNING.replace(hour=0))
    assert ">9 Jun 2020</time>" in body(client, article.get_absolute_url())


@pytest.mark.parametrize("target", ["source", "story"])
def test_headlines_lead_to_the_source_or_to_the_story(client, settings, target):
    settings.HEADLINE_TARGET = target
    article = builders.article("A headline", web_url="https://www.courier.example/1")
    builders.related(article)
    for url in ("/", "/latest/"):
        page = body(client, url)
        headline = re.search(r"<a ([^>]*)>A headline</a>", page)[1]
        assert (article.get_absolute_url() in headline) == (target == "story")
        assert ('class="out" href="https://www.courier.example/1"' in headline) == (target == "source")
        assert f'href="{article.get_absolute_url()}#coverage">2 outlets</a>' in page
        assert page.count('href="https://www.courier.example/1"') == 1


def test_a_story_of_one_source_has_a_page_too(client):
    article = builders.article()
    assert f'href="{article.get_absolute_url()}">1 outlet</a>' in body(client, "/")
