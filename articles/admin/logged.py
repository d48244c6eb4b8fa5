"""What the admin changes of outlets and topics, as operations."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from articles import operations
from articles.acts import By
from articles.models import Topic, Via
from providers.models import Provider


def save_logged(request: HttpRequest, row: Provider | Topic, form: Any, change: bool) -> None:
    """Store what a form changed of a row, or a new row, with its events."""
    who = By(request.user, Via.ADMIN)
    if change:
        own = {field.name for field in row._meta.concrete_fields}
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in own}
        operations.edit_other(row, values, by=who)
    else:
        operations.add_other(row, by=who)
