"""Who may do what: a table of actions and a table of requests; every role tries every entry.

A new URL is one line of REQUESTS: method, URL name, arguments, data, the permission that it needs. That none is missing
is checked in test_permission_tables.py, in every run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, ImportRun, Operation, PreviewLink, SitePolicy, Topic, Via
from articles.operations.results import ActionError
from articles.rules import permissions
from providers.models import Provider
from sources.models import Rule, Source
from tests import builders
from tests.admin.forms import ARTICLES, change_url, fields_of
from tests.groups import GROUPS
from website.models import SiteLook, SitePage

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

ROLES = ("anonymous", "reader", "contributor", "editor", "publisher", "importer", "superuser")
STAFF = ROLES[1:]
EVERYBODY = set(STAFF[1:])  # all staff in a group, and the superuser
ABOVE_CONTRIBUTOR = {"editor", "publisher", "superuser"}
PUBLISHERS = {"publisher", "superuser"}
WRITERS = {"contributor", *ABOVE_CONTRIBUTOR}
IMPORTERS = {"importer", "superuser"}

MAY: dict[str, set[str]] = {
    "add": WRITERS,
    "edit": WRITERS,
    "claim": WRITERS,
    "hand_over": WRITERS,
    "release": WRITERS,
    "score": ABOVE_CONTRIBUTOR,
    "rescore": ABOVE_CONTRIBUTOR,
    "pin": ABOVE_CONTRIBUTOR,
    "unpin": ABOVE_CONTRIBUTOR,
    "hold": ABOVE_CONTRIBUTOR,
    "spike": ABOVE_CONTRIBUTOR,
    "reopen": ABOVE_CONTRIBUTOR,
    "fold": ABOVE_CONTRIBUTOR,
    "take_out": ABOVE_CONTRIBUTOR,
    "make_lead": ABOVE_CONTRIBUTOR,
    "merge": ABOVE_CONTRIBUTOR,
    "keep_apart": ABOVE_CONTRIBUTOR,
    "publish": PUBLISHERS,
    "unpublish": PUBLISHERS,
    "schedule": PUBLISHERS,
    "pick": PUBLISHERS,
    "end_pick": PUBLISHERS,
    "place": PUBLISHERS,
    "keep_off": PUBLISHERS,
    "allow_on": PUBLISHERS,
    "delete": PUBLISHERS,
    "take_down": PUBLISHERS,
    "story_down": PUBLISHERS,
    "policy": PUBLISHERS,
    "import": IMPORTERS,
    "intake": PUBLISHERS,
}


# A group has several permissions, so the table above would not show one used in place of another.
ACTIONS_BY_PERMISSION = {
    "articles.add_article": {"add"},
    "articles.change_article": {"edit", "claim", "hand_over", "release"},
    "articles.delete_article": {"delete"},
    "articles.score": {"score", "rescore", "pin", "unpin", "hold", "spike", "reopen"},
    "articles.fold": {"fold", "take_out", "make_lead", "merge", "keep_apart"},
    "articles.publish": {
        *("publish", "unpublish", "schedule", "take_down", "story_down"),
        *("pick", "end_pick", "place", "keep_off", "allow_on"),
    },
    "articles.change_policy": {"policy"},
    "articles.run_import": {"import"},
    "sources.change_source": {"intake"},
}


def create_user(role: str) -> Any:
    """Return a user of this role; a reader is a member of staff without any permission."""
    if role == "anonymous":
        return AnonymousUser()
    if role == "superuser":
        return User.objects.create_superuser(role)
    user = User.objects.create_user(role, is_staff=True)
    if role != "reader":
        user.groups.add(Group.objects.get(name=role))
    return user


def browser(role: str) -> Client:
    client = Client()
    if role != "anonymous":
        client.force_login(create_user(role))
    return client


class TestActions:
    @pytest.mark.parametrize("role", ROLES)
    def test_each_role_may_run_its_actions(self, role):
        user = create_user(role)

        assert {verb for verb in MAY if permissions.can(user, verb)} == {verb for verb in MAY if role in MAY[verb]}

    @pytest.mark.parametrize("permission", ACTIONS_BY_PERMISSION)
    def test_each_permission_allows_only_its_actions(self, permission):
        holder = type("Holder", (), {"has_perm": lambda self, name: name == permission})()

        assert {verb for verb in MAY if permissions.can(holder, verb)} == ACTIONS_BY_PERMISSION[permission]

    @pytest.mark.parametrize("verb", ["", "unknown", "undo"])
    def test_nobody_may_run_an_unknown_action(self, verb):
        assert not permissions.can(create_user("superuser"), verb)

    def test_a_deactivated_user_may_do_nothing(self):
        user = create_user("superuser")
        user.is_active = False

        assert not any(permissions.can(user, verb) for verb in MAY)
        assert not user.get_all_permissions()

    def test_a_permission_is_for_all_rows(self):
        assert create_user("publisher").has_perm(permissions.PUBLISH)
        assert not User.objects.get().has_perm(permissions.PUBLISH, builders.article())

    @pytest.mark.parametrize("role", ["reader", "contributor", "editor", "importer"])
    @pytest.mark.parametrize("verb", ["publish", "schedule", "pick", "place", "hold", "spike", "reopen"])
    def test_only_publishers_publish_and_withdraw(self, role, verb):
        """The operations check it themselves, whatever a view lets through."""
        by = Actor(create_user(role), Via.DESK)
        article = builders.article(quality=20 if verb in ("publish", "schedule") else 90)
        later = timezone.now() + timedelta(days=1)
        by_verb: dict[str, Any] = {"schedule": {"publish_at": later}, "pick": {"until": later}, "place": {"at": 1}}
        arguments = by_verb.get(verb, {})

        with pytest.raises(ActionError, match="the permission to publish"):
            getattr(operations, verb)(article, by=by, **arguments)
        assert not Operation.objects.exists()


class TestGroups:
    def test_the_migrations_create_them(self):
        stored_groups = {
            group.name: {full_name(permission) for permission in group.permissions.all()}
            for group in Group.objects.prefetch_related("permissions__content_type")
        }
        assert stored_groups == {name: set(granted) for name, granted in GROUPS.items()}

    def test_the_copies_in_the_migrations_agree(self):
        first = importlib.import_module("articles.migrations.0005_groups_of_the_newsroom").GROUPS
        later = ("sources.migrations.0002_who_may_follow", "website.migrations.0002_publishers")
        added = [importlib.import_module(name).GROUPS for name in later]

        frozen = {
            name: set(granted).union(*(groups.get(name, ()) for groups in added)) for name, granted in first.items()
        }
        assert {name: set(granted) for name, granted in GROUPS.items()} == frozen

    def test_no_permission_exists_twice(self):
        seen = list(Permission.objects.values_list("content_type__app_label", "codename", "content_type__model"))

        assert len({(app, codename) for app, codename, _ in seen if app == "articles"}) == len(
            [seen_row for seen_row in seen if seen_row[0] == "articles"]
        )


# Requests


@dataclass(frozen=True)
class RequestCase:
    """A request to the admin or the desk. `permission` is the one that it needs."""

    method: str
    name: str
    args: tuple[str, ...]  # keys of the `newsroom` fixture
    data: Callable[[dict[str, Any]], dict[str, Any]]
    permission: str
    opens: int = 200  # the status for those who have the permission

    def url(self, things: dict[str, Any]) -> str:
        return reverse(self.name, args=[things[name].pk for name in self.args])

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def nothing(things: dict[str, Any]) -> dict[str, Any]:
    return {}


def taking_down(things: dict[str, Any]) -> dict[str, Any]:
    return {"sure": "1", "reason_text": "a court order"}


def confirmed(things: dict[str, Any]) -> dict[str, Any]:
    return {"post": "yes"}


def desk_form(action: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the form of an action that was confirmed: what readers see is scheduled only then."""
    return lambda things: {
        "action": action,
        "row": f"{things['article'].pk}:{things['article'].version}",
        "confirmed": "1",
    }


