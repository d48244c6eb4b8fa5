"""Accessibility: axe reports nothing, light or dark, wide or narrow, and no page scrolls sideways.

A new page is one line in PAGES: how an editor gets there.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk import add_story_views, source_views
from articles.images.store import store_picture
from articles.models import Article, ArticleImage, Operation, SitePolicy, Suggestion, Via
from pictures.decoder import Decoder
from sources.models import Entry, Fetch, Rule, Source
from sources.preview import PagePreview, Preview
from sources.reading.values import ParsedEntry, ParsedFeed
from tests import builders
from tests.browser.axe import violations
from tests.browser.conftest import NARROW, WIDE, editor
from tests.browser.deskpage import DESK, headline, press
from tests.sample_pictures import encode
from website.markdown import picture_markdown
from website.models import SiteLook, SitePage
from website.pictures import process_picture

WIDTHS_WITHOUT_SCROLLING = (320, 360)  # pixels; 320 is a wide window at 400 percent (WCAG 1.4.10)
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules whose answer depends on light or dark
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass
class World:
    """One story of each kind that a page may show."""

    story: Article
    lead: Article
    member: Article
    other: Article
    operation: Operation
    source: Source
    page: SitePage


@pytest.fixture
def world(newsroom, settings, tmp_path, monkeypatch) -> World:
    settings.MEDIA_ROOT = tmp_path
    lead = builders.article("Bridge closed", quality=80, topics=["AI", "Health", "Science"])
    member = builders.folded(lead, "Bridge barred")
    builders.related(lead, title=f"{WORD}: bridge shut", provider=builders.provider(WORD, f"{WORD}.example"))
    story = builders.article("Storm", quality=10, topics=["AI"])
    other = builders.article(f"Bridge {WORD}", quality=60, heat=60, excerpt=WORD)
    builders.article("Unscored", quality=None, heat=None)
    builders.article("Twin", quality=30, web_url=story.web_url)
    show_picture(story)
    builders.preview_link(story, editor("bob"))
    by = Actor(editor("bob"), Via.DESK)
    operations.edit(story, quality=40, by=by)
    operations.edit(story, title="Storm at sea", by=by)
    operations.hold(builders.article("Held"), by=by)
    operations.spike(builders.article("Spiked"), "paywall", by=by)
    operations.schedule(builders.article("Later"), publish_at=timezone.now() + timezone.timedelta(days=1), by=by)
    story.refresh_from_db()
    monkeypatch.setattr(source_views, "preview_source", lambda url, client: Preview(url=url, feed=a_feed()))
    unreadable = PagePreview(url="https://courier.example/new", reason="responds with 403")
    monkeypatch.setattr(add_story_views, "preview_page", lambda url, client: unreadable)
    suggest(other, story)
    for score in (0.8, 0.35):  # one that is taken with the first, and one that is less sure
        suggest(builders.article("Tide"), builders.article("Ebb"), score)
    source = follow_sources(story)
    return World(
        story, lead, member, other, Operation.objects.filter(verb="edit").latest("pk"), source, publish_pages()
    )


def publish_pages() -> SitePage:
    """Return a page of the publisher with a picture, which the footer links; the site has a colour of its own."""
    stored = process_picture(SimpleUploadedFile("quay.png", encode(size=(1600, 900)), "image/png"))
    picture = picture_markdown(**stored, alt="Our house by the quay")
    body = f"### {WORD}\n\n{picture}\n\n[{WORD}](/)\n\n| {WORD} |\n|-|"
    page = SitePage(slug="imprint", title=WORD, body=body, published=True)
    operations.create_reference(page)
    operations.link_in_footer(page, True)
    operations.edit_look({"accent": "#0b5394", "footer_text": WORD})
    return page


def suggest(article: Article, other: Article, score: float = 0.9) -> None:
    """Suggest two stories as one event."""
    evidence = {"terms": {WORD: 0.5}, "hours": 5.0, "numbers": ["22", "31"], "same_outlet": True, "same_text": True}
    Suggestion.objects.create(article=article, other=other, score=score, evidence=evidence | {"doubts": []})


def follow_sources(story: Article) -> Source:
    """Return a source that has brought the story; another one needs attention."""
    now = timezone.now()
    source = Source.objects.create(name="Courier", url="https://courier.example/feed", fetched_at=now, last_ok_at=now)
    Fetch.objects.create(source=source, at=now, status=200, entries=3, new=3)
    for outcome, values in (
        ("taken", {"article": story}),
        (
            "held",
            {"values": {"title": WORD, "excerpt": WORD, "url": f"https://courier.example/{WORD}", "provider": ""}},
        ),
        ("history", {}),
    ):
        Entry.objects.create(
            source=source,
            title_key="t",
            fingerprint="f",
            first_seen_at=now,
            last_seen_at=now,
            outcome=outcome,
            **values,
        )
    Rule.objects.create(action="never", words=[WORD], outlets=[WORD], source=source)
    failing = {"fetched_at": now, "failures": 3, "reason": "responds with 500", "status": 500}
    Source.objects.create(name=WORD, url=f"https://herald.example/{WORD}", **failing)
    return source


def a_feed() -> ParsedFeed:
    entry = ParsedEntry(
        title=f"Storm {WORD}",
        excerpt=WORD,
        url="https://courier.example/storm",
        published=timezone.now(),
        provider="courier.example",
        picture="",
        language="",
        guid="storm",
        warnings=("The date states no time zone: it is read as UTC.",),
    )
    return ParsedFeed(format="RSS", title="The Courier", url="", language="", entries=(entry,))


def show_picture(article: Article) -> None:
    """Give an article a picture of which we hold a copy."""
    url = f"https://courier.example/{article.pk}.jpg"
    file = io.BytesIO()
    Image.new("RGB", (1600, 900), "teal").save(file, "JPEG")
    ArticleImage.objects.create(article=article, url=url)
    with Decoder() as decoder:
        store_picture(url, file.getvalue(), decoder)


def send(page: Page, **fields: str | list[str]) -> None:
    """Post a deed as a plain form of the desk would, and wait for the page that answers."""
    page.goto(DESK)
    with page.expect_navigation():
        page.evaluate(
            """fields => {
                const form = document.createElement("form");
                form.method = "post";
                form.action = document.querySelector("#bulk").getAttribute("action");
                const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
                for (const [name, values] of Object.entries({...fields, csrfmiddlewaretoken: token}))
                    for (const value of [values].flat())
                        form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
                document.body.append(form);
                form.submit();
            }""",
            fields,
        )


def at(url: str):
    """Return a function that opens a URL with placeholders for stories of the world: /admin/{story.pk}/."""
    return lambda page, world: page.goto(url.format(**vars(world)))


def messages(page, world):
    send(page, action="hold", row=f"{world.story.pk}:{world.story.version}", next=DESK)


def confirm(page, world):
    for _ in range(51):
        builders.article(quality=10)
    send(page, action="spike", reason="other", whole_view="1", query="view=undecided", next=DESK)


def withdraw_a_lead(page, world):
    send(page, action="hold", row=f"{world.lead.pk}:{world.lead.version}", next=DESK)
    expect(page.get_by_label("Publish “Bridge barred” (The Courier) in its place")).to_be_visible()


def clash(page, world):
    send(page, action="quality", quality="20", row=f"{world.story.pk}:1", next=DESK)


def everything_open(page, world):
    page.goto(f"{DESK}?quality_from=nonsense")
    page.locator("details").evaluate_all("all => all.forEach(details => details.open = true)")
    page.locator(".row [name=row][type=checkbox]").first.check()
    page.locator("#bulk [name=whole_view]").check()


def pane(page, world):
    page.goto(DESK)
    headline(page, world.story).click()
    expect(page.get_by_role("heading", level=1, name="Storm at sea").first).to_be_visible()


def failed_checks(page, world):
    SitePolicy(check_topic="ask", check_picture="ask").save()
    waiting = builders.article("Nothing to show", quality=10)
    send(page, action="publish", row=f"{waiting.pk}:{waiting.version}", next=DESK)
    expect(page.get_by_text("1 story fails publish checks")).to_be_visible()


def claimed(page, world):
    send(page, action="claim", row=f"{world.story.pk}:{world.story.version}", next=DESK)
    page.goto(f"{DESK}articles/{world.story.pk}/")
    expect(page.get_by_text("claimed by").first).to_be_visible()


def help_dialog(page, world):
    page.goto(DESK)
    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()


def toast(page, world):
    page.goto(DESK)
    headline(page, world.story).focus()
    press(page, "w")
    expect(page.locator("#toast")).to_contain_text("1 story held.")


def look_at_a_source(page, world):
    page.goto(f"{DESK}sources/add/")
    page.get_by_label("URL").fill("https://courier.example/other-feed")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Follow it")).to_be_visible()


def looked_at_rule(page, world):
    page.goto(f"{DESK}sources/rules/add/")
    page.get_by_label("Words or phrases").fill("storm")
    page.get_by_label("What to do").select_option("Hold")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Save the rule")).to_be_visible()


def look_at_a_story(page, world):
    page.goto(f"{DESK}stories/add/")
    page.get_by_label("URL of the story").fill("https://courier.example/new")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Add the story")).to_be_visible()


def the_board(page, world):
    """Open the board with a pick, a pick that readers don't see, and a story that is kept off."""
    operations.place(world.lead, 2)
    operations.keep_off_front(builders.article(f"Kept off {WORD}"))
    builders.article("Unseen", quality=10, pick_until=timezone.now() + timezone.timedelta(hours=1))
    page.goto(f"{DESK}front-page/")


