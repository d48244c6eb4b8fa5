from django.apps import AppConfig
from django.contrib.admin import apps as admin


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import checks, sessions  # noqa: F401 importing checks registers them

        sessions.connect_signals()


class StaffAdminConfig(admin.AdminConfig):
    default = False
    default_site = "accounts.site.StaffAdminSite"
