from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import checks, sessions  # noqa: F401 importing checks registers them

        sessions.connect_signals()
        # Breadcrumbs of the admin name apps; editors know neither Django's app nor the package that counts attempts.
        apps.get_app_config("auth").verbose_name = _("People")
        apps.get_app_config("axes").verbose_name = _("Security")


class StaffAdminConfig(admin.AdminConfig):
    default = False
    default_site = "accounts.site.StaffAdminSite"
