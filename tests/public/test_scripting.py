"""Hostile text stays text: in every text field at once, on every page, feed, form and message."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import feedparser
import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import Group, User
from django.db import models
from django.test import Client
from django.urls import reverse

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import (
    Article,
    ArticleImage,
    Event,
    Operation,
    RelatedImage,
    RelatedLink,
    SavedView,
    Topic,
    Via,
)
from providers.models import Provider, ProviderLogo
from tests import builders
from tests.site_urls import all_urls
from website.models import SiteLook, SitePage

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

# Ends an attribute, an element, a script, a comment, a CDATA section; each opens something to find.
PROBE = "'\"><xss onx=1 xss=1></script><xss></title></textarea><xss>--><xss>]]><xss>{{xss}}&lt;xss&gt;"
ADDRESS = "https://www.courier.example/'\"><xss onx=1>"
LIST_PATHS = {"href", "src", "srcset", "action", "formaction", "data", "poster", "xlink:href", "background", "cite"}
NOWHERE = {"embed", "object", "base", "applet", "frame", "xss", "style", "link", "math"}
# What is no text of anybody's, or has to stay what it is for its row to be found.
KEPT = {
    *("slug", "digest", "file", "dialect", "state", "spike_reason", "content_hash", "match_key", "url_key", "kind"),
    *("verb", "via", "subject", "field", "password", "pins", "wishes", "layout", "session_hash", "email"),
}


def spoil(row: models.Model, *but: str) -> None:
    """Put the probe into every text of a row, as far as it has room."""
    changed = {}
    for field in row._meta.concrete_fields:
        if field.name in KEPT or field.name in but:
            continue
        if isinstance(field, models.JSONField):
            changed[field.name] = spoilt(getattr(row, field.name), field.name)
        elif isinstance(field, models.CharField | models.TextField):
            is_address = field.name == "url" or field.name.endswith("_url")
            changed[field.name] = ADDRESS if is_address else PROBE[: field.max_length or 1000]
    type(row)._base_manager.filter(pk=row.pk).update(**changed)


def spoilt(value: Any, name: str) -> Any:
    if name in ("extra", "services"):
        return [[PROBE, ADDRESS]]
    return [PROBE] if isinstance(value, list) else value


class Finder(HTMLParser):
    """Collects what would run, load or lead elsewhere than a page of ours may."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.elements = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements += 1
        tag_text = f"<{tag} {given}>"
        for name, value in given.items():
            is_bad = name.startswith("on") or name in ("style", "xss") or (name == "http-equiv")
            if is_bad or (name in LIST_PATHS and re.sub(r"[\x00-\x20]", "", value).lower().startswith(BAD_SCHEMES)):
                self.found.append(tag_text)
        if tag in NOWHERE and not (tag == "link" and given.get("href", "").startswith(("/", "http://testserver/"))):
            self.found.append(tag_text)
        if tag == "script" and not (given.get("src", "").startswith(OWN_SCRIPTS) or given.get("type") in DATA_BLOCKS):
            self.found.append(tag_text)
        if tag == "iframe":
            if "allow-top-navigation" in given.get("sandbox", "allow-top-navigation") or "src" in given:
                self.found.append(tag_text)
            self.found += found_in(given.get("srcdoc", ""))


BAD_SCHEMES = ("javascript:", "data:", "vbscript:", "blob:", "file:")
OWN_SCRIPTS = ("/static/", "/admin/jsi18n/")
BOOKMARK = """javascript:location.href="http://testserver/admin/desk/stories/add/"+"""  # ours, to drag to the browser
DATA_BLOCKS = ("application/ld+json", "application/json")


def found_in(html: str) -> list[str]:
    finder = Finder()
    finder.feed(html)
    finder.close()
    return finder.found