def request_for(
    method: str, name: str, args: tuple[str, ...], permission: str, data: Any = nothing, opens: int = 200
) -> RequestCase:
    return RequestCase(method, name, args, data, permission, opens)


STAFF_ONLY = ""  # any member of staff
DESK_ACTIONS = {  # by permission
    permissions.PUBLISH: (
        *("publish", "unpublish", "schedule", "schedule_in_an_hour", "schedule_tomorrow", "schedule_monday"),
        *("pick", "end_pick", "place", "keep_off", "allow_on"),
    ),
    permissions.SCORE: ("hold", "spike", "reopen", "quality", "heat", "step", "suggest", "unpin"),
    permissions.FOLD: ("fold", "merge", "merge_all", "take_out", "make_lead", "keep_apart"),
    "articles.change_article": (
        *("topics", "add_topic", "remove_topic", "words", "note"),
        *("claim", "hand_over", "release"),
    ),
}
REQUESTS = [
    request_for("get", "admin:index", (), STAFF_ONLY),
    request_for("get", "admin:articles_article_changelist", (), "articles.view_article"),
    request_for("get", "admin:articles_article_change", ("article",), "articles.view_article"),
    request_for("get", "admin:articles_article_history", ("article",), STAFF_ONLY, opens=302),  # redirects to the desk
    request_for("get", "admin:articles_article_add", (), "articles.add_article"),
    request_for("post", "admin:articles_article_add", (), "articles.add_article"),
    request_for("post", "admin:articles_article_change", ("article",), "articles.change_article"),
    request_for("get", "admin:articles_article_delete", ("article",), "articles.delete_article"),
    request_for("post", "admin:articles_article_delete", ("article",), "articles.delete_article", confirmed, 302),
    request_for("get", "admin:articles_topic_changelist", (), "articles.view_topic"),
    request_for("get", "admin:articles_topic_change", ("topic",), "articles.view_topic"),
    request_for("get", "admin:articles_topic_add", (), "articles.add_topic"),
    request_for("post", "admin:articles_topic_add", (), "articles.add_topic"),
    request_for("post", "admin:articles_topic_change", ("topic",), "articles.change_topic"),
    request_for("get", "admin:articles_topic_delete", ("topic",), "articles.delete_topic"),
    request_for("post", "admin:articles_topic_delete", ("topic",), "articles.delete_topic", confirmed, 302),
    request_for("get", "admin:providers_provider_changelist", (), "providers.view_provider"),
    request_for("get", "admin:providers_provider_change", ("provider",), "providers.view_provider"),
    request_for("get", "admin:providers_provider_add", (), "providers.add_provider"),
    request_for("post", "admin:providers_provider_add", (), "providers.add_provider"),
    request_for("post", "admin:providers_provider_change", ("provider",), "providers.change_provider"),
    request_for("get", "admin:providers_provider_delete", ("provider",), "providers.delete_provider"),
    request_for("get", "admin:sources_source_changelist", (), "sources.view_source"),
    request_for("get", "admin:sources_source_change", ("source",), "sources.view_source"),
    request_for("post", "admin:sources_source_change", ("source",), "sources.change_source"),
    request_for("get", "admin:sources_source_add", (), "sources.add_source"),
    request_for("post", "admin:sources_source_add", (), "sources.add_source"),
    request_for("get", "admin:sources_source_delete", ("source",), "sources.delete_source"),
    request_for("get", "admin:articles_sitepolicy_changelist", (), "articles.view_sitepolicy", opens=302),
    request_for("get", "admin:articles_sitepolicy_change", ("policy",), "articles.view_sitepolicy"),
    request_for("get", "admin:website_sitepage_changelist", (), "website.view_sitepage"),
    request_for("get", "admin:website_sitepage_change", ("page",), "website.view_sitepage"),
    request_for("get", "admin:website_sitepage_add", (), "website.add_sitepage"),
    request_for("post", "admin:website_sitepage_add", (), "website.add_sitepage"),
    request_for("post", "admin:website_sitepage_change", ("page",), "website.change_sitepage"),
    request_for("get", "admin:website_sitepage_delete", ("page",), "website.delete_sitepage"),
    request_for("post", "admin:website_sitepage_delete", ("page",), "website.delete_sitepage", confirmed, 302),
    request_for("get", "admin:website_sitelook_changelist", (), "website.view_sitelook", opens=302),
    request_for("get", "admin:website_sitelook_change", ("look",), "website.view_sitelook"),
    request_for("post", "admin:website_sitelook_change", ("look",), "website.change_sitelook"),
    request_for("get", "desk_page_history", ("page",), "articles.view_operation"),
    request_for("get", "desk_look_history", ("look",), "articles.view_operation"),
    request_for("get", "admin:auth_user_changelist", (), "auth.view_user"),
    request_for("get", "admin:auth_group_changelist", (), "auth.view_group"),
    request_for("get", "admin:auth_user_change", ("admin",), "auth.view_user"),
    request_for("post", "admin:auth_user_change", ("admin",), "auth.change_user"),
    *(
        request_case
        for model, thing in (("accessattempt", "attempt"), ("accesslog", "login"))
        for request_case in (
            request_for("get", f"admin:axes_{model}_changelist", (), f"axes.view_{model}"),
            request_for("get", f"admin:axes_{model}_change", (thing,), f"axes.view_{model}"),
            request_for("get", f"admin:axes_{model}_history", (thing,), f"axes.view_{model}"),
            request_for("get", f"admin:axes_{model}_add", (), f"axes.add_{model}", opens=403),  # not by hand
            request_for("get", f"admin:axes_{model}_delete", (thing,), f"axes.delete_{model}"),
        )
    ),
    request_for("get", "admin:second_factor", (), STAFF_ONLY),  # the user's own
    request_for("post", "admin:second_factor", (), STAFF_ONLY),
    request_for("get", "admin:second_step", (), STAFF_ONLY, opens=302),  # nobody here needs one
    request_for("post", "admin:second_step", (), STAFF_ONLY, opens=302),
    request_for("get", "admin:profile", (), STAFF_ONLY),  # the user's own
    request_for("post", "admin:profile", (), STAFF_ONLY, lambda _: {"time_zone": "UTC"}, 302),
    request_for("get", "desk", (), "articles.view_article"),
    request_for("get", "desk_views", (), "articles.view_article"),
    request_for("get", "desk_suggestions", (), "articles.view_article"),
    request_for("get", "desk_front_page", (), "articles.view_article"),
    request_for("post", "desk_front_page_save", (), permissions.PUBLISH, desk_form("pick"), 302),
    request_for("get", "desk_find", (), permissions.FOLD),
    request_for("get", "desk_merge", (), permissions.FOLD, opens=404),  # without stories
    request_for("get", "desk_story", ("article",), "articles.view_article"),
    request_for("get", "desk_story_by_name", ("name",), "articles.view_article", opens=302),
    request_for("post", "desk_excerpts", (), "articles.view_article", opens=302),
    request_for("get", "desk_reports", (), "articles.view_article"),
    request_for("get", "desk_report", ("report",), "articles.view_article"),
    request_for("get", "desk_report_csv", ("report",), "articles.view_article"),
    request_for("get", "desk_preview", ("article",), "articles.view_article"),
    request_for("post", "desk_preview_link", ("article",), "articles.change_article"),
    request_for("post", "desk_revoke_link", ("article", "link"), "articles.change_article", opens=302),
    request_for("get", "desk_article_history", ("article",), "articles.view_operation"),
    request_for("get", "desk_take_down", ("article", "image"), permissions.PUBLISH),
    request_for("post", "desk_take_down", ("article", "image"), permissions.PUBLISH, opens=302),
    request_for("get", "desk_take_down_story", ("article",), permissions.PUBLISH),
    request_for("post", "desk_take_down_story", ("article",), "articles.delete_article", taking_down, 302),
    request_for("get", "desk_add_story", (), "articles.add_article"),
    request_for("get", "desk_sources", (), permissions.VIEW_SOURCE),
    request_for("get", "desk_source", ("source",), permissions.VIEW_SOURCE),
    request_for("post", "desk_source_act", ("source",), permissions.CHANGE_SOURCE, lambda _: {"act": "pause"}, 302),
    request_for("get", "desk_add_source", (), permissions.ADD_SOURCE),
    request_for("get", "desk_rules", (), permissions.VIEW_SOURCE),
    request_for("get", "desk_rule", ("rule",), permissions.VIEW_SOURCE),
    request_for("get", "desk_add_rule", (), permissions.CHANGE_SOURCE),
    request_for("post", "desk_change_rule", ("rule",), permissions.CHANGE_SOURCE),
    request_for("post", "desk_rule_act", ("rule",), permissions.CHANGE_SOURCE, lambda _: {"act": "switch_off"}, 302),
    request_for("get", "desk_history", (), "articles.view_operation"),
    request_for("get", "desk_operation", ("operation",), "articles.view_operation"),
    request_for("get", "desk_imports", (), "articles.view_operation"),
    request_for("get", "desk_import_problems", (), "articles.view_operation"),
    request_for("get", "desk_import", ("import",), "articles.view_operation"),
    request_for("post", "desk_save_view", (), "articles.view_article", opens=302),
    request_for("post", "desk_presence", (), "articles.view_article"),
    request_for("post", "desk_undo_last", (), "articles.view_article", opens=302),
    *(
        request_for("post", "desk_act", (), permission, desk_form(action), 302)
        for permission, actions in DESK_ACTIONS.items()
        for action in actions
    ),
]


