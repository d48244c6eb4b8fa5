"""The tables of test_permissions.py have every action and every page: by day too, when their tests don't run."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from articles.desk import actions as desk_actions
from articles.desk import urls as desk_urls
from articles.rules import permissions

from .test_permissions import DESK_ACTIONS, MAY, REQUESTS


def test_every_action_has_its_roles():
    assert MAY.keys() == permissions.PERMISSION_BY_ACTION.keys()


def test_every_action_of_the_desk_has_its_permission():
    assert {action for actions in DESK_ACTIONS.values() for action in actions} == desk_actions.ACTIONS.keys()


def test_every_url_of_the_admin_and_the_desk_has_its_permission():
    """A new page of the admin has to say who may open it."""
    listed_names = {request_case.name for request_case in REQUESTS} | {
        "desk_delete_view",  # the user's own
        "desk_undo",  # needs the permissions of what it undoes; see test_undo_rights.py
        "desk_restore",
        "desk_provider_history",
        *(f"admin:{name}" for name in ("login", "logout", "password_change", "password_change_done")),  # the user's own
        *(f"admin:{name}" for name in ("autocomplete", "jsi18n", "view_on_site", "app_list")),
        "admin:articles_sitepolicy_rescore",  # see TestThePolicy
        "admin:articles_sitepolicy_add",  # there is one policy; nobody adds or deletes any
        "admin:articles_sitepolicy_delete",
        "admin:articles_sitepolicy_history",
        *(
            f"admin:{name}_history"
            for name in ("articles_topic", "providers_provider", "sources_source", "website_sitepage")
        ),  # like their change pages
        *(f"admin:website_sitelook_{name}" for name in ("add", "delete", "history")),  # there is one look
        "admin:providers_provider_delete",
    }
    url_names = {f"admin:{pattern.name}" for pattern in _patterns(admin.site.urls[0]) if pattern.name}
    url_names |= {pattern.name for pattern in desk_urls.urlpatterns}

    assert {name for name in url_names if not name.startswith("admin:auth_")} - listed_names == set()


def _patterns(patterns: Any) -> list[Any]:
    flat = []
    for pattern in patterns:
        flat += _patterns(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]
    return flat
