"""Sitemaps: which pages exist, when they changed, and nothing unpublished."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from articles import operations
from articles.models import Article, Operation, SitePolicy
from articles.sitemaps import sections as module
from articles.sitemaps import views
from articles.sitemaps.sections import sections
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import newsroom

pytestmark = pytest.mark.django_db

SITE = "http://testserver"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
MAPS = ["/sitemap.xml", "/sitemaps/lists.xml", "/sitemaps/2020-06.xml", "/news-sitemap.xml"]
HOSTILE = "</loc> <PFE.N> & \x01\ufffe ]]> \" ' &#8217;"


@pytest.fixture(autouse=True)
def _nothing_known(settings):
    cache.clear()
    settings.INDEX_SINGLE_STORIES = True


def root_of(client, url):
    response = client.get(url)
    assert response.status_code == 200, url
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    return ET.fromstring(response.content)  # noqa: S314


def entries_of(client, url):
    """Return the urls of a sitemap or an index with their times, None without one."""
    entries = {}
    for entry in root_of(client, url):
        moment = entry.findtext(f"{MAP}lastmod")
        entries[entry.findtext(f"{MAP}loc").removeprefix(SITE)] = moment and datetime.fromisoformat(moment)
    return entries


def second(moment):
    return moment.astimezone(UTC).replace(microsecond=0)


# The protocol


@pytest.mark.slow
def test_the_index_leads_to_every_page(client):
    lead = newsroom(2)
    builders.article("In May", published_at=datetime(2020, 5, 31, 23, 59, 59, tzinfo=UTC))
    root = root_of(client, "/sitemap.xml")
    assert root.tag == f"{MAP}sitemapindex"
    index = entries_of(client, "/sitemap.xml")
    assert list(index) == ["/sitemaps/lists.xml", "/sitemaps/2020-06.xml", "/sitemaps/2020-05.xml"]
    pages = [page for section in index for page in entries_of(client, section)]
    assert len(pages) == len(set(pages))
    public = {article.get_absolute_url() for article in Article.objects.public()}
    lists = {"/", "/latest/", "/topics/", "/providers/", "/topics/ai/", "/topics/robotics/"}
    lists |= {"/archive/", "/archive/2020/"}
    outlets = {
        "/providers/courier.example/",
        "/providers/outlet0.example/",
        "/providers/outlet1.example/",
        "/providers/herald.example/",
    }
    assert lead.get_absolute_url() in public
    assert set(pages) == public | lists | outlets
    assert all(client.get(page).status_code == 200 for page in pages)


@pytest.mark.parametrize("url", MAPS)
def test_a_sitemap_follows_the_protocol(client, url):
    builders.article(HOSTILE, published_at=timezone.now() - timedelta(hours=1))
    builders.article(HOSTILE, name="2020-06-09-ü&'<x>", published_at=MORNING)
    root = root_of(client, url)
    assert root.tag in (f"{MAP}urlset", f"{MAP}sitemapindex")
    assert len(root) > 0
    for entry in root:
        assert entry.tag == root.tag.replace("urlset", "url").replace("sitemapindex", "sitemap")
        location = entry.findtext(f"{MAP}loc")
        assert re.fullmatch(r"http://testserver/[!-;=?-~]*", location)
        assert len(location) < 2048
        assert "&" not in location or "%" in location
        moment = entry.findtext(f"{MAP}lastmod")
        assert moment is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)


@pytest.mark.parametrize(
    "section", ["2020-07", "2020-13", "2020-00", "2020-06-31", "2020-06-10", "0000-01", "nonsense", "2020-6", "٢٠٢٠-٠٦"]
)
def test_a_section_without_stories_does_not_exist(client, section):
    builders.article(published_at=MORNING)
    assert client.get(f"/sitemaps/{section}.xml").status_code == 404


def test_the_first_and_the_last_year_have_sections(client):
    for year, month in ((1, 1), (9999, 12)):
        article = builders.article(published_at=datetime(year, month, 2, tzinfo=UTC), name=f"story-{year}")
        Article.objects.filter(pk=article.pk).update(listed_at=article.published_at)
    assert list(entries_of(client, "/sitemap.xml"))[1:] == ["/sitemaps/9999-12.xml", "/sitemaps/0001-01.xml"]
    assert list(entries_of(client, "/sitemaps/9999-12.xml")) == ["/news/story-9999/"]
    assert list(entries_of(client, "/sitemaps/0001-01.xml")) == ["/news/story-1/"]


def test_a_month_of_too_many_stories_is_divided_into_days(client, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 3)
    for hours in (0, 1, 24, 25):
        builders.article(published_at=MORNING + timedelta(hours=hours))
    builders.article(published_at=MORNING - timedelta(days=30))
    assert [section.name for section in sections()] == ["2020-06-10", "2020-06-09", "2020-05"]
    assert len(entries_of(client, "/sitemaps/2020-06-09.xml")) == 2
    assert len(entries_of(client, "/sitemaps/2020-06.xml")) == 3


def test_no_file_holds_more_than_the_protocols_allow(client, monkeypatch):
    assert (views.LIMIT, views.NEWS_LIMIT) == (50_000, 1000)
    for months in range(4):
        builders.article(published_at=timezone.now() - timedelta(days=31 * months))
    for _ in range(3):
        builders.article(published_at=timezone.now())
    monkeypatch.setattr(views, "LIMIT", 3)
    monkeypatch.setattr(views, "NEWS_LIMIT", 2)
    files = ("/sitemap.xml", "/sitemaps/lists.xml", "/news-sitemap.xml")
    assert [len(root_of(client, url)) for url in files] == [3, 3, 2]


def test_a_site_without_stories_has_a_sitemap_of_lists(client):
    assert list(entries_of(client, "/sitemap.xml")) == ["/sitemaps/lists.xml"]
    assert list(entries_of(client, "/sitemaps/lists.xml")) == ["/", "/latest/", "/topics/", "/providers/"]
    assert entries_of(client, "/news-sitemap.xml") == {}


def test_robots_txt_names_the_sitemaps(client, settings):
    assert client.get("/robots.txt").content.decode().splitlines() == [
        "User-agent: *",
        "Disallow:",
        "",
        "Sitemap: http://testserver/sitemap.xml",
        "Sitemap: http://testserver/news-sitemap.xml",
    ]
    settings.SITE_URL = "https://news.example"
    builders.article()
    for url in ["/robots.txt", *MAPS]:
        body = client.get(url).content.decode()
        assert "testserver" not in body


# Which stories


def test_hidden_articles_are_in_no_sitemap(client):
    recent = timezone.now() - timedelta(hours=1)
    builders.article("Shown", topics=["AI"], published_at=recent)
    builders.article("Shown too", published_at=MORNING)
    outlet = builders.provider("Secret", "secret.example")
    moments = {"old": MORNING, "new": recent, "alone": MORNING.replace(year=2019)}
    for (why, hidden), (age, moment) in product(builders.HIDDEN.items(), moments.items()):
        name = f"buried-{why.replace(' ', '-')}-{age}"
        secret = builders.article(
            "Buried", name=name, topics=["Secret"], published_at=moment, provider=outlet, **hidden
        )
        if not hidden.keys() & {"publish_at", "unpublish_at"}:
            Article.objects.filter(pk=secret.pk).update(public=False)
    for url in [*MAPS, f"/sitemaps/{recent:%Y-%m}.xml"]:
        body = client.get(url).content.decode()
        assert not re.findall("buried.{0,20}|secret|2019", body, re.IGNORECASE), url
    assert client.get("/sitemaps/2019-06.xml").status_code == 404


def test_stories_of_one_provider_are_left_out_unless_the_site_allows_them(client, settings):
    recent = timezone.now() - timedelta(hours=1)
    single, own, shared = (builders.article(published_at=recent) for _ in range(3))
    builders.related(own, provider=own.provider)
    builders.related(shared)
    gone = builders.folded(single, provider=builders.provider("Gone", "gone.example"))
    Article.objects.filter(pk=gone.pk).update(removed=True)
    alone = builders.article(published_at=MORNING)
    urls = [f"/sitemaps/{recent:%Y-%m}.xml", "/news-sitemap.xml"]
    for url in urls:
        assert len(entries_of(client, url)) == 3

    settings.INDEX_SINGLE_STORIES = False

    for url in urls:
        assert list(entries_of(client, url)) == [shared.get_absolute_url()]
    assert "/sitemaps/2020-06.xml" not in entries_of(client, "/sitemap.xml")
    assert alone.get_absolute_url() not in client.get("/sitemap.xml").content.decode()


def test_the_news_sitemap_holds_the_stories_of_two_days(client):
    now = timezone.now()
    ages = {"new": timedelta(minutes=1), "old": timedelta(hours=47), "too-old": timedelta(hours=49)}
    for name, age in ages.items():
        builders.article(f"<{name}> &amp;", name=name, published_at=now - age)
    builders.article(name="to-come", published_at=now + timedelta(hours=1))
    entries = list(root_of(client, "/news-sitemap.xml"))
    assert [entry.findtext(f"{MAP}loc") for entry in entries] == [f"{SITE}/news/new/", f"{SITE}/news/old/"]
    (news,) = entries[0].findall(f"{NEWS}news")
    assert news.findtext(f"{NEWS}publication/{NEWS}name") == "Newsfold"
    assert news.findtext(f"{NEWS}publication/{NEWS}language") == "en"
    assert datetime.fromisoformat(news.findtext(f"{NEWS}publication_date")) == second(now - ages["new"])
    assert news.findtext(f"{NEWS}title") == "<new> &"


# When they changed


def lastmods(client, article):
    """Return the lastmod of a story and of its section."""
    section = f"/sitemaps/{article.published_at:%Y-%m}.xml"
    return entries_of(client, section)[article.get_absolute_url()], entries_of(client, "/sitemap.xml")[section]


def log_earlier():
    """Let all that has happened have happened a year ago."""
    Operation.objects.update(at=timezone.now() - timedelta(days=365))
    Article.objects.update(created_at=timezone.now() - timedelta(days=365))


@pytest.mark.slow
def test_a_storys_lastmod_is_when_readers_last_saw_a_difference(client):
    article, other = builders.article(published_at=MORNING), builders.article(published_at=MORNING)
    operations.edit(article, title="A first title")
    log_earlier()
    before, before_other = lastmods(client, article), lastmods(client, other)
    operations.score(article, quality=120)
    assert lastmods(client, article) == before

    result = operations.edit(article, title="A second title")

    assert lastmods(client, article) == (second(result.operation.at),) * 2
    assert lastmods(client, other)[0] == before_other[0]


def test_a_rescore_changes_no_lastmod(client):
    article = builders.article(quality=80, heat=100)
    log_earlier()
    before = lastmods(client, article)
    operations.rescore(Article.objects.all())
    assert Article.objects.get().heat == 80
    assert lastmods(client, article) == before


@pytest.mark.slow
def test_a_section_changes_when_stories_are_published_withdrawn_moved_or_deleted(client):
    kept = builders.article(published_at=MORNING)
    article = builders.article(quality=20, published_at=MORNING)
    log_earlier()
    section = "/sitemaps/2020-06.xml"
    assert list(entries_of(client, section)) == [kept.get_absolute_url()]
    old = entries_of(client, "/sitemap.xml")[section]

    at = operations.publish(article).operation.at
    assert entries_of(client, "/sitemap.xml")[section] == second(at) > old
    operations.hold(article)
    assert entries_of(client, "/sitemap.xml")[section] == old
    operations.edit(kept, published_at=MORNING.replace(month=3))
    assert list(entries_of(client, "/sitemap.xml")) == ["/sitemaps/lists.xml", "/sitemaps/2020-03.xml"]
    operations.delete(Article.objects.filter(pk=kept.pk))
    assert list(entries_of(client, "/sitemap.xml")) == ["/sitemaps/lists.xml"]


def test_a_schedule_changes_a_section_when_it_begins(client):
    article = builders.article(published_at=MORNING)
    log_earlier()
    later = timezone.now() + timedelta(hours=1)
    Article.objects.filter(pk=article.pk).update(publish_at=later)
    assert list(entries_of(client, "/sitemap.xml")) == ["/sitemaps/lists.xml"]
    begun = timezone.now() - timedelta(minutes=5)
    Article.objects.filter(pk=article.pk).update(publish_at=begun)
    assert lastmods(client, article) == (second(begun),) * 2


def test_withdrawn_coverage_changes_the_lastmod_of_its_lead(client, settings):
    settings.INDEX_SINGLE_STORIES = False
    lead, other = builders.article(published_at=MORNING), builders.article(published_at=MORNING)
    member = builders.folded(lead, published_at=MORNING.replace(month=1), provider=builders.provider("H", "h.example"))
    for article in (lead, other):
        builders.related(article)
    log_earlier()
    old = lastmods(client, other)[0]

    at = operations.edit(member, removed=True).operation.at

    assert lastmods(client, lead) == (second(at),) * 2
    assert lastmods(client, other)[0] == old


def test_a_policy_that_hides_unscored_stories_changes_all_sections(client):
    builders.article(quality=None, heat=None, published=None, published_at=MORNING)
    assert len(entries_of(client, "/sitemap.xml")) == 2
    operations.change_policy({"publish_unscored": False})
    assert SitePolicy.objects.get().publish_unscored is False
    assert len(entries_of(client, "/sitemap.xml")) == 1


# What they cost


@pytest.mark.systematic
def test_a_sitemap_takes_the_same_queries_for_one_story_and_for_many(client, count_queries):
    def costs(stories):
        with transaction.atomic():
            newsroom(stories)
            client.get("/sitemap.xml")
            counts = {}
            for url in (*MAPS, "/robots.txt"):
                with count_queries() as queries:
                    client.get(url)
                counts[url] = len(queries)
            transaction.set_rollback(True)
        cache.clear()
        return counts

    assert costs(6) == costs(1)