@dataclass(frozen=True)
class Named:
    """What a URL names by something else than a key."""

    pk: str


@pytest.fixture
def newsroom() -> dict[str, Any]:
    article = builders.article("Storm", topics=["AI"])
    builders.picture(article)
    policy = type("Policy", (), {"pk": 1})
    page = SitePage(slug="imprint", title="Imprint", body="x", published=True)
    operations.create_reference(page)
    operations.link_in_footer(page, True)
    admin = User.objects.create_superuser("first")
    operation = operations.edit(article, note="Ask the port.", by=Actor(admin, Via.DESK)).operation
    return {"article": article, "topic": Topic.objects.get(), "provider": Provider.objects.get(), "policy": policy} | {
        "admin": admin,
        "operation": operation,
        "image": article.images.get(),
        "link": builders.preview_link(article, admin),
        "attempt": AccessAttempt.objects.create(username="mallory", failures_since_start=1),
        "login": AccessLog.objects.create(username="first"),
        "import": ImportRun.objects.create(paths="/inbox", via=Via.COMMAND),
        "source": Source.objects.create(name="Courier", url="https://www.courier.example/feed"),
        "page": page,
        "look": SiteLook.objects.get(),
        "rule": Rule.objects.create(action="hold", words=["storm"]),
        "name": Named(article.name),
        "report": Named("decisions"),
    }