@pytest.mark.parametrize(
    "html",
    [
        "<p onclick=x>",
        "<xss>",
        "<a href=' java\nscript:x'>",
        "<script>x</script>",
        "<script src=https://x.example>",
        "<p style=x>",
        "<iframe src=x sandbox>",
        "<iframe sandbox srcdoc='&lt;p onx=1>'>",
        "<iframe srcdoc=x>",
        "<base href=/>",
        "<meta http-equiv=refresh>",
        "<link href=https://x.example>",
        "<svg><a xlink:href='data:x'>",
    ],
)
def test_the_check_finds_markup(html):
    assert found_in(html)


def test_the_check_accepts_the_sites_markup():
    html = '<a href="https://x.example/">x</a><script src="/static/x.js"></script><link href="/static/x.css"><svg/>'
    assert found_in(html) == []


@pytest.fixture
def ana() -> User:
    user = User.objects.create_superuser("ana")
    user.groups.add(Group.objects.get(name="editor"))
    return user


@pytest.fixture
def newsroom(ana) -> dict[str, str]:
    """A newsroom in which every text is hostile. Returns what to put into urls."""
    root = builders.topic("AI")
    topic = builders.topic("Robots", parent=root)
    lead = builders.article("Lead", name="2020-06-09-lead", topics=["AI", "Robots"], tags=["GB"])
    member = builders.folded(lead, "Member", provider=builders.provider("Herald", "herald.example"))
    builders.related(lead, title="Elsewhere", provider=builders.provider("Elsewhere", "elsewhere.example"))
    waiting = builders.article("Waiting", quality=20, name="2020-06-09-waiting", topics=["AI"])
    player = f'<iframe width="800" height="500" src="https://www.youtube.com/embed/{"x" * 11}"></iframe>'
    video = builders.article("Video", type="video", original_url=f"https://www.youtube.com/watch?v={'x' * 11}")
    Article.objects.filter(pk=video.pk).update(featured_content=player + PROBE)
    file = builders.picture(lead, ADDRESS).file
    RelatedImage.objects.create(link=lead.related_links.first(), url=ADDRESS)
    ProviderLogo.objects.create(provider=lead.provider, url=ADDRESS, width=50, height=50)

    by = Actor(ana, Via.DESK, PROBE)
    operation = operations.edit(waiting, by=by, title=PROBE, excerpt=PROBE, category=PROBE[:50]).operation
    waiting.refresh_from_db()
    operations.spike(waiting, "other", by=by)
    for name in ("AI", "Robots"):
        operations.fold_into(builders.article(f"About {name}", topics=[name], quality=10), lead, by=by)
    SavedView.objects.create(name="view", query="view=held", owner=ana, shared=True)
    attempt = AccessAttempt.objects.create(username="x", failures_since_start=1)
    login = AccessLog.objects.create(username="x")

    for row in Article.objects.all():
        spoil(row, "name", *(("original_url", "featured_content") if row.pk == video.pk else ()))
    page = SitePage(slug="imprint", title="Imprint", body="x", published=True)
    operations.create_reference(page, by=by)
    links = [{"target": "url", "label": PROBE[:60], "url": ADDRESS}]
    operations.edit_look({"menu": links, "footer_links": links}, by=by)
    for row in (page, SiteLook.objects.get()):
        spoil(row, "language", "accent", "accent_dark", "menu", "footer_links")
    for model in (Topic, Provider, ProviderLogo, ArticleImage, RelatedLink, RelatedImage, Operation, Event):
        for row in model._base_manager.all():
            spoil(row, *(("before", "after") if model is Event and row.field == "pairings" else ()))  # keys, no texts
            if model is Provider:  # outlets differ in name or domain
                Provider.objects.filter(pk=row.pk).update(domain=f"{row.pk}{PROBE}"[:200])
            if model is Topic:
                Topic.objects.filter(pk=row.pk).update(name=f"{row.pk}{PROBE}"[:100])
    for row in (attempt, login, *SavedView.objects.all(), ana, Group.objects.get(name="editor")):
        spoil(row)
    SavedView.objects.update(query=f"q={PROBE}&view=held")
    return {
        "pk": str(lead.pk),
        "desk_provider_history:pk": str(lead.provider_id),
        "desk_operation:pk": str(operation.pk),
        "desk_undo:pk": str(operation.pk),
        "event_id": str(Event.objects.filter(subject_id=waiting.pk).first().pk),
        "desk_restore:pk": str(waiting.pk),
        "content_type_id": "1",
        "id": str(ana.pk),
        **objects("auth_user", ana.pk),
        **objects("auth_group", ana.groups.get().pk),
        **objects("articles_article", lead.pk),
        **objects("articles_topic", topic.pk),
        **objects("providers_provider", lead.provider_id),
        **objects("articles_sitepolicy", 1),
        **objects("website_sitelook", 1),
        **objects("website_sitepage", page.pk),
        "desk_page_history:pk": str(page.pk),
        "desk_look_history:pk": "1",
        **objects("axes_accessattempt", attempt.pk),
        **objects("axes_accesslog", login.pk),
        "object_id": str(lead.pk),
        "app_label": "articles",
        "url": "nothing",
        "number": "1",
        "name": lead.name,
        "topic_page:name": "ai",
        "day": "2020/06/09",
        "month": "2020/06",
        "year": "2020",
        "period": "week",
        "key": "decisions",
        "form": "atom",
        "slug": "ai",
        "code": "PT",
        "domain": f"{lead.provider_id}{PROBE}"[:200].replace("?", "%3F"),
        "token": builders.preview_link(member).token,
        "image": str(ArticleImage.objects.get().pk),
        "link": "1",
        "path": file,
        "section": "2020-06",
        "site_page:slug": "imprint",
        "light": "0b5394",
        "dark": "99bbee",
        "video": video.name,
        "member": str(member.pk),
        "waiting": str(waiting.pk),
    }


