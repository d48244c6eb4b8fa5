"""The admin looks like the desk, its forms can be read, and its filters are above the rows."""

import pytest
from playwright.sync_api import expect

from tests import builders
from tests.browser.deskpage import DESK

pytestmark = pytest.mark.django_db
ARTICLES = "/admin/articles/article/"
LOOK = """element => {
    const style = getComputedStyle(element);
    const names = ["fontSize", "fontWeight", "textTransform", "borderRadius", "borderColor", "backgroundColor"];
    return names.map(name => style[name]).concat(element.getBoundingClientRect().height);
}"""


@pytest.fixture(autouse=True)
def _without_inline_styles(newsroom):
    """Forget what scripts of Django's admin set inline: our policy blocks it without harm."""
    yield
    newsroom.problems[:] = [problem for problem in newsroom.problems if "Applying inline style" not in problem]


def test_buttons_and_fields_of_the_admin_look_like_those_of_the_desk(page):
    article = builders.article()
    page.goto(DESK)
    button = page.get_by_role("button", name="Search").evaluate(LOOK)
    field = page.get_by_role("searchbox").evaluate(LOOK)

    page.goto(ARTICLES)
    assert page.get_by_role("button", name="Search").evaluate(LOOK) == button
    assert page.get_by_role("searchbox", name="Search for").evaluate(LOOK) == field
    page.goto(f"{ARTICLES}{article.pk}/change/")
    assert page.get_by_role("button", name="Save and continue editing").first.evaluate(LOOK) == button
    assert page.get_by_role("link", name="Preview").evaluate(LOOK) == button
    assert page.get_by_role("button", name="Save", exact=True).first.evaluate(LOOK)[2] == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_field_with_a_mistake_stands_out(newsroom, scheme):
    page = newsroom.open_page(scheme=scheme)
    page.goto(f"{ARTICLES}add/")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Please correct the errors below.")).to_be_visible()

    colour = "element => getComputedStyle(element).borderColor"
    bad = {"light": "rgb(163, 38, 27)", "dark": "rgb(255, 157, 143)"}[scheme]
    assert page.locator("#id_title").evaluate(colour) == bad
    assert page.locator("#id_note").evaluate(colour) != bad


def test_a_form_is_as_wide_as_can_be_read_and_topics_show_their_words(newsroom):
    article = builders.article(topics=["Artificial intelligence in the north"])
    page = newsroom.open_page()
    page.goto(f"{ARTICLES}{article.pk}/change/")

    widths = page.locator("fieldset.module.aligned").evaluate_all("all => all.map(one => one.offsetWidth)")
    assert max(widths) <= 960
    topic = page.locator("#id_article_topics-0-tag + .select2 .select2-selection__rendered")
    expect(topic).to_contain_text("Artificial intelligence in the north")
    assert topic.evaluate("element => element.scrollWidth <= element.clientWidth")


@pytest.mark.parametrize("width", [360, 768])
@pytest.mark.parametrize("javascript", [True, False])
def test_the_filters_of_a_list_open_above_its_rows_on_a_narrow_screen(newsroom, width, javascript):
    builders.article()
    page = newsroom.open_page(size=(width, 740), javascript=javascript)
    page.goto(ARTICLES)
    filters, rows = page.get_by_role("navigation", name="Filter"), page.locator("#result_list")
    expect(rows).to_be_visible()
    expect(filters).to_be_hidden()

    page.get_by_role("link", name="Filters", exact=True).click()
    expect(filters).to_be_visible()
    assert filters.bounding_box()["y"] < rows.bounding_box()["y"]
    page.get_by_role("link", name="Hide filters").click()
    expect(filters).to_be_hidden()

    page.get_by_role("link", name="Filters", exact=True).click()
    filters.get_by_role("link", name="held").click()
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_role("link", name="Clear all filters", exact=True).click()
    expect(rows).to_be_visible()
