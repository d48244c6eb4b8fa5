"""What is uploaded to a page of the admin is taken up before the act that saves the page: others wait for an act."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.http import HttpRequest


def take_up_first(admin: ModelAdmin, request: HttpRequest, object_id: str | None, work: Callable[[Any], Any]) -> None:
    """Do `work`, which remembers what comes of it for the forms, for each upload of whoever may save the page."""
    may_save = admin.has_change_permission(request) if object_id else admin.has_add_permission(request)
    if request.method == "POST" and may_save:
        for upload in request.FILES.values():
            with suppress(ValidationError):  # its form tells
                work(upload)