def objects(name: str, pk: Any) -> dict[str, str]:
    return {f"{name}_{act}:object_id": str(pk) for act in ("history", "delete", "change")}


def test_every_page_shows_hostile_text_as_text(ana, newsroom):
    client = Client()
    client.force_login(ana)
    shown = set()
    urls = [url.filled(newsroom) for url in all_urls()]
    urls += [f"/news/{newsroom['video']}/", f"/search/?q={PROBE}", "/search/?q=courier", "/search/?topic=ai"]
    urls += [f"/admin/desk/?q={PROBE}", "/admin/desk/?view=spiked", f"/admin/desk/articles/{newsroom['waiting']}/"]
    urls += [f"/admin/desk/articles/{newsroom[name]}/history/" for name in ("waiting", "member")]
    urls += [f"/admin/desk/merge/?ids={newsroom['pk']}&ids={newsroom['waiting']}", "/admin/desk/find/?q=xss"]
    urls += [f"/admin/articles/article/?q={PROBE}", f"/{PROBE}/", f"/admin/{PROBE}/", "/admin/?next=javascript:x"]
    for url in urls:
        answer = client.get(url)
        assert answer.status_code < 500, url
        if not answer.get("Content-Type", "").startswith("text/html"):
            assert answer["X-Content-Type-Options"] == "nosniff"
            continue
        html = answer.content.decode()
        assert [tag for tag in found_in(html) if BOOKMARK not in tag] == [], url
        if "&lt;xss" in html:
            shown.add(re.sub(r"\d+|[?].*", "", url))
    assert len(shown) > 35, shown  # the probes were there to be seen