@pytest.mark.parametrize("request_case", REQUESTS, ids=str)
def test_a_request_succeeds_only_with_its_permission(newsroom, request_case):
    """All roles try in turn, each in the unchanged newsroom, because building it takes longest."""
    before, url, sent = stored(), request_case.url(newsroom), request_case.data(newsroom)
    tried = 0
    for role in ROLES:
        with undone():
            client, user = browser(role), None if role == "anonymous" else User.objects.get(username=role)
            allowed = user is not None and (
                request_case.permission == STAFF_ONLY or user.has_perm(request_case.permission)
            )

            answer = getattr(client, request_case.method)(url, sent)

            if user is None:
                assert answer.status_code == 302
                assert answer["Location"].startswith(reverse("admin:login"))
            else:
                assert answer.status_code == (request_case.opens if allowed else 403), role
            assert allowed or stored() == before, role
            tried += 1
    assert tried == len(ROLES)


@pytest.mark.parametrize(
    "request_case", [request_case for request_case in REQUESTS if request_case.permission != STAFF_ONLY], ids=str
)
def test_a_request_fails_with_all_other_permissions(newsroom, request_case):
    before = stored()
    user = User.objects.create_user("almost", is_staff=True)
    withheld = {request_case.permission}
    # The permission to change includes the one to view.
    if request_case.name.startswith("admin:") and ".view_" in request_case.permission:
        withheld |= {request_case.permission.replace(".view_", ".change_"), permissions.CHANGE_POLICY}
    others = [
        permission
        for permission in Permission.objects.select_related("content_type")
        if full_name(permission) not in withheld
    ]
    user.user_permissions.set(others)
    client = Client()
    client.force_login(user)

    assert (
        getattr(client, request_case.method)(request_case.url(newsroom), request_case.data(newsroom)).status_code == 403
    )
    assert stored() == before


