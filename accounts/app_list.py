"""The models of the admin under words of the newsroom, as its home lists them."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Each section with its models by label.
SECTIONS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (
        _("Newsroom"),
        ("articles.article", "providers.provider", "articles.topic", "articles.sitepolicy", "sources.source"),
    ),
    (_("The site"), ("website.sitelook", "website.sitepage")),
    (_("People and roles"), ("auth.user", "auth.group")),
    (_("Security"), ("axes.accessattempt", "axes.accesslog")),
)


def by_section(apps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return Django's list of apps as sections; models that no section names stay below their app."""
    app_of = {_label(model): app for app in apps for model in app["models"]}
    models = {_label(model): model for app in apps for model in app["models"]}
    sections = []
    for title, labels in SECTIONS:
        shown = [label for label in labels if label in models]
        if shown:
            sections.append(app_of[shown[0]] | {"name": title, "models": [models.pop(label) for label in shown]})
    others = ((app, [model for model in app["models"] if _label(model) in models]) for app in apps)
    return sections + [app | {"models": rest} for app, rest in others if rest]


def _label(model: dict[str, Any]) -> str:
    return str(model["model"]._meta.label_lower)
