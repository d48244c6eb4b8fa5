"""What editors call a field: in the log, in explanations, in messages."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OF_LISTS = {"images": _("pictures"), "related": _("coverage"), "logos": _("logos")}
MODELS = ("articles.Article", "articles.Topic", "providers.Provider", "website.SitePage", "website.SiteLook")


def field_label(name: str) -> str:
    """Return the verbose name of a field of articles, topics, outlets, pages or the look of the site."""
    return str(OF_LISTS.get(name) or _verbose_name(name) or name.removesuffix("_id").replace("_", " "))


@cache
def _verbose_name(name: str) -> str | Promise:
    for label in MODELS:
        try:
            verbose_name: str | Promise = apps.get_model(label)._meta.get_field(name).verbose_name
        except (FieldDoesNotExist, AttributeError):  # a row that points here has no verbose name
            continue
        return verbose_name
    return ""