def full_name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def stored() -> list[Any]:
    return [list(model.objects.values()) for model in (Article, Topic, Provider, PreviewLink, SitePage, SiteLook)]


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# Actions

ACTIONS = {
    "publish_selected": "articles.publish",
    "hold_selected": permissions.SCORE,
    "spike_selected": permissions.SCORE,
    "reopen_selected": permissions.SCORE,
    "rescore_selected": permissions.SCORE,
    "unpin_selected": permissions.SCORE,
    "delete_selected": "articles.delete_article",
}


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize(("action", "permission"), ACTIONS.items())
def test_admin_actions_need_their_permission(role, action, permission):
    client, user = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)
    operations.edit(article, heat=90)  # gives each action something to change
    before = Article.objects.values().get()
    may_look, may = user.has_perm("articles.view_article"), user.has_perm(permission)

    page = client.get(ARTICLES)
    assert page.status_code == (200 if may_look else 403)
    assert (f'value="{action}"' in page.content.decode()) == may
    data = {"action": action, "_selected_action": [article.pk], "post": "yes"}
    if action in ("hold_selected", "spike_selected", "reopen_selected"):
        may = may and user.has_perm(permissions.PUBLISH)  # it is published
    client.post(ARTICLES, data, follow=True)

    is_untouched = list(Article.objects.values()) == [before]
    assert is_untouched == (not may or action == "rescore_selected")


