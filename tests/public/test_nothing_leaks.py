"""What is not published is nowhere: every URL, in every state, before and after each change, with the page cache.

One newsroom holds an open story, which lists a secret one, of an outlet and a topic of its own, and the secret's
sister, of the open story's outlet. Both are taken through all states. After each step every url is asked: plainly,
by who has the earlier answer, and with odd parameters. What may be seen is what the step says; as long as nothing has
been seen, every answer is the one that was given before the two were there.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.urls import NoReverseMatch, Resolver404, get_resolver, resolve, reverse
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.page_cache import versions
from tests import builders
from tests import settings as test_settings
from tests.public.paths import FORMS, OPEN

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

SECRET = re.compile("quagmire", re.IGNORECASE)
# URLs that exist whether the secret story is published or not.
# URLs of the secret story, its outlet and its topic: there only while it is published by itself.
OWN = [
    *("/news/2020-06-09-quagmire/", "/topics/quagmire/", "/providers/quagmire.example/"),
    *(f"/topics/quagmire/feed.{form}" for form in FORMS),
    *(f"/providers/quagmire.example/feed.{form}" for form in FORMS),
    "/places/FJ/",
    *(f"/places/FJ/feed.{form}" for form in FORMS),
    "/api/news/2020-06-09-quagmire/index.json",
    "/api/news/quagmire/index.json",
]
UNKNOWN = {"quagmire": "nothing", "/FJ/": "/TV/"}  # what the secret story has, and what no story has
ODD = [
    "preview=1&draft=1&published=false&state=held&heat=-1&quality__gte=0&secured=x&user=admin&format=json&debug=1",
    "related=1&order=-quality&fields=all&token=x&_method=POST&callback=x&at=2999-01-01&id=1&after=quagmire&page=2",
    "q=quagmire",
    "topic=quagmire",
    "before=99991231T235959Z-zzz&title__icontains=quagmire",
]


@pytest.fixture(autouse=True)
def kept_answers(settings):
    settings.CACHES = test_settings.with_page_cache(uuid4().hex)
    settings.INDEX_SINGLE_STORIES = True
    return caches["pages"]


@pytest.fixture
def lead():
    outlet = builders.provider("Open Times", "open.example")
    values = {"name": "2020-06-09-open", "topics": ["Open"], "tags": ["PT"], "provider": outlet}
    values["published_at"] = timezone.now()
    return builders.article("Open storm", **values)


@pytest.fixture
def before(client, lead):
    """The response at every URL before there is a secret."""
    versions.bump_version()
    return {url: client.get(url).content for url in urls(OPEN)}


@pytest.fixture
def secret(lead, before):
    outlet = builders.provider("Quagmire Times", "quagmire.example")
    builders.topic("Quagmire")
    values = {"quality": 10, "excerpt": "Deep in the quagmire."}
    article = builders.article(
        "Quagmire storm",
        name="2020-06-09-quagmire",
        web_url="https://www.quagmire.example/1",
        topics=["Open", "Quagmire"],
        tags=["FJ"],
        provider=outlet,
        published_at=timezone.now() - timedelta(minutes=1),
        **values,
    )
    builders.article(
        "Quagmire sister",
        name="2020-06-09-quagmire-sister",
        web_url="https://www.open.example/sister",
        topics=["Open"],
        provider=lead.provider,
        published_at=timezone.now() - timedelta(days=1, minutes=1),
        **values,
    )
    for one in both():
        builders.related(lead, one)
    versions.bump_version()
    return article


def both():
    """Return the secret and its sister as they are."""
    return Article.objects.filter(name__startswith="2020-06-09-quagmire").order_by("name")


def later(**hours):
    return {name: timezone.now() + timedelta(hours=number) for name, number in hours.items()}


def mark(secret, *, missing):
    operations.mark_missing([secret.pk], missing=missing)


def write(secret, **values):
    """Store what an import does, which hides it."""
    Article.objects.filter(pk=secret.pk).update(**values, public=False)
    versions.bump_version()


def end(secret, **times):
    """Let a schedule pass: no operation sets one that is over."""
    Article.objects.filter(pk=secret.pk).update(**times)
    versions.bump_version()


# What happens, and whether readers see the story then: by itself ("shown"), as coverage ("folded") or not at all.
STEPS = [
    ("undecided", lambda secret, lead: None, "hidden"),
    ("published", lambda secret, lead: operations.publish(secret), "shown"),
    ("held", lambda secret, lead: operations.hold(secret), "hidden"),
    ("published again", lambda secret, lead: operations.publish(secret), "shown"),
    ("spiked", lambda secret, lead: operations.spike(secret, "paywall"), "hidden"),
    ("reopened", lambda secret, lead: operations.reopen(secret), "hidden"),
    ("for later", lambda secret, lead: operations.schedule(secret, **later(publish_at=5)), "hidden"),
    ("until later", lambda secret, lead: operations.schedule(secret, **later(unpublish_at=5)), "shown"),
    ("over", lambda secret, lead: end(secret, **later(publish_at=-5, unpublish_at=-1)), "hidden"),
    ("begun", lambda secret, lead: operations.schedule(secret, **later(publish_at=-5)), "shown"),
    ("folded", lambda secret, lead: operations.fold_into(secret, lead), "folded"),
    ("folded, its lead held", lambda secret, lead: operations.hold(lead), "hidden"),
    ("folded, its lead back", lambda secret, lead: operations.publish(lead), "folded"),
    ("folded, missing", lambda secret, lead: write(secret, missing=True), "hidden"),
    ("folded, there again", lambda secret, lead: write(secret, missing=False), "folded"),
    ("folded, removed", lambda secret, lead: write(secret, removed=True), "hidden"),
    ("folded, not removed", lambda secret, lead: write(secret, removed=None), "folded"),
    ("folded, coming in", lambda secret, lead: write(secret, staged=False), "hidden"),
    ("folded, come in", lambda secret, lead: write(secret, staged=None), "folded"),
    ("taken out", lambda secret, lead: operations.take_out(secret, announced=[secret.pk]), "shown"),
    ("held by itself", lambda secret, lead: operations.hold(secret), "hidden"),
    ("given back", lambda secret, lead: operations.unpin(secret), "hidden"),
    ("scored high", lambda secret, lead: operations.score(secret, quality=90), "shown"),
    ("missing", lambda secret, lead: mark(secret, missing=True), "hidden"),
    ("there again", lambda secret, lead: mark(secret, missing=False), "shown"),
    ("coming in", lambda secret, lead: write(secret, staged=True), "hidden"),
]


def urls(places):
    """Return the urls that the site has; the API may not be there."""
    for url in places:
        try:
            resolve(url.partition("?")[0])
        except Resolver404:
            continue
        yield url


def without_secret(text):
    """Return a URL or an answer with names of nothing in place of the secret ones."""
    for secret, nothing in UNKNOWN.items():
        text = text.replace(secret, nothing)
    return text


def text_of(response):
    parts = [response.content.decode(), *(f"{name}: {value}" for name, value in response.headers.items())]
    return "\n".join(parts)


def test_each_state_shows_only_what_is_public_at_every_url(client, secret, lead, before):
    tags: dict[str, str] = {}
    for name, change, sight in STEPS:
        for one in both():
            change(one, Article.objects.get(pk=lead.pk))
        if sight != "hidden":
            before = {}
        look_everywhere(client, name, sight, tags, Article.objects.get(pk=lead.pk), before)


def test_a_deleted_story_is_nowhere(client, secret, lead):
    lead.related_links.all().delete()  # what a document lists stands on its page though we don't hold it any more
    operations.publish(both())
    tags: dict[str, str] = {}
    look_everywhere(client, "published", "shown", tags, lead)
    operations.delete(both())
    look_everywhere(client, "deleted", "hidden", tags, lead)


@pytest.mark.parametrize("state", sorted(builders.HIDDEN.keys() - {"folded"}))
def test_unpublished_changes_make_no_difference_to_the_public(client, secret, lead, before, state):
    """Counts, dates and neighbours included."""
    values = {"heat": 80, "quality": 80, "published": True} | builders.HIDDEN[state]
    values["state"] = "published" if values["published"] else "undecided"
    both().update(**values, public=state in ("not yet", "no longer"))
    versions.bump_version()
    look_everywhere(client, state, "hidden", {}, lead, before)


def test_schedules_take_effect_by_the_clock_alone(client, secret, lead, monkeypatch):
    now = timezone.now()
    operations.schedule(both(), publish_at=now + timedelta(hours=1), unpublish_at=now + timedelta(hours=2))
    tags: dict[str, str] = {}
    for hours, sight in ((0.5, "hidden"), (1.5, "shown"), (2.5, "hidden")):
        moment = now + timedelta(hours=hours)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        look_everywhere(client, f"after {hours} hours", sight, tags, lead)


def look_everywhere(client, step, sight, tags, lead, before=None):
    """Request every URL, plainly and with the validators of the step before."""
    seen = 0
    for url, content in (before or {}).items():
        assert sight != "hidden" or client.get(url).content == content, (step, url)
    for url in urls(OPEN):
        response = client.get(url)
        if url.startswith("/news/2020-06-09-open") and not lead.is_shown():
            assert response.status_code == 404, (step, url)
        else:
            assert response.status_code in (200, 404), (step, url)
        match = SECRET.search(text_of(response))
        is_allowed = sight == "shown" or (sight == "folded" and "/search" not in url)
        assert is_allowed or not match, (step, url, text_of(response)[match.start() - 300 : match.end() + 100])
        seen += bool(match)
        again = client.get(url, headers={"If-None-Match": tags.get(url, '"none"')})
        assert again.status_code == 304 or again.content == response.content, (step, url)
        if again.status_code == 304:
            assert response["ETag"].split(".")[1] == tags[url].split(".")[1], (step, url)
        tags[url] = response.headers.get("ETag", "")
    assert bool(seen) == (sight != "hidden"), step
    for url in urls(OWN):
        response = client.get(url, headers={"If-None-Match": tags.get(url, '"none"')})
        if sight == "shown":
            assert response.status_code in (200, 304), (step, url)
            tags[url] = response["ETag"]
        elif sight == "folded" and url.startswith("/news/"):
            assert response.status_code == 301, (step, url)
        elif sight == "folded" and url.startswith("/providers/"):  # it shows the coverage of its outlet
            assert response.status_code in (200, 304), (step, url)
            tags[url] = response["ETag"]
        else:
            never = client.get(without_secret(url))
            assert (response.status_code, never.status_code) == (404, 404), (step, url)
            assert without_secret(response.content.decode()) == never.content.decode(), (step, url)


@pytest.mark.parametrize("query", ODD)
def test_no_query_parameter_reveals_anything(client, secret, query):
    for url in urls(OPEN):
        path, _, parameters = url.partition("?")
        if parameters and query.split("=")[0] in parameters.split("=")[0]:
            continue
        response = client.get(f"{path}?{parameters}&{query}" if parameters else f"{path}?{query}")
        assert response.status_code in (200, 400, 404), (url, query)
        if path == "/providers/" and query == "q=quagmire":  # it repeats what was looked for, and finds nothing
            other = client.get(f"{path}?q=nothing").content.decode()
            assert without_secret(response.content.decode()) == other
            continue
        text = text_of(response).replace("q=quagmire", "").replace("Search: <bdi>quagmire", "").lower()
        assert not SECRET.search(re.sub(r'value="quagmire"|topic quagmire|topic=quagmire', "", text)) or (
            path == "/search/" and "=quagmire" in query
        ), (url, query)
    for url in urls(OWN):
        assert client.get(f"{url}?{query}").status_code == 404, (url, query)


def test_a_preview_is_visible_only_with_its_link(client, admin_client, secret, lead):
    link = reverse("preview", args=[builders.preview_link(secret).token])
    for url, reader in ((link, client), (reverse("desk_preview", args=[secret.pk]), admin_client)):
        response = reader.get(url)
        assert SECRET.search(response.content.decode())
        assert "no-store" in response["Cache-Control"]
        assert "ETag" not in response.headers
    look_everywhere(client, "previewed", "hidden", {}, lead)
    for header in ("X-Preview", "X-Forwarded-Host", "X-Original-URL", "X-HTTP-Method-Override"):
        assert client.get("/news/2020-06-09-quagmire/", headers={header: link}).status_code == 404


def test_every_public_url_is_covered_here():
    """A new url of the site has to be looked at here too."""
    visited = {resolve(url.partition("?")[0]).url_name for url in urls([*OPEN, *OWN])}
    tested_elsewhere = {"preview", "preview_media", "media", "sitemap_stories"}  # tested in other tests
    tested_elsewhere |= {
        "site_page",
        "look_stylesheet",
        "favicon",
        "home_screen_icon",
        "security_txt",
    }  # no stories
    named = {pattern.name for pattern in get_resolver("articles.urls").url_patterns if getattr(pattern, "name", None)}
    assert named - tested_elsewhere <= visited, named - tested_elsewhere - visited
    with pytest.raises(NoReverseMatch):
        reverse("no such url")
