"""Requests to the desk, and editors who send them."""

import re

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from articles.models import Article, Event, Operation

DESK = "/admin/desk/"
HISTORY = "/admin/desk/history/"
LIGHT_PAGE = "/admin/password_change/"  # shows messages, and nothing that takes long


def member(group: str, name: str = "ana") -> User:
    """Return a new editor of this group."""
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def messages_of(response) -> list[str]:
    """Return the messages of a page, without the links to undo what they say."""
    return [re.sub(r' <a href="[^"]+">Undo</a>$', "", str(message)) for message in response.context["messages"]]


def sent_rows(*articles: Article) -> list[str]:
    """Return what the forms of the desk send for these articles."""
    return [f"{article.pk}:{article.version}" for article in articles]


def run_action(client: Client, action: str, *articles: Article, htmx: bool = False, **fields: str):
    """Send an action as a plain form does, and follow the redirect to a light page with messages; or as htmx does."""
    headers = {"HTTP_HX_REQUEST": "true"} if htmx else {}
    sent = {"action": action, "row": sent_rows(*articles), "next": LIGHT_PAGE, **fields}
    return client.post(reverse("desk_act"), sent, follow=not htmx, **headers)


def undo(client: Client, operation: Operation, **fields: str):
    return client.post(f"/admin/desk/operations/{operation.pk}/undo/", fields, follow=True)


def restore(client: Client, article: Article, field: str, **fields: str):
    """Restore a field to its value before the last event of it."""
    event = Event.objects.filter(subject_id=article.pk, field=field).last()
    return client.post(f"/admin/desk/articles/{article.pk}/restore/{event.pk}/", fields, follow=True)
