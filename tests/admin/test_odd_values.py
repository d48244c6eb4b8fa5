"""No value that is sent makes an error 500: not in any field, parameter or action, whoever sends it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import Group, User
from django.test import Client

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk.actions import ACTIONS
from articles.models import Article, Event, SavedView, TopicPolicy, Via
from sources.models import Rule, Source
from tests import builders
from tests.odd_values import ODD_VALUES, Page, names_read, parameters_of_lists, send, with_odd_value
from tests.site_urls import all_urls
from website.models import SitePage

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "contributor", "editor", "publisher", "importer", "superuser")
URLS = list(all_urls())
HTMX = {"HX-Request": "true"}
SAMPLE = 60  # one of so many requests is in the default suite
PARTS = 4


@pytest.fixture
def arguments() -> dict[str, str]:
    """Return what to put into URLs: one of each thing, related to others."""
    admin = User.objects.create_superuser("first")
    by = Actor(admin, Via.DESK)
    article = builders.article("Storm", name="2020-06-09-storm", topics=["AI"], quality=90)
    other = builders.article("Gale", quality=85)
    builders.folded(article, "Member")
    builders.picture(article)
    article.provider.logos.create(url="https://courier.example/logo.png", width=50, height=50)
    operations.pin(article, "title", by=by)
    operations.edit(article, title="Big storm", by=by)
    event = Event.objects.filter(field="title").first()
    topic = article.topics.get()
    TopicPolicy.objects.create(topic=topic, publish_threshold=60)
    keys = {"article": article.pk, "topic": topic.pk, "provider": article.provider_id, "sitepolicy": 1}
    page = SitePage.objects.create(slug="imprint", title="Imprint", body="x", published=True)
    operations.link_in_footer(page, True)
    keys |= {"sitepage": page.pk, "sitelook": 1}
    source = Source.objects.create(name="Courier", url="https://www.courier.example/feed")
    rule = Rule.objects.create(action="topic", words=["storm"], topic=topic, source=source)
    keys |= {"source": source.pk}
    keys |= {"user": admin.pk, "group": Group.objects.get(name="editor").pk}
    keys |= {"accessattempt": AccessAttempt.objects.create(username="mallory", failures_since_start=1).pk}
    keys |= {"accesslog": AccessLog.objects.create(username="first").pk}
    return {
        **{f"{url.name}:object_id": str(keys[model]) for url in URLS for model in keys if f"_{model}_" in url.name},
        "pk": str(article.pk),
        "other": str(other.pk),
        "version": str(Article.objects.get(pk=article.pk).version),
        "desk_delete_view:pk": str(SavedView.objects.create(name="mine", owner=admin).pk),
        "desk_provider_history:pk": str(article.provider_id),
        "desk_page_history:pk": str(page.pk),
        "desk_look_history:pk": "1",
        "desk_operation:pk": str(event.operation_id),
        **{f"{name}:pk": str(source.pk) for name in ("desk_source", "desk_source_act")},
        **{f"{name}:pk": str(rule.pk) for name in ("desk_rule", "desk_change_rule", "desk_rule_act")},
        "desk_undo:pk": str(event.operation_id),
        "event_id": str(event.pk),
        "content_type_id": "1",
        "object_id": str(article.pk),
        "id": str(admin.pk),
        "app_label": "articles",
        "url": "nothing",
        "number": "1",
        "name": article.name,
        "day": "2020/06/09",
        "form": "rss",
        "slug": "ai",
        "code": "PT",
        "domain": "courier.example",
        "token": "x",
        "image": str(article.images.get().pk),
        "link": str(builders.preview_link(article).pk),
        "path": "pictures/x.jpg",
        "section": "2020-06",
        "site_page:slug": "imprint",
        "light": "0b5394",
        "dark": "99bbee",
    }


def browser(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role == "superuser":
        client.force_login(User.objects.get(username="first"))
    elif role != "anonymous":
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
    return client


def requests_of(client: Client, arguments: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any], set[str]]]:
    """Yield the requests to which the pages that this client may see lead, each URL without any values among them.

    The last element are the parameters of links.
    """
    known: dict[tuple[str, str, frozenset[str]], dict[str, Any]] = {}
    names: dict[str, set[str]] = {}
    for url in URLS:
        path = url.filled(arguments)
        for method in ("get", "post"):
            known[method, path, frozenset()] = {}
        response = client.get(path)
        if response.status_code != 200 or not response.get("Content-Type", "").startswith("text/html"):
            continue
        page = Page(path, response.content.decode())
        for method, action, values in page.requests:
            known.setdefault((method, action, frozenset(values)), values)
        for linked, parameters in page.parameters.items():
            names.setdefault(linked, set()).update(parameters)
        for app, model, field in page.autocompletes:
            values = {"app_label": app, "model_name": model, "field_name": field, "term": "a", "page": "1"}
            known["get", "/admin/autocomplete/", frozenset((app, model, field))] = values
        if 'id="changelist"' in response.content.decode():
            names.setdefault(path, set()).update(parameters_of_lists())
    for name in ACTIONS:
        values = {"action": name, "row": f"{arguments['pk']}:{arguments['version']}"}
        known["post", "/admin/desk/act/", frozenset(("action", name))] = values
        known["post", "/admin/desk/act/", frozenset(("whole view", name))] = {
            "action": name,
            "whole_view": "1",
            "query": "",
        }
    for (method, path, _), values in known.items():
        if path.startswith("/"):
            yield method, path, values, names.get(path, set()) if method == "get" else set()


def odd_requests(client: Client, arguments: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any], str, str]]:
    """Yield each request with each odd value in each field, once."""
    seen: set[tuple[str, str, str, str]] = set()
    for method, path, values, linked in requests_of(client, arguments):
        with names_read() as names:
            status, _ = send(client, method, path, values, {})
        if status in (404, 405):
            continue
        prefix = values.get("action", "")
        for name in sorted({*values, *names, *linked} - {"csrfmiddlewaretoken"}):
            for label, odd in ODD_VALUES.items():
                if (method == "get" and label == "file") or (method, path, f"{prefix}{name}", label) in seen:
                    continue
                seen.add((method, path, f"{prefix}{name}", label))
                yield method, path, with_odd_value(values, name, odd), name, label


def errors(client: Client, arguments: dict[str, str], one_of: int, part: int) -> tuple[int, list[str]]:
    """Send one of so many odd requests; return their number, and those that made an error."""
    number, found = 0, []
    for method, path, values, name, label in odd_requests(client, arguments):
        if crc32(f"{method} {path} {name} {label}".encode()) % one_of != part:
            continue
        headers = HTMX if "/desk/" in path and number % 2 else {}
        status, error = send(client, method, path, values, headers)
        number += 1
        if status >= 500:
            found.append(f"{method} {path} {name}={label}: {error}")
    return number, found


@pytest.fixture(autouse=True)
def _quiet():
    """Write no log: it would hold a traceback for each page that isn't there."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def check(role: str, arguments: dict[str, str], one_of: int, part: int) -> int:
    number, found = errors(browser(role), arguments, one_of, part)
    if found:
        pytest.fail(f"{len(found)} of {number} requests:\n" + "\n".join(found), pytrace=False)
    return number


@pytest.mark.integration  # uploads are decoded
def test_a_sample_of_odd_values_makes_no_error(arguments):
    assert check("superuser", arguments, SAMPLE, 0) > 100


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("role", ROLES)
def test_no_odd_value_makes_an_error(arguments, role, part):
    check(role, arguments, PARTS, part)