# The fields of an article's page

WORDS = {
    "title": "Gale",
    "excerpt": "Wind.",
    "type": "video",
    "category": "weather",
    "language": "de",
    "body": "More",
    "tags": "GB",
    "featured_content": "<p>…</p>",
    **{name: f"https://www.courier.example/{name}" for name in ("web_url", "original_url", "amp_url", "cdn_amp_url")},
    "published_at_0": "2020-01-01",
    "provider": "HERALD",
}
SCHEDULED = {"decision": "published"}
NEVER_EDITABLE = {  # not even for a superuser
    "name": "2020-01-01-x",
    "secured": "x",
    "version": "99",
    "public": "on",
    "state": "published",
    "published": "true",
    "spike_reason": "other",
    "hot": "9",
    "staged": "true",
    "lead": "1",
    "lead_id": "1",
    "pins": "[]",
    "wishes": "{}",
    "missing": "true",
    "stale": "true",
    "dialect": "D1",
    "document_scores": '{"quality": 1, "heat": 9, "related": 0}',
    "content_hash": "x",
    "match_key": "x",
    "editor": "1",
    "editor_id": "1",
}
FIELDS: list[
    tuple[dict[str, str], set[str], str]
] = [  # data, the columns that it changes, the permission that it needs
    (WORDS, {name.removesuffix("_0") for name in WORDS} - {"provider"} | {"provider_id"}, "articles.change_article"),
    ({"quality": "95"}, {"quality", "heat"}, permissions.SCORE),
    ({"heat": "95"}, {"heat"}, permissions.SCORE),
    ({"decision": "spiked: other"}, {"state", "spike_reason"}, permissions.SCORE),
    ({"decision": "held"}, {"state"}, permissions.SCORE),
    ({"decision": "published"}, {"state", "published", "public"}, permissions.PUBLISH),
    (SCHEDULED | {"publish_at_0": "2020-01-01", "publish_at_1": "10:00"}, {"state", "publish_at"}, permissions.PUBLISH),
    (SCHEDULED | {"unpublish_at_0": "2090-01-01", "unpublish_at_1": "1:00"}, {"unpublish_at"}, permissions.PUBLISH),
    ({"removed": "true"}, {"removed"}, permissions.PUBLISH),
    (NEVER_EDITABLE, set(), "articles.change_article"),
]


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize(
    ("sent", "columns", "permission"),
    FIELDS,
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted(value))[:40],
)
def test_fields_change_only_with_their_permission_whatever_is_sent(role, sent, columns, permission):
    """The form is that of a superuser, so that fields are sent too that the role's page doesn't have."""
    client, user = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)
    herald = builders.provider("Herald", "herald.example")
    before = Article.objects.values().get()
    whole = browser("superuser") if role != "superuser" else client
    sent = {name: str(herald.pk) if value == "HERALD" else value for name, value in sent.items()}
    form = fields_of(whole.get(change_url(article)))

    client.post(change_url(article), form | sent | {"_save": "Save"})

    after = Article.objects.values().get()
    changed = {name for name in after if after[name] != before[name]}
    if user.has_perm("articles.change_article") and user.has_perm(permission):
        assert columns <= changed
    if not (columns and user.has_perm("articles.change_article") and user.has_perm(permission)):
        assert changed == set()


