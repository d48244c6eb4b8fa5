"""Mixins that save and delete through operations, so that what editors do in the admin is logged and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from articles import operations
from articles.audit_log.unit_of_work import Actor, UnitOfWork, unit_of_work
from articles.models import Topic, Verb, Via
from articles.models.publish_checks import failure_sentences
from articles.operations.results import (
    ActionError,
    ActionResult,
    ChecksFailedError,
    reader_changes,
    succession_sentences,
)
from articles.rules.reasons import OVERRIDE_FIELD, REASON_FIELD, parse_reason
from articles.rules.values import InvalidValueError
from providers.models import Provider

ASKED = ("csrfmiddlewaretoken", REASON_FIELD, OVERRIDE_FIELD)  # fields of a confirmation itself
READER_CHANGES_MAX = 5  # in the messages of one save


def admin_actor(request: HttpRequest) -> Actor:
    """Return who acts in the admin, and why, for the audit log. The view that is decorated has checked the reason."""
    reason = parse_reason(request.POST.get(REASON_FIELD, ""))
    return Actor(request.user, Via.ADMIN, reason, overrides_checks=OVERRIDE_FIELD in request.POST)


def drop_messages(request: HttpRequest) -> None:
    """Forget what was to be said about an act that was taken back."""
    for _message in messages.get_messages(request):
        pass


def with_valid_reason(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view of an admin: refuse a form whose reason can't be stored."""

    @wraps(view)
    def checked(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            parse_reason(request.POST.get(REASON_FIELD, ""))
        except InvalidValueError as invalid:
            self.message_user(
                request, gettext("Nothing was changed. Your reason %(invalid)s.") % {"invalid": invalid}, messages.ERROR
            )
            return redirect(request.get_full_path())
        return view(self, request, *args, **kwargs)

    return checked


class AuditLogAdminMixin:
    """Saves a page, or the rows of a list, as one operation. Concurrent saves are serialised.

    `process_upload` stores an uploaded picture. It runs before the operation begins, because it blocks other
    operations, and remembers its result for the forms. `keeps_uploads` says that a form with errors still has it.
    """

    list_verb = Verb.EDIT
    history_url = ""
    process_upload: Callable[[Any], Any] | None = None
    keeps_uploads = False

    @with_valid_reason
    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, object_id, *args, **kwargs)
        self._process_uploads(request, object_id)
        with unit_of_work(Verb.EDIT if object_id else Verb.ADD, admin_actor(request)) as uow:
            response = super().changeform_view(request, object_id, *args, **kwargs)
        self.report_reader_changes(request, uow)
        return response

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the form; with errors, say that the browser has lost the chosen files."""
        if context["errors"] and request.FILES and not self.keeps_uploads:
            self.message_user(request, gettext("Choose the files again: browsers don’t keep them."), messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)

    def report_reader_changes(
        self, request: HttpRequest, done: UnitOfWork | ActionResult, known: Container[int] = ()
    ) -> None:
        """Report the articles that appeared, disappeared or lead a story now, apart from the `known` ones."""
        sentences = reader_changes(done.appeared, done.disappeared, known)
        sentences += failure_sentences(done.appeared, READER_CHANGES_MAX)  # nothing marks them here, as at the desk
        sentences += succession_sentences(done.operation)
        for sentence in sentences[:READER_CHANGES_MAX]:
            self.message_user(request, sentence, messages.INFO)
        if len(sentences) > READER_CHANGES_MAX:
            more = len(sentences) - READER_CHANGES_MAX
            self.message_user(request, gettext("And %(more)s more such changes.") % {"more": more}, messages.INFO)

    def _process_uploads(self, request: HttpRequest, object_id: str | None) -> None:
        may_save = self.has_change_permission(request) if object_id else self.has_add_permission(request)
        if self.process_upload and may_save:
            for upload in request.FILES.values():
                with suppress(ValidationError):  # its form reports it
                    self.process_upload(upload)

    @with_valid_reason
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return super().delete_view(request, object_id, extra_context)

    @with_valid_reason
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method != "POST" or "_save" not in request.POST:
            return super().changelist_view(request, extra_context)
        try:
            with unit_of_work(self.list_verb, admin_actor(request)) as uow:
                response = super().changelist_view(request, extra_context)
        except ChecksFailedError as failed:
            drop_messages(request)
            return self.ask_about_rows(request, failed)
        self.report_reader_changes(request, uow)
        return response

    def ask_about_rows(self, request: HttpRequest, failed: ChecksFailedError) -> HttpResponse:
        """Ask whether to save the rows of the list although that publishes stories that fail checks."""
        context = {
            "title": gettext("Save the list?"),
            "imperative": gettext("Save the list"),
            "opts": self.opts,
            "preview": operations.failed_preview(failed),
            "lacks_reason": failed.lacks_reason,
            "fields": [(name, value) for name, values in request.POST.lists() if name not in ASKED for value in values],
        }
        return TemplateResponse(
            request, "admin/articles/article/confirm_save.html", self.admin_site.each_context(request) | context
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not (self.history_url and object_id.isdecimal()):
            return super().history_view(request, object_id, extra_context)
        return redirect(self.history_url, int(object_id))


class SingleRowMixin:
    """For a model with one row, which nobody adds or deletes: its list leads to the row's page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect(admin_urlname(self.opts, "change"), 1)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        """Return the row, unsaved with its defaults until somebody saves it."""
        return super().get_object(request, object_id, from_field) or (self.model(pk=1) if object_id == "1" else None)


class ReferenceAdminMixin(AuditLogAdminMixin):
    """The same for outlets and topics, with their operations."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if "_save" in request.POST:
            return super().changelist_view(request, extra_context)
        return self._report_refusal(request, super().changelist_view, request, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._report_refusal(request, super().delete_view, request, object_id, extra_context)

    def save_model(self, request: HttpRequest, obj: Provider | Topic, form: Any, change: bool) -> None:
        if change:
            columns = {field.name for field in obj._meta.concrete_fields}
            operations.edit_reference(
                obj, {name: form.cleaned_data[name] for name in form.changed_data if name in columns}
            )
        else:
            operations.create_reference(obj)

    def delete_model(self, request: HttpRequest, obj: Provider | Topic) -> None:
        operations.delete_references([obj], by=admin_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        operations.delete_references(queryset, by=admin_actor(request))

    def _report_refusal(self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any) -> HttpResponse:
        """Return the response of `view`; if the row has come into use meanwhile and can't be deleted, say so."""
        try:
            return view(*args)
        except ActionError as error:
            self.message_user(
                request, gettext("Nothing was deleted. %(error)s") % {"error": error.sentence}, messages.ERROR
            )
            return HttpResponseRedirect(request.get_full_path())
