"""What readers see, and what they don't."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.models import Article, ArticleImage, Topic
from articles.page_cache import versions
from articles.public import views
from articles.public.text import http_url
from providers.models import ProviderLogo
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import ADDRESSES, newsroom
from tests.public.player import PLAYER

pytestmark = pytest.mark.django_db

HASH = "ab" + "0123456789abcdef" * 3 + "0123456789abcd"
SCRIPT = r'<script(?! type="application/ld\+json">)'  # those are data, which no browser runs


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def body(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


# What is not public


@pytest.mark.parametrize("hidden", builders.HIDDEN.values(), ids=builders.HIDDEN)
def test_what_is_not_public_is_on_no_page(client, hidden):
    shown = builders.article("Shown story", topics=["AI"])
    outlet = builders.provider("Secret Outlet", "secret.example")
    secret = builders.article(
        "Buried story", name="2020-06-09-buried", topics=["AI", "Secret topic"], provider=outlet, **hidden
    )
    Article.objects.filter(pk=secret.pk).update(public=False)
    if hidden.get("heat") != -1:  # a folded article does show as coverage
        builders.related(shown, secret)
    for address in [*ADDRESSES, shown.get_absolute_url(), "/robots.txt"]:
        page = body(client, address)
        assert not re.search("buried|secret", page, re.IGNORECASE), address
    missing = body(client, "/news/2020-06-09-never-existed/", 404)
    assert body(client, secret.get_absolute_url(), 404) == missing
    assert body(client, "/topics/secret-topic/", 404) == missing
    assert body(client, "/providers/secret.example/", 404) == missing


def test_a_folded_article_shows_under_its_published_lead_only(client):
    lead = builders.article("The lead", topics=["AI"])
    member = builders.folded(lead, "The member", topics=["AI"])
    page = body(client, lead.get_absolute_url())
    assert "The member" in page
    assert f'id="{member.name}"' in page
    assert "The member" not in body(client, "/latest/")


def test_a_folded_articles_address_leads_to_its_place_under_its_lead(client):
    lead = builders.article()
    member = builders.folded(lead)
    response = client.get(member.get_absolute_url())
    assert response.status_code == 301
    assert response["Location"] == f"{lead.get_absolute_url()}#{member.name}"
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.parametrize("change", [{"removed": True}, {"staged": False}, {"lead": None}])
def test_a_folded_article_that_nobody_may_see_leads_nowhere(client, change):
    member = builders.folded(builders.article())
    Article.objects.filter(pk=member.pk).update(**change)
    assert client.get(member.get_absolute_url()).status_code == 404


def test_a_folded_article_of_an_unpublished_lead_leads_nowhere(client):
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
    assert "2 sources" in body(client, "/latest/")
    assert "Gone" not in body(client, "/")


def test_what_is_published_or_withdrawn_shows_on_the_next_request(client):
    article = builders.article("Now you see it", topics=["AI"])
    assert all("Now you see it" in body(client, address) for address in ("/", "/latest/", "/topics/ai/"))
    Article.objects.update(public=False)
    assert "Now you see it" not in body(client, "/") + body(client, "/latest/")
    assert client.get(article.get_absolute_url()).status_code == 404


# Text and addresses


def test_text_is_text_on_every_page(client):
    hostile = "<ORB.N> <script>alert(1)</script> \"'&amp; &#8217;"
    escaped = "&lt;ORB.N&gt; &lt;script&gt;alert(1)&lt;/script&gt; &quot;&#x27;&amp; ’"
    outlet = builders.provider('<b>Outlet</b>"', "hostile.example")
    lead = builders.article(hostile, excerpt=hostile, topics=["<i>AI</i>"], provider=outlet)
    builders.folded(lead, hostile, excerpt=hostile, provider=outlet)
    topic = Topic.objects.get()
    places = ["/", "/latest/", topic.get_absolute_url(), outlet.get_absolute_url(), lead.get_absolute_url()]
    for address in places:
        page = body(client, address)
        assert escaped in page, address
    for address in [*places, "/topics/", "/providers/"]:
        assert not re.search(f"{SCRIPT}|<b>|<i>|<ORB", body(client, address)), address


def test_only_web_addresses_become_links(client):
    assert http_url("HTTPS://courier.example/ü x") == "HTTPS://courier.example/ü x"
    for address in ("javascript:alert(1)", "data:text/html,x", " https://x", "//x.example", "/x", ""):
        assert http_url(address) == ""
    nowhere = builders.article("No address", web_url="")
    assert "Read at" not in body(client, nowhere.get_absolute_url())


def test_every_address_outside_is_a_link_that_a_reader_follows(client):
    lead = newsroom(2)
    video = builders.article(type="video", web_url="", featured_content=PLAYER)
    for address in [*ADDRESSES, lead.get_absolute_url(), video.get_absolute_url()]:
        page = body(client, address) if address in ("/", "/latest/") or "news" in address else ""
        for tag in re.findall(r"<[^>]*https?://(?!testserver)[^>]*>", page):
            frame_of_ours = tag.startswith("<iframe") and 'srcdoc="' in tag and " src=" not in tag
            assert frame_of_ours or (tag.startswith("<a ") and 'rel="noopener"' in tag), tag
        assert "nofollow" not in page


def test_nothing_of_the_newsroom_is_told(client):
    article = builders.article(secured="c2VjcmV0;aXY=", quality=7345, heat=7345)
    for address in ("/", "/latest/", article.get_absolute_url()):
        page = body(client, address)
        assert "c2VjcmV0" not in page
        assert "7345" not in page


def test_pages_need_neither_cookies_nor_scripts_nor_inline_style(client):
    lead = newsroom()
    for address in [*ADDRESSES, lead.get_absolute_url(), "/nowhere/"]:
        response = client.get(address)
        page = response.content.decode()
        assert not response.cookies, address
        assert not re.search(SCRIPT + r"|<style|\sstyle=|\son\w+=", page), address


def test_every_page_has_one_h1_a_skip_link_and_a_language(client):
    lead = newsroom()
    for address in [*ADDRESSES, lead.get_absolute_url(), "/nowhere/"]:
        page = client.get(address).content.decode()
        assert page.count("<h1") == 1, address
        assert 'href="#main"' in page
        assert 'id="main"' in page
        assert '<html lang="en">' in page


# The pages themselves


def test_the_front_page_leads_with_the_hottest_story_and_its_coverage(client):
    big = builders.article("The big one", quality=200)
    for number in range(8):
        builders.related(big, title=f"Report {number}", provider=builders.provider(f"O{number}", f"o{number}.example"))
    builders.article("A small one")
    page = body(client, "/")
    assert page.index("The big one") < page.index("A small one")
    assert [f"Report {number}" in page for number in range(8)] == [True] * 6 + [False] * 2
    assert "All 9 sources" in page
    assert f'href="{big.get_absolute_url()}#coverage"' in page


def test_a_secondary_story_names_three_outlets_and_counts_the_rest(client):
    builders.article(quality=900_000)
    second = builders.article()
    for number in range(5):
        builders.related(second, provider=builders.provider(f"Paper {number}", f"p{number}.example"))
    page = body(client, "/")
    assert "Paper 2" in page
    assert "Paper 3" not in page
    assert "+2<" in page


@pytest.mark.parametrize("address", ["/", "/latest/", "/topics/", "/providers/"])
def test_a_site_without_stories_says_so(client, address):
    assert re.search(r'class="empty"', body(client, address))


def test_latest_pages_by_key_with_links_both_ways(client):
    for number in range(26):
        builders.article(f"Number {number:02}", published_at=MORNING + timedelta(hours=number))
    first = body(client, "/latest/")
    assert "Number 01" in first
    assert "Number 00" not in first
    assert "Newest stories" not in first
    older = re.search(r'href="(\?before=[^"]+)" rel="next">Older stories', first)[1]
    second = body(client, f"/latest/{older}")
    assert "Number 00" in second
    assert "Number 01" not in second
    assert "Older stories" not in second
    assert 'rel="first">Newest stories' in second


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "20200609T123700Z-%00", "%FF", "9" * 3000])
@pytest.mark.parametrize("address", ["/latest/", "/topics/ai/", "/providers/courier.example/"])
def test_a_nonsense_cursor_gives_the_first_page(client, address, cursor):
    builders.article("The only one", topics=["AI"])
    assert "The only one" in body(client, f"{address}?before={cursor}")


def test_a_topic_holds_the_stories_of_its_subtopics_once(client):
    root = builders.topic("AI")
    robots = builders.topic("Robotics", parent=root)
    builders.topic("Drones", parent=robots)
    now = timezone.now()
    builders.article("Deep down", topics=["Drones"], published_at=now - timedelta(days=40))
    builders.article("On both", topics=["AI", "Drones"], published_at=now - timedelta(days=2))
    page = body(client, "/topics/ai/")
    assert page.count("Deep down") == page.count("On both") == 1
    assert 'href="/topics/robotics/"' in page
    assert "Drones" in body(client, "/topics/robotics/")
    counts = dict(re.findall(r'">(\w+)</a>\s+<span class="count">(\d+)', body(client, "/topics/")))
    assert counts == {"AI": "1", "Robotics": "1", "Drones": "1"}  # of the past 30 days


def test_an_outlet_is_a_domain_with_all_its_names(client):
    now = timezone.now()
    for name in ("Channel One", "Channel Two"):
        builders.article(f"By {name}", provider=builders.provider(name, "tube.example"), published_at=now)
    old = now - timedelta(days=40)
    builders.article("Long ago", provider=builders.provider("Channel One", "tube.example"), published_at=old)
    builders.article("By Three", quality=10, provider=builders.provider("Channel Three", "tube.example"))
    page = body(client, "/providers/tube.example/")
    assert "By Channel One" in page
    assert "By Channel Two" in page
    assert "Three" not in page
    index = body(client, "/providers/")
    assert "Channel One, Channel Two" in index
    assert "2 stories" in index  # of the past 30 days


def test_a_domain_may_be_a_whole_path(client):
    outlet = builders.provider("Live", "cnn.example/us/live-news/x?y#z")
    builders.article("From a path", provider=outlet)
    assert "From a path" in body(client, outlet.get_absolute_url())


def test_outlets_beyond_the_first_page_are_reached_by_key(client, monkeypatch):
    assert views.PROVIDERS_PER_PAGE == 200
    monkeypatch.setattr(views, "PROVIDERS_PER_PAGE", 2)
    for number in range(3):
        builders.article(provider=builders.provider(f"Paper {number}", f"p{number}.example"))
    first = body(client, "/providers/")
    assert "Paper 2" not in first
    more = re.search(r'href="(\?after=[^"]+)"', first)[1]
    assert "Paper 2" in body(client, f"/providers/{more}")
    assert "Paper 0" in body(client, "/providers/?after=nonsense")


def test_a_story_shows_its_lead_its_coverage_and_where_to_read_it(client):
    lead = builders.article("The lead", topics=["AI"], excerpt="It didn&#8217;t last.")
    builders.related(lead, title="An earlier report", published_at=MORNING - timedelta(days=1))
    builders.related(lead, title="A later report", published_at=MORNING + timedelta(days=1))
    page = body(client, lead.get_absolute_url())
    assert "It didn’t last." in page
    assert f'href="{lead.web_url}"' in page
    assert "Read at" in page
    assert "All coverage (2)" in page
    assert page.index("A later report") < page.index("An earlier report")
    assert f'<time datetime="{lead.published_at:%Y-%m-%dT%H:%M:%SZ}">' in page
    assert 'rel="canonical" href="http://testserver/news/' in page


def test_coverage_beyond_eight_is_folded_away(client):
    lead = builders.article()
    for _ in range(9):
        builders.related(lead)
    page = body(client, lead.get_absolute_url())
    assert "<summary>1 more</summary>" in page
    assert "<details" not in body(client, builders.article().get_absolute_url())


def test_a_linked_story_that_leads_itself_stands_under_see_also(client):
    lead, other = builders.article("One", topics=["AI"]), builders.article("Other", topics=["AI"])
    builders.related(lead, other)
    page = body(client, lead.get_absolute_url())
    assert "See also" in page
    assert "All coverage" not in page
    assert page.count(other.get_absolute_url()) == 1


def test_more_on_a_topic_leaves_out_the_story_itself(client):
    one, other = builders.article("One", topics=["AI"]), builders.article("Other", topics=["AI"])
    page = body(client, one.get_absolute_url())
    assert "More on" in page
    assert other.get_absolute_url() in page
    assert page.count(f'href="{one.get_absolute_url()}"') == 0


def test_a_video_without_address_is_watched_here_or_at_youtube(client):
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


def test_featured_content_that_is_no_known_player_is_never_shown(client):
    article = builders.article(featured_content='<iframe src="https://evil.example/"></iframe>')
    page = body(client, article.get_absolute_url())
    assert "evil.example" not in page
    assert "<iframe" not in page


def test_a_folded_video_is_reached_through_our_own_article_of_it(client):
    lead = builders.article()
    builders.folded(lead, "A film", web_url="", original_url="https://youtube.com/watch?v=q7RvN2xLd0A", type="video")
    assert 'href="https://youtube.com/watch?v=q7RvN2xLd0A"' in body(client, lead.get_absolute_url())


def test_midnight_is_a_day_without_a_clock(client):
    article = builders.article(published_at=MORNING.replace(hour=0))
    assert ">9 Jun 2020</time>" in body(client, article.get_absolute_url())


@pytest.mark.parametrize("target", ["source", "story"])
def test_headlines_lead_to_the_source_or_to_the_story(client, settings, target):
    settings.HEADLINE_TARGET = target
    article = builders.article("A headline", web_url="https://www.courier.example/1")
    builders.related(article)
    for address in ("/", "/latest/"):
        page = body(client, address)
        headline = re.search(r"<a ([^>]*)>A headline</a>", page)[1]
        assert (article.get_absolute_url() in headline) == (target == "story")
        assert ('class="out" href="https://www.courier.example/1"' in headline) == (target == "source")
        assert f'href="{article.get_absolute_url()}#coverage">2 sources</a>' in page
        assert page.count('href="https://www.courier.example/1"') == 1


def test_a_story_of_one_source_has_its_page_too(client):
    article = builders.article()
    assert f'href="{article.get_absolute_url()}">1 source</a>' in body(client, "/")


def test_no_outlet_has_more_than_two_of_the_first_ten_stories(client):
    others = [builders.provider(f"Outlet {number}", f"outlet{number}.example") for number in range(8)]
    for number, outlet in enumerate(others):
        builders.article(provider=outlet, heat=100 + number)
    for number in range(5):
        builders.article(f"Courier {number}", heat=500)
    page = body(client, "/")
    headlines = re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', page)
    assert sum("Courier" in headline for headline in headlines[:10]) == 2
    assert sum("Courier" in headline for headline in headlines) == 5


def test_about_tells_the_rules_with_the_numbers_in_force(client):
    builders.article()
    operations.change_policy({"publish_threshold": 77, "related_bonus": 13, "bonus_floor": 0})
    page = body(client, "/about/")
    assert "heat of 77 or more" in page
    assert "plus 13 for each other report" in page
    assert 'href="/about/"' in body(client, "/latest/")
    assert 'href="/about/#order"' in body(client, "/")


def headlines(page):
    return re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', page)


def test_an_editors_pick_stands_first_until_its_time_is_over(client, monkeypatch):
    quiet, loud = builders.article("Quiet", heat=75), builders.article("Loud", heat=500)
    assert headlines(body(client, "/")) == ["Loud", "Quiet"]
    now = timezone.now()
    operation = operations.pick(quiet, now + timedelta(hours=1)).operation
    page = body(client, "/")
    assert headlines(page) == ["Quiet", "Loud"]
    assert page.count("Editor’s pick") == 1
    assert "Editor’s pick" not in body(client, "/latest/")
    before = versions.current_version().key
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=2))
    assert headlines(body(client, "/")) == ["Loud", "Quiet"]
    assert versions.current_version().key != before
    monkeypatch.undo()
    operations.undo(operation)
    assert headlines(body(client, "/")) == ["Loud", "Quiet"]
    operations.pick(loud, now + timedelta(hours=1))
    operations.hold(loud)
    assert headlines(body(client, "/")) == ["Quiet"]


def test_a_day_shows_what_was_published_then_and_leads_to_its_neighbours(client, settings):
    settings.TIME_ZONE = "America/New_York"
    timezone.get_default_timezone.cache_clear()
    try:
        for hour, title in ((3, "The evening before"), (5, "After midnight"), (20, "At noon")):
            builders.article(title, published_at=MORNING.replace(hour=hour))
        builders.article("Long after", published_at=MORNING + timedelta(days=90))
        page = body(client, "/archive/2020/06/09/")
        assert "After midnight" in page
        assert "At noon" in page
        assert "The evening before" not in page
        assert 'href="/archive/2020/06/08/"' in page
        assert 'href="/archive/2020/09/07/"' in page
        assert "The evening before" in body(client, "/archive/2020/06/08/")
    finally:
        timezone.get_default_timezone.cache_clear()


@pytest.mark.parametrize("day", ["2020/06/10", "2020/13/01", "2020/02/30", "0000/01/01", "9999/12/31", "0001/01/01"])
def test_a_day_without_stories_has_no_page(client, day):
    builders.article()
    assert client.get(f"/archive/{day}/").status_code == 404


# Pictures


def test_pictures_come_from_our_own_copies_only(client):
    article = builders.article(topics=["AI"])
    ArticleImage.objects.create(article=article, url="https://pictures.example/not-held.jpg")
    for address in [*ADDRESSES, article.get_absolute_url()]:
        assert "<img" not in body(client, address)
    builders.picture(article, "https://pictures.example/held.jpg")
    for address in ("/", "/latest/", article.get_absolute_url()):
        page = body(client, address)
        assert "<picture>" in page
        assert "pictures.example" not in page


PICTURED = (
    "/",
    "/latest/",
    "/topics/ai/",
    "/providers/courier.example/",
    "/archive/2020/06/09/",
    "/search/?q=pictured",
)


@pytest.mark.parametrize("address", [*PICTURED, "/news/2020-06-09-first/"])
def test_the_first_picture_of_a_page_is_fetched_at_once_and_the_others_lazily(client, address):
    for name in ("first", "second"):
        article = builders.article(f"Pictured {name}", name=f"2020-06-09-{name}", topics=["AI"], quality=90)
        builders.picture(article, width=1000, height=500)
    shown = re.findall(r"<picture>.*?</picture>", body(client, address))
    assert shown
    for number, picture in enumerate(shown):
        assert ('fetchpriority="high"' in picture) == (number == 0)
        assert ('loading="lazy" decoding="async"' in picture) == (number > 0)
        assert 'width="1000" height="500" alt=""' in picture
        assert re.findall(r'type="image/(\w+)"', picture) == ["avif", "webp"]
        assert picture.count('sizes="') == 2


def test_a_thumbnail_offers_no_more_pixels_than_it_needs(client):
    for _ in range(2):
        builders.picture(builders.article(), width=1280, height=720)
    thumb = re.findall(r"<picture>.*?</picture>", body(client, "/latest/"))[1]
    assert re.findall(r"/(\d+)\.avif (\d+)w", thumb) == [("160", "160"), ("320", "320"), ("480", "480")]
    article = builders.article()
    builders.picture(article, width=1280, height=720)
    page = body(client, article.get_absolute_url())
    assert re.findall(r"/(\d+)\.webp \d+w", page) == ["160", "320", "480", "640", "960", "1280"]
    assert re.search(r'<img src="/media/pictures/[0-9a-f]{2}/[0-9a-f]{32}/640\.jpg"', page)


def test_what_an_editor_says_of_a_picture_is_told(client):
    article = builders.article()
    builders.picture(article, alt='A "fox" <in> snow', attribution="Ana & sons")
    page = body(client, article.get_absolute_url())
    assert 'alt="A &quot;fox&quot; &lt;in&gt; snow"' in page
    assert "<figcaption>Picture: <bdi>Ana &amp; sons</bdi></figcaption>" in page
    assert 'alt="A &quot;fox&quot;' in body(client, "/latest/")


def test_the_first_picture_that_we_hold_is_shown(client):
    article = builders.article()
    builders.picture(article, held=False)
    second = builders.picture(article)
    builders.picture(article)
    for address in ("/", "/latest/", article.get_absolute_url()):
        assert set(re.findall(r"pictures/../([0-9a-f]{32})/", body(client, address))) == {second.key}


@pytest.mark.parametrize(
    ("rungs", "shown"),
    [((50,), ['src="/{}/50.webp"']), ((50, 100), ['src="/{}/50.webp"', 'srcset="/{}/50.webp, /{}/100.webp 2x"'])],
)
def test_a_logo_is_sharp_on_dense_screens(client, rungs, shown):
    folder = f"media/logos/ab/{HASH[:32]}"
    outlet = builders.provider()
    ProviderLogo.objects.create(provider=outlet, url="/a.png", width=400, file=f"logos/ab/{HASH[:32]}/{rungs[-1]}.webp")
    builders.article()
    page = body(client, "/providers/")
    assert all(text.replace("{}", folder) in page for text in shown)
    assert ("srcset" in page) == (len(rungs) > 1)


def test_an_outlet_without_logo_of_ours_gets_its_monogram(client):
    outlet = builders.provider()
    logo = ProviderLogo.objects.create(provider=outlet, url="https://courier.example/logo.png", width=50, height=50)
    builders.article()
    assert re.search(r'class="mark[^>]*>C</span>', body(client, "/providers/"))
    logo.file = f"logos/ab/{HASH}.png"
    logo.save()
    assert f'src="/media/logos/ab/{HASH}.png"' in body(client, "/providers/")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        (f"pictures/ab/{HASH[:32]}/1280.jpg", "image/jpeg"),
        (f"pictures/ab/{HASH[:32]}/160.webp", "image/webp"),
        (f"pictures/ab/{HASH[:32]}/7.avif", "image/avif"),
        (f"logos/ab/{HASH[:32]}/50.webp", "image/webp"),
        (f"logos/ab/{HASH}.png", "image/png"),
        ("logos/courier_50x50.png", "image/png"),
    ],
)
def test_our_copies_are_sent_as_what_they_are_and_never_change(client, name, content_type):
    default_storage.save(name, ContentFile(b"bytes"))
    response = client.get(f"/media/{name}")
    assert b"".join(response.streaming_content) == b"bytes"
    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        f"pictures/ab/{HASH[:32]}/160.svg",
        f"pictures/ab/{HASH[:32]}/160.html",
        f"pictures/ab/{HASH[:32]}/160.jpg.html",
        f"pictures/ab/{HASH[:32]}/160.jpg\n",
        f"pictures/ab/{HASH[:32]}/160.jpg.0123.part",
        f"pictures/ab/{HASH[:32]}/0160.jpg",
        f"pictures/ab/{HASH[:32]}/16000.jpg",
        f"pictures/ab/{HASH[:32]}/original.jpg",
        f"pictures/{HASH[:32]}/160.jpg",
        "pictures/ab/short/160.jpg",
        f"pictures/ab/{HASH[:32].upper()}/160.jpg",
        "logos/.hidden.png",
        "logos/logo.svg",
        "logos/deep/logo.png",
        f"exports/ab/{HASH}.jpg",
    ],
)
def test_nothing_else_in_the_storage_has_an_address(client, settings, name):
    path = settings.MEDIA_ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret")
    assert client.get(f"/media/{name.replace(chr(10), '%0A')}").status_code == 404


@pytest.mark.parametrize("path", ["../secret.png", "logos/../secret.png", "logos/%2e%2e/x.png", "%00.png", ""])
def test_no_path_leads_out_of_the_media(client, path):
    assert client.get(f"/media/{path}").status_code == 404


def test_a_picture_that_was_deleted_is_not_found(client):
    assert client.get(f"/media/pictures/ab/{HASH[:32]}/160.jpg").status_code == 404


# Errors, robots


@pytest.mark.parametrize("address", ["/nowhere/", "/news/a%00b/", "/topics/%00/", "/providers/%00/", "/news/x/y/"])
def test_what_is_not_there_says_what_to_do_next(client, address):
    assert "top stories" in body(client, address, 404)


def test_error_pages_need_neither_context_nor_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        for name in ("400.html", "500.html"):
            page = get_template(name).render()
            assert 'href="/"' in page
            assert "/static/articles/site.css" in page


def test_pages_are_for_reading(client):
    assert client.post("/").status_code == 405
    assert client.head("/latest/").status_code == 200


def test_robots_may_read_all_and_learn_of_no_other_path(client):
    response = client.get(reverse("robots"))
    assert response["Content-Type"].startswith("text/plain")
    rules = [line for line in response.content.decode().splitlines() if line and not line.startswith("Sitemap: ")]
    assert rules == ["User-agent: *", "Disallow:"]


# What a page costs


def test_a_page_costs_the_same_queries_whatever_it_holds(client, count_queries):
    addresses = (*ADDRESSES[:5], "/archive/2020/06/09/", "/about/", "/providers/outlet0.example/", "/nowhere/")

    def costs(stories):
        with transaction.atomic():
            lead = newsroom(stories)
            counts = []
            for address in (*addresses, lead.get_absolute_url()):
                with count_queries() as queries:
                    client.get(address)
                counts.append(len(queries))
            transaction.set_rollback(True)
        cache.clear()
        return counts

    assert costs(6) == costs(1)
