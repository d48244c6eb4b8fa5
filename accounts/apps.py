from axes import apps as axes
from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.contrib.auth import apps as auth
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import checks, sessions  # noqa: F401 importing checks registers them

        sessions.connect_signals()


class StaffAdminConfig(admin.AdminConfig):
    default = False
    default_site = "accounts.site.StaffAdminSite"


class PeopleConfig(auth.AuthConfig):
    """Django's users and groups, under the newsroom's word for them."""

    default = False
    verbose_name = _("People")


class SecurityConfig(axes.AppConfig):
    """The attempts to sign in that django-axes records, under a word that says what they are."""

    default = False
    verbose_name = _("Security")
