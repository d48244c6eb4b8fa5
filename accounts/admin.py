"""The admin of users and groups: wiring only. Second-factor secrets have no page, not even for superusers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import axes.admin  # noqa: F401 importing it registers models that are unregistered below
import django_otp.plugins.otp_static.admin
import django_otp.plugins.otp_totp.admin  # noqa: F401
from axes.models import AccessFailureLog
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.db.models.options import Options
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.autocomplete import KeyAutocompleteMixin

from . import lockout, second_factor, sessions
from .forms import AddPersonForm, GroupForm, PermissionsField
from .models import SecondFactorDuty, with_session_flags

User = get_user_model()
ROLES_HELP = gettext_lazy(
    "Contributor: add articles, edit text and topics. Editor: also score, hold, spike, reopen, fold, merge. "
    "Publisher: also publish, schedule, pick, delete, and change policy, topics, outlets, sources and the site. "
    "Importer: undo imports."
)
# No page needs the permissions of these.
INTERNAL_APPS = ("accounts", "admin", "contenttypes", "otp_static", "otp_totp", "sessions")
for model in (User, Group, TOTPDevice, StaticDevice, AccessFailureLog):
    admin.site.unregister(model)


class PermissionsMixin:
    """Offer only the permissions that mean something to a newsroom, in its words, and those that are held already."""

    opts: Options[Any]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Permission:
            is_offered = ~Q(content_type__app_label__in=INTERNAL_APPS)
            if holder := request.resolver_match and request.resolver_match.kwargs.get("object_id"):
                is_offered |= Q(pk__in=Permission.objects.filter(**{str(self.opts.model_name): holder}))
            offered = Permission.objects.filter(is_offered)
            kwargs |= {"form_class": PermissionsField, "queryset": offered.select_related("content_type")}
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class RoleFilter(admin.RelatedFieldListFilter):
    """Filter people by their role, as Django's filter of groups does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("role")
        self.empty_value_display = _("no role")


@admin.register(User)
class StaffAdmin(PermissionsMixin, KeyAutocompleteMixin, UserAdmin):
    list_display = ("username", "email", "is_staff", "is_active", "has_second_factor", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active", ("groups", RoleFilter))
    actions = ("end_sessions", "reset_second_factor", "unlock")
    add_form = AddPersonForm
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2", "email")}),
        (gettext_lazy("What they may do"), {"fields": ("is_staff", "groups")}),
    )
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("last_login", "date_joined")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a new account begins with: people are added for the newsroom."""
        return {"is_staff": True} | dict(super().get_changeform_initial_data(request))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show roles as a list to tick, and say in words of the newsroom what roles and staff may do."""
        if db_field.name == "groups":
            kwargs |= {"widget": CheckboxSelectMultiple, "label": _("Roles"), "help_text": ROLES_HELP}
        elif db_field.name == "is_staff":
            kwargs["help_text"] = _("May sign in to the desk and the admin. What they may do there, their roles say.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Say whether the new colleague can sign in, and show the rest of their account."""
        if "_popup" in request.POST or "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        text = _("“%(name)s” was added and can sign in with the password that you chose.")
        if not (obj.is_staff and obj.is_active):
            text = _("“%(name)s” was added, but can't sign in before you tick “Staff status”.")
        self.message_user(request, text % {"name": obj}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=[obj.pk]))

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_session_flags(super().get_queryset(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Leave out the rows between people and their roles and permissions, which say nothing."""
        nested, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        links = [User.groups.through._meta, User.user_permissions.through._meta]
        for link in links:
            counts.pop(link.verbose_name_plural, None)
        prefixes = tuple(f"{capfirst(link.verbose_name)}: " for link in links)
        return _without(nested, prefixes), counts, missing_permissions, protected

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def has_second_factor(self, user: Any) -> bool:
        return user.totp_id is not None

    @admin.action(description=gettext_lazy("Sign out everywhere"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: Any) -> None:
        message = _("Signed out everywhere: %(names)s.")
        self._apply(request, queryset, sessions.end_all_sessions, _("Signed out everywhere."), message)

    @admin.action(description=gettext_lazy("Reset the second factor (lost phone)"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: Any) -> None:
        done = _("Reset the second factor and signed out everywhere.")
        message = _("Second factor reset and signed out everywhere: %(names)s.")
        self._apply(request, queryset, second_factor.reset, done, message)

    @admin.action(description=gettext_lazy("Unlock sign-in after wrong passwords"), permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: Any) -> None:
        message = _("Sign-in unlocked: %(names)s.")
        self._apply(request, queryset, lockout.unlock, _("Unlocked the sign-in."), message)

    def _apply(self, request: HttpRequest, users: Any, act: Callable[[Any], object], logged: str, message: str) -> None:
        """Act on each of the users, log it in these words, and show the message with their names."""
        for user in users:
            act(user)
            self.log_change(request, user, logged)
        names = ", ".join(user.get_username() for user in users)
        self.message_user(request, message % {"names": names}, messages.SUCCESS)


@admin.register(Group)
class StaffGroupAdmin(PermissionsMixin, KeyAutocompleteMixin, GroupAdmin):
    form = GroupForm
    list_display = ("name", "requires_second_factor")
    list_select_related = ("second_factor_duty",)

    @admin.display(description=gettext_lazy("second factor required"), boolean=True)
    def requires_second_factor(self, group: Group) -> bool:
        return hasattr(group, "second_factor_duty")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the people who lose a role, in place of the rows between roles, people and permissions."""
        _objects, _counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        roles: list[Any] = []
        for role in objs:
            names = [user.get_username() for user in role.user_set.order_by("username")]
            roles += [str(role), [_("%(name)s loses this role") % {"name": name} for name in names]]
        lost = sum(len(names) for names in roles[1::2])
        counts = {_("roles"): len(roles) // 2, _("people who lose a role"): lost}
        return roles, counts, missing_permissions, protected

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data["requires_second_factor"]:
            SecondFactorDuty.objects.get_or_create(group=obj)
        else:
            SecondFactorDuty.objects.filter(group=obj).delete()


def _without(nested: list[Any], prefixes: tuple[str, ...]) -> list[Any]:
    """Return nested lists of texts without the texts that begin so."""
    return [
        _without(item, prefixes) if isinstance(item, list) else item
        for item in nested
        if not str(item).startswith(prefixes)
    ]
