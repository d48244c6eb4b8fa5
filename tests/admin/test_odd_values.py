"""No value that is sent makes an error 500: not in any field, parameter or action, whoever sends it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from time import process_time
from typing import Any
from zlib import crc32

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from accounts import sessions
from articles import operations
from articles.admin.conflict_forms import PREVIEW
from articles.audit_log.unit_of_work import Actor
from articles.desk.actions import ACTIONS
from articles.models import Article, Event, SavedView, TopicPolicy, Via
from sources.models import Rule, Source
from tests import builders
from tests.odd_values import ODD_VALUES, Kind, Page, parameters_of_list, reads, send, with_odd_value
from tests.site_urls import all_urls
from website.models import SitePage

MAIL_URLS = "tests.accounts.mail_urls"
pytestmark = [pytest.mark.django_db, pytest.mark.urls(MAIL_URLS)]
ROLES = ("anonymous", "contributor", "editor", "publisher", "importer", "superuser")
URLS = list(all_urls(MAIL_URLS))
HTMX = {"HX-Request": "true"}
SAMPLE = 40  # one of so many requests is sent in every run
LABELS = list(ODD_VALUES)
# How many odd values a role sends: with a name that is parsed by code that has seen none yet; with any other name; and
# with a form or link that the role may not use, where nothing should be parsed at all.
FULL = (len(LABELS), 3, 3)
SHORT = (4, 1, 2)
AMOUNTS = {role: FULL if role in ("anonymous", "superuser") else SHORT for role in ROLES}
# Roles differ in what Python lets through, so PostgreSQL gets the values of those who send all.
TRIED_ROLES = [role for role in ROLES if connection.vendor == "sqlite" or AMOUNTS[role] == FULL]
OF_EACH_LIST = ("o", "p", "q")  # parameters that lists of articles, topics and so on treat differently, as lookups


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
        "month": "2020/06",
        "year": "2020",
        "period": "week",
        "key": "decisions",
        "form": "rss",
        "slug": "ai",
        "code": "PT",
        "domain": "courier.example",
        "token": "x",
        "password_reset_confirm:uidb64": urlsafe_base64_encode(str(forgetful().pk).encode()),
        "password_reset_confirm:token": "set-password",  # for browsers that have followed a link
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
    follow_link_to_new_password(client)
    if role == "superuser":
        client.force_login(User.objects.get(username="first"))
    elif role != "anonymous":
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
    return client


def forgetful() -> User:
    """Return a user who asked for a new password."""
    return User.objects.get_or_create(username="forgetful", defaults={"is_staff": True, "password": "x"})[0]


def follow_link_to_new_password(client: Client) -> None:
    key, token = urlsafe_base64_encode(str(forgetful().pk).encode()), default_token_generator.make_token(forgetful())
    answer = client.get(reverse("password_reset_confirm", args=[key, token]))
    assert answer.url.endswith("/set-password/")


def renew_confirmation(client: Client) -> None:
    """Keep the password checked recently: otherwise a long run would only see the page that asks for it."""
    session = client.session
    if sessions.CONFIRMED_KEY in session:
        session[sessions.CONFIRMED_KEY] = timezone.now().timestamp()
        session.save()


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
            forms = [values]
            if PREVIEW in values:  # a button of its own: with it, nothing is saved
                forms.append({name: value for name, value in values.items() if name != PREVIEW})
                known[method, action, frozenset(forms[-1])] = forms[-1]
            for form in forms if page.uploads.intersection(values) else ():
                known[method, action, frozenset((*form, "uploads"))] = page.with_uploads(form)
        for linked, parameters in page.parameters.items():
            names.setdefault(linked, set()).update(parameters)
        for app, model, field in page.autocompletes:
            values = {"app_label": app, "model_name": model, "field_name": field, "term": "a", "page": "1"}
            known["get", "/admin/autocomplete/", frozenset((app, model, field))] = values
        if 'id="changelist"' in response.content.decode():
            names.setdefault(path, set()).update(parameters_of_list(url.name))
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


class OddRequests:
    """The odd requests of a role, each once.

    All odd values for each way in which a value is parsed, and some for every name, chosen by the request and the name,
    so that all of them occur.
    """

    def __init__(self, role: str, arguments: dict[str, str]) -> None:
        self.client = browser(role)
        self.arguments = arguments
        self.of_new_kind, self.of_known_kind, self.of_refused = AMOUNTS[role]
        self.kinds: set[Kind] = set()
        self.names: set[tuple[str, str, str]] = set()

    def __iter__(self) -> Iterator[tuple[str, str, dict[str, Any], str, str]]:
        for method, path, values, linked in requests_of(self.client, self.arguments):
            renew_confirmation(self.client)
            with reads() as found:
                answer = send(self.client, method, path, values, {})
            if answer.status in (404, 405):
                continue
            names = sorted({*values, *found.places, *linked} - {"csrfmiddlewaretoken"})
            if answer.is_refused:
                for name in names[:1] or ["next"]:
                    for label in rotated(f"{method} {path}", self.of_refused):
                        yield method, path, with_odd_value(values, name, ODD_VALUES[label]), name, label
                continue
            for name in names:
                labels = self._labels(method, path, values, linked, name, found.kind(name))
                for label in dict.fromkeys([*labels, *(found.accepted.get(name, ()) if labels else ())]):
                    yield method, path, with_odd_value(values, name, ODD_VALUES[label]), name, label

    def _labels(
        self, method: str, path: str, values: dict[str, Any], linked: set[str], name: str, kind: Kind
    ) -> list[str]:
        has_uploads = any(isinstance(value, SimpleUploadedFile) for value in values.values())
        key = (method, path, f"{values.get('action', '')}{values.get(PREVIEW, '')}{name}{' and files' * has_uploads}")
        if key in self.names:
            return []
        self.names.add(key)
        if method == "get" and name in linked and not kind[1]:  # lists read all parameters at once
            kind = (name, path if name in OF_EACH_LIST or "__" in name else "")
        of_known_kind = 0 if has_uploads else self.of_known_kind  # only what is read because there is a file
        amount = of_known_kind if kind in self.kinds else self.of_new_kind
        self.kinds.add(kind)
        return [label for label in rotated(f"{path} {name}", amount) if method == "post" or label != "file"]


def rotated(text: str, number: int) -> list[str]:
    """Return so many labels of odd values, beginning with one that depends on the text."""
    first = crc32(text.encode())
    return [LABELS[(first + index) % len(LABELS)] for index in range(number)]


def errors(role: str, arguments: dict[str, str], one_of: int) -> tuple[int, list[str]]:
    """Send one of so many odd requests; return their number, and those that made an error."""
    number, found = 0, []
    requests = OddRequests(role, arguments)
    for method, path, values, name, label in requests:
        if crc32(f"{method} {path} {name} {label}".encode()) % one_of:
            continue
        headers = HTMX if "/desk/" in path and number % 2 else {}
        answer = send(requests.client, method, path, values, headers)
        number += 1
        if answer.status >= 500:
            found.append(f"{method} {path} {name}={label}: {answer.error}")
    return number, found


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Write no log, which would hold a traceback for each missing page, and keep no copies of what templates got."""
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *_, **__: None)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def check(role: str, arguments: dict[str, str], one_of: int = 1) -> int:
    started = process_time()
    number, found = errors(role, arguments, one_of)
    sys.stdout.write(f"{role}: {number:,} odd requests in {process_time() - started:.0f} s, {len(found)} errors\n")
    if found:
        pytest.fail(f"{len(found)} of {number} requests:\n" + "\n".join(found), pytrace=False)
    return number


def test_every_url_can_be_tried(arguments):
    """The others run by night: a page that came in by day would make them fail for everybody."""
    assert all("<" not in url.filled(arguments) for url in URLS)


@pytest.mark.integration  # uploads are decoded
@pytest.mark.systematic
def test_a_sample_of_odd_values_makes_no_error(arguments):
    assert check("superuser", arguments, SAMPLE) > 100


@pytest.mark.thorough
@pytest.mark.parametrize("role", TRIED_ROLES)
def test_no_odd_value_makes_an_error(arguments, role):
    assert check(role, arguments) > 500
