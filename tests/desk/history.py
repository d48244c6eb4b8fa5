"""Use the history pages as an editor does."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

from articles.models import Operation


def messages_of(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def member(group: str, name: str = "ana") -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def undo(client, operation: Operation, **sent: str):
    return client.post(f"/admin/desk/operations/{operation.pk}/undo/", sent, follow=True)
