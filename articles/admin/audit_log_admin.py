"""What the admin changes of outlets and topics, as operations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.models import Topic, Verb, Via
from articles.operations.results import ActionError
from providers.models import Provider


class LoggedAdmin:
    """Mixed into the admin of outlets or topics: what it saves and deletes is logged and can be undone."""

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Save a page, with its inlines, as one operation."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, *args, **kwargs)
        with unit_of_work(Verb.EDIT if object_id else Verb.ADD, _by(request)):
            return super().changeform_view(request, object_id, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Save the rows of a list as one operation."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        if "_save" in request.POST:
            with unit_of_work(Verb.EDIT, _by(request)):
                return super().changelist_view(request, extra_context)
        return self._or_say_why_not(request, super().changelist_view, request, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._or_say_why_not(request, super().delete_view, request, object_id, extra_context)

    def save_model(self, request: HttpRequest, obj: Provider | Topic, form: Any, change: bool) -> None:
        if change:
            own = {field.name for field in obj._meta.concrete_fields}
            values = {name: form.cleaned_data[name] for name in form.changed_data if name in own}
            operations.edit_reference(obj, values)
        else:
            operations.create_reference(obj)

    def delete_model(self, request: HttpRequest, obj: Provider | Topic) -> None:
        operations.delete_references([obj], by=_by(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        operations.delete_references(queryset, by=_by(request))

    def _or_say_why_not(self, request: HttpRequest, view: Any, *args: Any) -> HttpResponse:
        """Answer as `view` does; where it refuses, which only happens if somebody was faster, say why."""
        try:
            return view(*args)
        except ActionError as refused:
            self.message_user(request, f"Nothing was deleted: {refused}.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


def _by(request: HttpRequest) -> Actor:
    return Actor(request.user, Via.ADMIN)