def readers(url: str):
    """Return a function that opens a page of the public site."""
    return lambda page, world: page.goto(url.format(**vars(world), day=f"{world.lead.published_at:%Y/%m/%d}"))


def a_person(page, world):
    User.objects.filter(username="ana").update(is_superuser=True)
    page.goto(f"/admin/auth/user/{editor('bob').pk}/change/")
    expect(page.get_by_label("Username")).to_be_visible()


def error_page(template: str):
    """Return a function that shows an error page; it answers with 200, because other errors fail the test."""

    def show(page, world):
        html = render_to_string(template)
        page.route("**/nowhere/", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto("/nowhere/")

    return show


def not_found(page, world):
    page.route("**/nowhere/", lambda route: route.fulfill(response=route.fetch(), status=200))
    page.goto("/nowhere/")
    expect(page.get_by_role("searchbox").first).to_be_visible()


def look_preview(page, world):
    page.goto("/admin/website/sitelook/1/change/")
    page.fill("#id_accent", "#0b5394")
    button = page.locator("[name=_preview]")
    button.evaluate("button => button.removeAttribute('formtarget')")  # this page is the one that is looked at
    with page.expect_navigation():
        button.click()
    expect(page.get_by_text("Nothing is saved")).to_be_visible()


PAGES = {
    "readers: front page": readers("/"),
    "readers: latest": readers("/latest/"),
    "readers: topics": readers("/topics/"),
    "readers: a topic": readers("/topics/ai/"),
    "readers: outlets": readers("/providers/"),
    "readers: an outlet": readers("/providers/courier.example/"),
    "readers: a story": readers("/news/{lead.name}/"),
    "readers: a day": readers("/archive/{day}/"),
    "readers: archive": readers("/archive/"),
    "readers: a month": readers("/archive/{day:.7}/"),
    "readers: top": readers("/top/month/"),
    "readers: follow": readers("/feeds/"),
    "readers: accessibility": readers("/accessibility/"),
    "readers: new since": readers("/?since=20200101T000000Z"),
    "readers: about": readers("/about/"),
    "readers: a page of the publisher": readers("/pages/imprint/"),
    "readers: API": readers("/api/v2/"),
    "readers: not found": not_found,
    "readers: server error": error_page("500.html"),
    "readers: database away": error_page("503.html"),
    "readers: search": readers("/search/"),
    "readers: found": readers("/search/?q=bridge&topic=ai"),
    "readers: nothing found": readers("/search/?q=zebra&provider=courier.example&from=2020-01-01"),
    "home": at("/admin/"),
    "list": at(DESK),
    "all stories": at(f"{DESK}?view=all"),
    "empty list": at(f"{DESK}?view=ambiguous"),
    "nothing found": at(f"{DESK}?q=zebra&since=2020-01-01"),
    "everything open": everything_open,
    "story": at(f"{DESK}articles/{{story.pk}}/"),
    "lead": at(f"{DESK}articles/{{lead.pk}}/"),
    "member": at(f"{DESK}articles/{{member.pk}}/"),
    "find": at(f"{DESK}find/?but={{story.pk}}&q=bridge"),
    "suggested to fold into": at(f"{DESK}find/?but={{story.pk}}"),
    "nothing to find": at(f"{DESK}find/?but={{story.pk}}&q=zebra"),
    "suggestions": at(f"{DESK}suggestions/"),
    "board": the_board,
    "board: preview": at(f"{DESK}front-page/?act=put&story={{lead.pk}}&at=1"),
    "merge": at(f"{DESK}merge/?one={{lead.pk}}&other={{other.pk}}"),
    "merge refused": at(f"{DESK}merge/?one={{lead.pk}}&other={{member.pk}}"),
    "messages": messages,
    "confirm": confirm,
    "take a story down": at(f"{DESK}articles/{{lead.pk}}/take-down/"),
    "clash": clash,
    "history": at(f"{DESK}history/"),
    "history of a story": at(f"{DESK}articles/{{story.pk}}/history/"),
    "operation": at(f"{DESK}operations/{{operation.pk}}/"),
    "sources": at(f"{DESK}sources/"),
    "a source": at(f"{DESK}sources/{{source.pk}}/"),
    "the rules": at(f"{DESK}sources/rules/"),
    "a rule": looked_at_rule,
    "follow a source": look_at_a_source,
    "add a story": look_at_a_story,
    "preview": at(f"{DESK}articles/{{story.pk}}/preview/"),
    "a page of the publisher": at("/admin/website/sitepage/{page.pk}/change/"),
    "the look": at("/admin/website/sitelook/1/change/"),
    "the look: preview": look_preview,
    "records of the newsroom": at("/admin/articles/"),
    "all articles": at("/admin/articles/article/"),
    "all articles: filters": at("/admin/articles/article/?state=published#changelist-filter"),
    "all fields": at("/admin/articles/article/{lead.pk}/change/"),
    "withdraw a lead": withdraw_a_lead,
    "failed checks": failed_checks,
    "a claimed story": claimed,
    "profile": at("/admin/profile/"),
    "a person": a_person,
    "report: decisions": at(f"{DESK}reports/"),
    "report: topics": at(f"{DESK}reports/topics/"),
    "delete a lead": at("/admin/articles/article/{lead.pk}/delete/"),
    "pane": pane,
    "help": help_dialog,
    "toast": toast,
}


def overflow(page: Page) -> list[str]:
    """Return the elements that make a page scroll sideways, and fields and hints whose row cuts off their end."""
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            const right = element => element.getBoundingClientRect().right;
            const cut = [...document.querySelectorAll(".form-row :is(input, select, textarea, .help, bdi)")].filter(
                element => right(element) > right(element.closest(".form-row")) + 1 && !element.closest("table"));
            if (cut.length) return cut.map(element => `cut off: ${element.cloneNode(false).outerHTML.slice(0, 160)}`);
            if (document.documentElement.scrollWidth <= width) return [];
            const beyond = [...document.querySelectorAll("body *")].filter(
                element => element.getBoundingClientRect().right > width + 1);
            return [`${document.documentElement.scrollWidth} pixels in a window of ${width}:`,
                ...beyond.slice(0, 6).map(element => "    " + element.cloneNode(false).outerHTML.slice(0, 160))];
        }"""
    )


DJANGO_FORMS = {
    "a person",
    "records of the newsroom",
    "all articles",
    "all articles: filters",
    "all fields",
    "a page of the publisher",
    "the look",
}
SMOKE = {"readers: front page", "readers: a story", "readers: found", "list", "story", "history", "help", "clash"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.smoke if name in SMOKE else ()) for name in PAGES]
)
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_pages_are_accessible(newsroom, world, name, size):
    page = newsroom.open_page(size=size)
    PAGES[name](page, world)

    problems = [f"light: {line}" for line in violations(page)]
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.getAnimations().forEach(animation => animation.finish())")  # the admin fades its colours
    problems += [f"dark: {line}" for line in violations(page, {"runOnly": COLOURS})]
    problems += overflow(page)
    if size == NARROW:
        for width in WIDTHS_WITHOUT_SCROLLING:
            page.set_viewport_size({"width": width, "height": 700})
            problems += overflow(page)

    if name in DJANGO_FORMS:  # scripts of Django's admin set styles inline, which our policy blocks without harm
        newsroom.problems[:] = [problem for problem in newsroom.problems if "Applying inline style" not in problem]
    assert not problems, f"{page.url}\n" + "\n".join(problems)


@pytest.mark.parametrize("length", [60, 120])
def test_a_long_name_of_the_site_leaves_the_header_as_it_is(newsroom, length):
    page = newsroom.open_page()
    page.goto(DESK)
    before = page.locator("#header").bounding_box()
    SiteLook.objects.create(name=("The Northern Coast and Its Islands " * 4)[:length].strip())
    page.goto(DESK)
    assert page.locator("#site-name a").get_attribute("title").startswith("The Northern Coast")
    assert page.locator("#header").bounding_box() == before