def test_messages_and_confirmations_show_it_as_text_too(ana, newsroom):
    client = Client()
    client.force_login(ana)
    lead, waiting = (Article.objects.get(pk=newsroom[name]) for name in ("pk", "waiting"))
    row, other = f"{lead.pk}:{lead.version}", f"{waiting.pk}:{waiting.version}"
    articles, desk = reverse("admin:articles_article_changelist"), reverse("desk_act")
    sent: list[tuple[str, dict[str, Any]]] = [
        (desk, {"verb": "hold", "row": row, "reason": PROBE}),
        (desk, {"verb": "hold", "row": row}),  # stale by now
        (desk, {"verb": "merge", "row": [row, other]}),
        (desk, {"verb": "score", "row": other, "quality": PROBE}),
        (desk, {"verb": "fold", "row": other, "lead": PROBE}),
        (reverse("desk_undo_last"), {}),
        (reverse("desk_save_view"), {"name": PROBE[:60], "query": PROBE}),
        (reverse("desk_undo", args=[newsroom["desk_undo:pk"]]), {"reason": PROBE, "next": "javascript:x"}),
        (reverse("desk_preview_link", args=[lead.pk]), {}),
        (reverse("desk_revoke_link", args=[lead.pk, 1]), {}),
        (articles, {"action": "delete_selected", "_selected_action": [lead.pk, waiting.pk]}),
        (articles, {"action": "publish_selected", "_selected_action": [lead.pk, waiting.pk]}),
        (articles, {"action": "spike_selected", "_selected_action": [lead.pk], "reason": "other"}),
        (reverse("admin:articles_article_change", args=[lead.pk]), {"title": PROBE, "web_url": "javascript:alert(1)"}),
        (reverse("admin:articles_topic_add"), {"name": PROBE, "keywords": PROBE, "images": PROBE}),
        (reverse("admin:auth_user_changelist"), {"action": "end_sessions", "_selected_action": [10**6]}),
        (reverse("admin:auth_group_add"), {"name": PROBE}),
        (reverse("admin:articles_article_delete", args=[waiting.pk]), {"post": "yes"}),
    ]
    shown = 0
    for url, data in sent:
        for htmx in ({}, {"HX-Request": "true"}):
            answer = client.post(url, data, follow=True, headers=htmx)
            html = answer.content.decode()
            assert answer.status_code < 500, (url, data)
            assert found_in(html) == [], (url, data)
            shown += "&lt;xss" in html
    assert shown > len(sent)


def test_a_failed_sign_in_puts_no_markup_on_the_page():
    client = Client(headers={"User-Agent": PROBE})
    for _ in range(10):
        answer = client.post("/admin/login/", {"username": PROBE, "password": PROBE, "next": "javascript:x"})
        assert found_in(answer.content.decode()) == []
    assert answer.status_code == 429


FEEDS = ["/feeds/latest", "/topics/ai/feed", "/search/feed", "/providers/{}/feed"]


@pytest.mark.parametrize("url", FEEDS)
@pytest.mark.parametrize("form", ["rss", "atom"])
def test_feeds_hold_hostile_text_as_text(client, newsroom, url, form):
    answer = client.get(f"{url.format(newsroom['domain'])}.{form}", {"q": "xss"})
    feed = feedparser.parse(answer.content, sanitize_html=False, resolve_relative_uris=False)
    details = [
        detail
        for entry in feed.entries
        for detail in (entry.get("title_detail"), entry.get("summary_detail"), *entry.get("content", []))
        if detail
    ]
    html = [detail.value for detail in details if "html" in detail.type]  # what readers take for markup
    assert all(found_in(each) == [] for each in html)
    assert any("&lt;xss" in each for each in html)
    links = [link.href for entry in feed.entries for link in entry.links]
    assert links
    assert all(link.startswith(("http://", "https://")) for link in links)


@pytest.mark.parametrize("url", FEEDS)
def test_json_feeds_hold_plain_text_only(client, newsroom, url):
    items = client.get(f"{url.format(newsroom['domain'])}.json", {"q": "xss"}).json()["items"]
    assert items
    assert all("content_html" not in item and "<xss" in item["content_text"] for item in items)


def test_no_row_holds_a_url_with_a_script(newsroom):
    for model in (Article, RelatedLink, ArticleImage, RelatedImage, ProviderLogo):
        names = [field.name for field in model._meta.concrete_fields if field.name.endswith("url")]
        for name in names:
            row = model._base_manager.first()
            setattr(row, name, "javascript:alert(1)")
            with pytest.raises(Exception, match=r"(?i)constraint|url|URL"):
                row.validate_constraints()
