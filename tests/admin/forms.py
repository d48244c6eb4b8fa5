"""Fill in and send forms of the admin."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from articles.models import Article
from tests import builders

ARTICLES = "/admin/articles/article/"
TOPICS = "/admin/articles/topic/"
PROVIDERS = "/admin/providers/provider/"
POLICY = "/admin/articles/sitepolicy/1/change/"


class _Fields(HTMLParser):
    """Collects what a browser would send of all forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._name = self._text = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        name, kind = attributes.get("name"), attributes.get("type")
        if tag == "input" and name and kind not in ("submit", "file", "button"):
            if kind not in ("checkbox", "radio") or "checked" in attributes:
                self.values[name] = attributes.get("value") or ("on" if kind == "checkbox" else "")
        elif tag in ("select", "textarea"):
            self._name, self._text = name, "" if tag == "textarea" else None
            if name and tag == "select":
                self.values.setdefault(name, "")
        elif tag == "option" and self._name and "selected" in attributes:
            self.values[self._name] = attributes.get("value") or ""

    def handle_data(self, data):
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            # as a browser: the first line end goes, all others are sent as two characters
            self.values[self._name] = self._text.removeprefix("\n").replace("\r\n", "\n").replace("\n", "\r\n")
        if tag in ("select", "textarea"):
            self._name = self._text = None


def fields_of(response) -> dict[str, str]:
    values = _Fields(response.content.decode()).values
    for unwanted in ("q", "action", "_selected_action", "select_across", "outlet"):
        values.pop(unwanted, None)
    return {name: value for name, value in values.items() if "__prefix__" not in name}


def change_url(article: Article) -> str:
    return f"{ARTICLES}{article.pk}/change/"


def save(client, url: str, /, **changes: str):
    """Open a page, change some of its fields and send it; return the page that comes after."""
    page = client.get(url)
    assert page.status_code == 200
    return client.post(url, fields_of(page) | changes | {"_save": "Save"}, follow=True)


def messages_of(response) -> list[str]:
    """Return the messages of a page, without the links to undo what they say."""
    return [re.sub(r' <a href="[^"]+">Undo</a>$', "", str(message)) for message in response.context["messages"]]


def run_action(client, action: str, *articles: Article, **fields: str | int):
    """Run an action of the list on some articles."""
    chosen = {"action": action, "_selected_action": [article.pk for article in articles], **fields}
    return client.post(ARTICLES, chosen, follow=True)


def story() -> tuple[Article, Article]:
    """Return a lead and an article that is folded under it."""
    lead = builders.article("Lead", quality=80, heat=90)
    folded = builders.folded(lead, "Member")
    builders.related(folded, lead)
    return lead, folded