@pytest.mark.parametrize("role", STAFF)
def test_a_page_has_the_fields_that_the_user_may_change(role):
    client, user = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)

    page = client.get(change_url(article))

    if not user.has_perm("articles.view_article"):
        assert page.status_code == 403
        return
    html = page.content.decode()
    may_change = user.has_perm("articles.change_article")
    assert ('name="title"' in html) == may_change
    assert ('name="quality"' in html) == (may_change and user.has_perm(permissions.SCORE))
    assert ('name="decision"' in html) == (may_change and user.has_perm(permissions.SCORE))
    assert ('<option value="published"' in html) == (may_change and user.has_perm(permissions.PUBLISH))
    assert ('name="publish_at_0"' in html) == (may_change and user.has_perm(permissions.PUBLISH))
    assert ('name="_save"' in html) == may_change
    assert ("deletelink" in html) == user.has_perm("articles.delete_article")


@pytest.mark.parametrize("role", STAFF)
def test_numbers_in_the_list_change_only_with_the_permission(role):
    client, user = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)
    whole = browser("superuser") if role != "superuser" else client
    form = fields_of(whole.get(ARTICLES)) | {"form-0-quality": "95", "_save": "Save"}

    client.post(ARTICLES, form)

    article.refresh_from_db()
    may = user.has_perm("articles.change_article") and user.has_perm(permissions.SCORE)
    assert article.quality == (95 if may else 20)
    if user.has_perm("articles.view_article"):
        assert ('name="form-0-quality"' in client.get(ARTICLES).content.decode()) == may


@pytest.mark.parametrize("decision", ["undecided", "held", "spiked: other"])
def test_withdrawing_needs_the_permission_to_publish_and_the_page_says_so(decision):
    client = browser("editor")
    article = builders.article("Storm")
    form = fields_of(client.get(change_url(article))) | {"decision": decision, "_save": "Save"}

    page = client.post(change_url(article), form)

    assert page.status_code == 200
    assert page.context["errors"] == [["This article is published; withdrawing it needs the permission to publish."]]
    article.refresh_from_db()
    assert article.state == "published"


# The user's own permissions, and the policy

POLICY_ROLES = ("reader", "contributor", "editor", "importer", "superuser")


@pytest.mark.parametrize("role", [role for role in STAFF if role != "superuser"])
def test_nobody_extends_their_own_permissions(role):
    client, user = browser(role), User.objects.get(username=role)
    publishers = Group.objects.get(name="publisher")
    before = user.get_all_permissions()
    addresses = [
        reverse("admin:auth_user_change", args=[user.pk]),
        reverse("admin:auth_group_change", args=[publishers.pk]),
        reverse("admin:auth_group_add"),
        reverse("admin:auth_user_add"),
    ]
    for url in addresses:
        sent = {"username": role, "is_superuser": "on", "is_staff": "on", "groups": [publishers.pk], "name": role}
        assert client.get(url).status_code == 403
        assert client.post(url, sent).status_code == 403

    assert User.objects.get(pk=user.pk).get_all_permissions() == before
    assert not User.objects.get(pk=user.pk).is_superuser


class TestThePolicy:
    RESCORE = "admin:articles_sitepolicy_rescore"

    @pytest.mark.parametrize("role", POLICY_ROLES)
    def test_it_changes_only_with_its_permission(self, role):
        client, user = browser(role), User.objects.get(username=role)
        url = reverse("admin:articles_sitepolicy_change", args=[1])
        whole = browser("superuser") if role != "superuser" else client

        client.post(url, fields_of(whole.get(url)) | {"publish_threshold": "33", "_save": "Save"})

        changed = SitePolicy.current().publish_threshold == 33
        assert changed == user.has_perm(permissions.CHANGE_POLICY)

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_nobody_adds_or_deletes_one(self, method):
        client = browser("superuser")
        operations.change_policy({"publish_threshold": 33})
        for url in (reverse("admin:articles_sitepolicy_add"), reverse("admin:articles_sitepolicy_delete", args=[1])):
            assert getattr(client, method)(url, {"post": "yes"}).status_code == 403
        assert SitePolicy.objects.get().publish_threshold == 33

    @pytest.mark.parametrize("role", POLICY_ROLES)
    def test_rescoring_all_needs_the_same_permission(self, role):
        client, user = browser(role), User.objects.get(username=role)
        may = user.has_perm(permissions.CHANGE_POLICY)
        article = builders.article(quality=20, heat=90)

        assert client.get(reverse(self.RESCORE)).status_code == (200 if may else 403)
        client.post(reverse(self.RESCORE))

        article.refresh_from_db()
        assert article.heat == (20 if may else 90)
