from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import checks, sessions  # noqa: F401 importing checks registers them

        sessions.connect_signals()
        _rename_others()


def _rename_others() -> None:
    """Name apps and models of others in words of the newsroom, for titles, breadcrumbs and messages of the admin."""
    apps.get_app_config("auth").verbose_name = _("People and roles")
    apps.get_app_config("axes").verbose_name = _("Security")
    for label, singular, plural in (
        ("auth.User", _("person"), _("people")),
        ("auth.Group", _("role"), _("roles")),
        ("axes.AccessAttempt", _("failed sign-in"), _("failed sign-ins")),
        ("axes.AccessLog", _("sign-in"), _("sign-ins")),
    ):
        options = apps.get_model(label)._meta
        options.verbose_name, options.verbose_name_plural = singular, plural


class StaffAdminConfig(admin.AdminConfig):
    default = False
    default_site = "accounts.site.StaffAdminSite"
