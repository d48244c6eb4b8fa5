"""Who may do what: one table for the verbs, one for the addresses; every cell is tried.

A new address is one line of DOORS: method, url name, arguments, what is sent, the right that it takes.
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
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk import actions as desk_actions
from articles.desk import urls as desk_urls
from articles.models import Article, Operation, SitePolicy, Topic, Via
from articles.operations.results import ActionError
from articles.rules import permissions as rights
from providers.models import Provider
from tests import builders
from tests.admin.forms import ARTICLES, change_url, fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

ROLES = ("anonymous", "reader", "contributor", "editor", "publisher", "importer", "superuser")
STAFF = ROLES[1:]
EVERYBODY = set(STAFF[1:])  # of the newsroom: whoever is in a group, and the superuser
ABOVE_CONTRIBUTOR = {"editor", "publisher", "superuser"}
PUBLISHERS = {"publisher", "superuser"}
WRITERS = {"contributor", *ABOVE_CONTRIBUTOR}
IMPORTERS = {"importer", "superuser"}

MAY: dict[str, set[str]] = {
    "add": WRITERS,
    "edit": WRITERS,
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
    "publish": PUBLISHERS,
    "schedule": PUBLISHERS,
    "pick": PUBLISHERS,
    "delete": PUBLISHERS,
    "take_down": PUBLISHERS,
    "policy": PUBLISHERS,
    "import": IMPORTERS,
}


# Groups hold several rights together, so that one taken for another would not be seen above.
ALONE = {
    "articles.add_article": {"add"},
    "articles.change_article": {"edit"},
    "articles.delete_article": {"delete"},
    "articles.score": {"score", "rescore", "pin", "unpin", "hold", "spike", "reopen"},
    "articles.fold": {"fold", "take_out", "make_lead", "merge"},
    "articles.publish": {"publish", "schedule", "pick", "take_down"},
    "articles.change_policy": {"policy"},
    "articles.run_import": {"import"},
}


def user(role: str) -> Any:
    """Return somebody of this role; a reader is staff without any right."""
    if role == "anonymous":
        return AnonymousUser()
    if role == "superuser":
        return User.objects.create_superuser(role)
    found = User.objects.create_user(role, is_staff=True)
    if role != "reader":
        found.groups.add(Group.objects.get(name=role))
    return found


def browser(role: str) -> Client:
    client = Client()
    if role != "anonymous":
        client.force_login(user(role))
    return client


class TestVerbs:
    @pytest.mark.parametrize("role", ROLES)
    def test_each_role_may_do_its_verbs_and_undo_them(self, role):
        somebody = user(role)

        assert {verb for verb in MAY if rights.can(somebody, verb)} == {verb for verb in MAY if role in MAY[verb]}
        assert all(rights.can(somebody, "undo", undoes=verb) == rights.can(somebody, verb) for verb in MAY)

    def test_the_table_has_every_verb(self):
        assert MAY.keys() == rights.PERMISSION_BY_ACTION.keys()

    @pytest.mark.parametrize("right", ALONE)
    def test_each_right_gives_its_verbs_alone(self, right):
        holder = type("Holder", (), {"has_perm": lambda self, wanted: wanted == right})()

        assert {verb for verb in MAY if rights.can(holder, verb)} == ALONE[right]

    @pytest.mark.parametrize("verb", ["", "unknown", "undo"])
    def test_what_nobody_knows_nobody_may(self, verb):
        assert not rights.can(user("superuser"), verb)

    def test_who_was_switched_off_may_nothing(self):
        somebody = user("superuser")
        somebody.is_active = False

        assert not any(rights.can(somebody, verb) for verb in MAY)
        assert not somebody.get_all_permissions()

    def test_a_right_is_to_all_rows_or_none(self):
        assert user("publisher").has_perm(rights.PUBLISH)
        assert not User.objects.get().has_perm(rights.PUBLISH, builders.article())

    @pytest.mark.parametrize("role", ["reader", "contributor", "editor", "importer"])
    @pytest.mark.parametrize("verb", ["publish", "schedule", "pick", "hold", "spike", "reopen"])
    def test_only_publishers_put_on_the_site_or_take_off(self, role, verb):
        """The verbs hold to it themselves, whatever a door lets through."""
        by = Actor(user(role), Via.DESK)
        article = builders.article(quality=20 if verb in ("publish", "schedule") else 90)
        later = timezone.now() + timedelta(days=1)
        arguments: dict[str, Any] = {"schedule": {"publish_at": later}, "pick": {"until": later}}.get(verb, {})

        with pytest.raises(ActionError, match="the permission to publish"):
            getattr(operations, verb)(article, by=by, **arguments)
        assert not Operation.objects.exists()


class TestGroups:
    def test_they_come_with_the_migrations(self):
        found = {
            group.name: {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
            for group in Group.objects.prefetch_related("permissions__content_type")
        }
        assert found == {name: set(permissions) for name, permissions in rights.GROUPS.items()}

    def test_the_copy_in_the_migration_agrees(self):
        frozen = importlib.import_module("articles.migrations.0005_groups_of_the_newsroom").GROUPS

        assert {name: list(permissions) for name, permissions in rights.GROUPS.items()} == frozen

    def test_no_permission_is_there_twice(self):
        seen = list(Permission.objects.values_list("content_type__app_label", "codename", "content_type__model"))

        assert len({(app, codename) for app, codename, _ in seen if app == "articles"}) == len(
            [each for each in seen if each[0] == "articles"]
        )


# Doors


@dataclass(frozen=True)
class Door:
    """An address of the admin. `right` is the permission it takes, `allowed` the roles that have it."""

    method: str
    name: str
    args: tuple[str, ...]  # names of things in the `newsroom`
    data: Callable[[dict[str, Any]], dict[str, Any]]
    right: str
    opens: int = 200  # what those who may are answered

    def url(self, things: dict[str, Any]) -> str:
        return reverse(self.name, args=[things[name].pk for name in self.args])

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def nothing(things: dict[str, Any]) -> dict[str, Any]:
    return {}


def confirmed(things: dict[str, Any]) -> dict[str, Any]:
    return {"post": "yes"}


def asking(verb: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda things: {"verb": verb, "row": f"{things['article'].pk}:{things['article'].version}"}


def doors(method: str, name: str, args: tuple[str, ...], right: str, data: Any = nothing, opens: int = 200) -> Door:
    return Door(method, name, args, data, right, opens)


STAFF_ONLY = ""  # any member of staff
DEEDS = {  # what is asked for at the desk, by right
    rights.PUBLISH: ("publish", "schedule", "pick"),
    rights.SCORE: ("hold", "spike", "reopen", "quality", "heat", "step", "unpin"),
    rights.FOLD: ("fold", "merge", "take_out", "make_lead"),
    "articles.change_article": ("topics", "add_topic", "remove_topic", "words"),
}
DOORS = [
    doors("get", "admin:index", (), STAFF_ONLY),
    doors("get", "admin:articles_article_changelist", (), "articles.view_article"),
    doors("get", "admin:articles_article_change", ("article",), "articles.view_article"),
    doors("get", "admin:articles_article_history", ("article",), STAFF_ONLY, opens=302),  # leads to the desk's
    doors("get", "admin:articles_article_add", (), "articles.add_article"),
    doors("post", "admin:articles_article_add", (), "articles.add_article"),
    doors("post", "admin:articles_article_change", ("article",), "articles.change_article"),
    doors("get", "admin:articles_article_delete", ("article",), "articles.delete_article"),
    doors("post", "admin:articles_article_delete", ("article",), "articles.delete_article", confirmed, 302),
    doors("get", "admin:articles_topic_changelist", (), "articles.view_topic"),
    doors("get", "admin:articles_topic_change", ("topic",), "articles.view_topic"),
    doors("get", "admin:articles_topic_add", (), "articles.add_topic"),
    doors("post", "admin:articles_topic_add", (), "articles.add_topic"),
    doors("post", "admin:articles_topic_change", ("topic",), "articles.change_topic"),
    doors("get", "admin:articles_topic_delete", ("topic",), "articles.delete_topic"),
    doors("post", "admin:articles_topic_delete", ("topic",), "articles.delete_topic", confirmed, 302),
    doors("get", "admin:providers_provider_changelist", (), "providers.view_provider"),
    doors("get", "admin:providers_provider_change", ("provider",), "providers.view_provider"),
    doors("get", "admin:providers_provider_add", (), "providers.add_provider"),
    doors("post", "admin:providers_provider_add", (), "providers.add_provider"),
    doors("post", "admin:providers_provider_change", ("provider",), "providers.change_provider"),
    doors("get", "admin:providers_provider_delete", ("provider",), "providers.delete_provider"),
    doors("get", "admin:articles_sitepolicy_changelist", (), "articles.view_sitepolicy", opens=302),
    doors("get", "admin:articles_sitepolicy_change", ("policy",), "articles.view_sitepolicy"),
    doors("get", "admin:auth_user_changelist", (), "auth.view_user"),
    doors("get", "admin:auth_group_changelist", (), "auth.view_group"),
    doors("get", "admin:auth_user_change", ("admin",), "auth.view_user"),
    doors("post", "admin:auth_user_change", ("admin",), "auth.change_user"),
    *(
        door
        for model, thing in (("accessattempt", "attempt"), ("accesslog", "login"))
        for door in (
            doors("get", f"admin:axes_{model}_changelist", (), f"axes.view_{model}"),
            doors("get", f"admin:axes_{model}_change", (thing,), f"axes.view_{model}"),
            doors("get", f"admin:axes_{model}_history", (thing,), f"axes.view_{model}"),
            doors("get", f"admin:axes_{model}_add", (), f"axes.add_{model}", opens=403),  # not by hand
            doors("get", f"admin:axes_{model}_delete", (thing,), f"axes.delete_{model}"),
        )
    ),
    doors("get", "admin:second_factor", (), STAFF_ONLY),  # one's own
    doors("post", "admin:second_factor", (), STAFF_ONLY),
    doors("get", "admin:second_step", (), STAFF_ONLY, opens=302),  # nobody here owes one
    doors("post", "admin:second_step", (), STAFF_ONLY, opens=302),
    doors("get", "desk", (), "articles.view_article"),
    doors("get", "desk_views", (), "articles.view_article"),
    doors("get", "desk_find", (), rights.FOLD),
    doors("get", "desk_merge", (), rights.FOLD, opens=404),  # it was told no stories
    doors("get", "desk_story", ("article",), "articles.view_article"),
    doors("get", "desk_preview", ("article",), "articles.view_article"),
    doors("post", "desk_preview_link", ("article",), "articles.change_article"),
    doors("get", "desk_article_history", ("article",), "articles.view_operation"),
    doors("get", "desk_take_down", ("article", "image"), rights.PUBLISH),
    doors("post", "desk_take_down", ("article", "image"), rights.PUBLISH, opens=302),
    doors("get", "desk_history", (), "articles.view_operation"),
    doors("get", "desk_operation", ("operation",), "articles.view_operation"),
    doors("post", "desk_save_view", (), "articles.view_article", opens=302),
    doors("post", "desk_presence", (), "articles.view_article"),
    doors("post", "desk_undo_last", (), "articles.view_article", opens=302),
    *(doors("post", "desk_act", (), right, asking(verb), 302) for right, verbs in DEEDS.items() for verb in verbs),
]


@pytest.fixture
def newsroom() -> dict[str, Any]:
    article = builders.article("Storm", topics=["AI"])
    builders.picture(article)
    policy = type("Policy", (), {"pk": 1})
    admin = User.objects.create_superuser("first")
    operation = operations.pin(article, "title", by=Actor(admin, Via.DESK)).operation
    return {"article": article, "topic": Topic.objects.get(), "provider": Provider.objects.get(), "policy": policy} | {
        "admin": admin,
        "operation": operation,
        "image": article.images.get(),
        "attempt": AccessAttempt.objects.create(username="mallory", failures_since_start=1),
        "login": AccessLog.objects.create(username="first"),
    }


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_door_opens_to_those_with_its_right_alone(newsroom, door):
    """All roles try one after the other, each in a newsroom that nobody has touched: building one takes longest."""
    before, url, sent = stored(), door.url(newsroom), door.data(newsroom)
    tried = 0
    for role in ROLES:
        with undone():
            client, somebody = browser(role), None if role == "anonymous" else User.objects.get(username=role)
            allowed = somebody is not None and (door.right == STAFF_ONLY or somebody.has_perm(door.right))

            answer = getattr(client, door.method)(url, sent)

            if somebody is None:
                assert answer.status_code == 302
                assert answer["Location"].startswith(reverse("admin:login"))
            else:
                assert answer.status_code == (door.opens if allowed else 403), role
            assert allowed or stored() == before, role
            tried += 1
    assert tried == len(ROLES)


@pytest.mark.parametrize("door", [door for door in DOORS if door.right != STAFF_ONLY], ids=str)
def test_all_other_rights_together_open_no_door(newsroom, door):
    before = stored()
    somebody = User.objects.create_user("almost", is_staff=True)
    withheld = {door.right}
    if door.name.startswith("admin:") and ".view_" in door.right:  # who may change something may look at it
        withheld |= {door.right.replace(".view_", ".change_"), rights.CHANGE_POLICY}
    others = [each for each in Permission.objects.select_related("content_type") if full_name(each) not in withheld]
    somebody.user_permissions.set(others)
    client = Client()
    client.force_login(somebody)

    assert getattr(client, door.method)(door.url(newsroom), door.data(newsroom)).status_code == 403
    assert stored() == before


def full_name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def stored() -> list[Any]:
    return [list(model.objects.values()) for model in (Article, Topic, Provider)]


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_deed_of_the_desk_is_in_the_table():
    assert {verb for verbs in DEEDS.values() for verb in verbs} == desk_actions.ACTIONS.keys()


def test_every_address_of_the_admin_is_in_the_table():
    """A page that somebody adds to the admin has to say who may open it."""
    told = {door.name for door in DOORS} | {
        "desk_delete_view",  # one's own
        "desk_undo",  # takes the rights of what it undoes; see test_history_permissions.py
        "desk_restore",
        "desk_provider_history",
        *(f"admin:{name}" for name in ("login", "logout", "password_change", "password_change_done")),  # one's own
        *(f"admin:{name}" for name in ("autocomplete", "jsi18n", "view_on_site", "app_list")),
        "admin:articles_sitepolicy_rescore",  # see TestThePolicy
        "admin:articles_sitepolicy_add",  # there is one policy; nobody adds or deletes any
        "admin:articles_sitepolicy_delete",
        "admin:articles_sitepolicy_history",
        *(f"admin:{name}_history" for name in ("articles_topic", "providers_provider")),  # as their change pages
        "admin:providers_provider_delete",
    }
    found = {f"admin:{pattern.name}" for pattern in _patterns(admin.site.urls[0]) if pattern.name}
    found |= {pattern.name for pattern in desk_urls.urlpatterns}

    assert {name for name in found if not name.startswith("admin:auth_")} - told == set()


def _patterns(patterns: Any) -> list[Any]:
    found = []
    for pattern in patterns:
        found += _patterns(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]
    return found


# Actions

ACTIONS = {
    "publish_selected": "articles.publish",
    "hold_selected": rights.SCORE,
    "spike_selected": rights.SCORE,
    "reopen_selected": rights.SCORE,
    "rescore_selected": rights.SCORE,
    "unpin_selected": rights.SCORE,
    "delete_selected": "articles.delete_article",
}


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize(("action", "right"), ACTIONS.items())
def test_actions_are_offered_and_done_by_right_alone(role, action, right):
    client, somebody = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)
    operations.edit(article, heat=90)  # so that each action has something to change
    before = Article.objects.values().get()
    may_look, may = somebody.has_perm("articles.view_article"), somebody.has_perm(right)

    page = client.get(ARTICLES)
    assert page.status_code == (200 if may_look else 403)
    assert (f'value="{action}"' in page.content.decode()) == may
    data = {"action": action, "_selected_action": [article.pk], "post": "yes"}
    if action in ("hold_selected", "spike_selected", "reopen_selected"):
        may = may and somebody.has_perm(rights.PUBLISH)  # it is published
    client.post(ARTICLES, data, follow=True)

    is_untouched = list(Article.objects.values()) == [before]
    assert is_untouched == (not may or action == "rescore_selected")


# The fields of an article's page

WORDS = {
    "title": "Gale",
    "excerpt": "Wind.",
    "type": "video",
    "category": "weather",
    "body": "More",
    "tags": "GB",
    "featured_content": "<p>…</p>",
    **{name: f"https://www.courier.example/{name}" for name in ("web_url", "original_url", "amp_url", "cdn_amp_url")},
    "published_at_0": "2020-01-01",
    "provider": "HERALD",
}
SCHEDULED = {"decision": "published"}
NOBODYS = {  # nobody's by hand, not even a superuser's
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
    "engagement": "3",
    "content_hash": "x",
    "match_key": "x",
    "editor": "1",
    "editor_id": "1",
}
FIELDS: list[tuple[dict[str, str], set[str], str]] = [  # what is sent, the columns it means, the right it takes
    (WORDS, {name.removesuffix("_0") for name in WORDS} - {"provider"} | {"provider_id"}, "articles.change_article"),
    ({"quality": "95"}, {"quality", "heat"}, rights.SCORE),
    ({"heat": "95"}, {"heat"}, rights.SCORE),
    ({"decision": "spiked: other"}, {"state", "spike_reason"}, rights.SCORE),
    ({"decision": "held"}, {"state"}, rights.SCORE),
    ({"decision": "published"}, {"state", "published", "public"}, rights.PUBLISH),
    (SCHEDULED | {"publish_at_0": "2020-01-01", "publish_at_1": "10:00"}, {"state", "publish_at"}, rights.PUBLISH),
    (SCHEDULED | {"unpublish_at_0": "2090-01-01", "unpublish_at_1": "1:00"}, {"unpublish_at"}, rights.PUBLISH),
    ({"removed": "true"}, {"removed"}, rights.PUBLISH),
    (NOBODYS, set(), "articles.change_article"),
]


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize(
    ("sent", "columns", "right"),
    FIELDS,
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted(value))[:40],
)
def test_fields_change_by_right_alone_whatever_is_sent(role, sent, columns, right):
    """The form is sent as a superuser's page would, so that what a role's page doesn't offer is sent too."""
    client, somebody = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)
    herald = builders.provider("Herald", "herald.example")
    before = Article.objects.values().get()
    whole = browser("superuser") if role != "superuser" else client
    sent = {name: str(herald.pk) if value == "HERALD" else value for name, value in sent.items()}
    form = fields_of(whole.get(change_url(article)))

    client.post(change_url(article), form | sent | {"_save": "Save"})

    after = Article.objects.values().get()
    changed = {name for name in after if after[name] != before[name]}
    if somebody.has_perm("articles.change_article") and somebody.has_perm(right):
        assert columns <= changed
    if not (columns and somebody.has_perm("articles.change_article") and somebody.has_perm(right)):
        assert changed == set()


@pytest.mark.parametrize("role", STAFF)
def test_a_page_offers_the_fields_that_one_may_change(role):
    client, somebody = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)

    page = client.get(change_url(article))

    if not somebody.has_perm("articles.view_article"):
        assert page.status_code == 403
        return
    html = page.content.decode()
    may_change = somebody.has_perm("articles.change_article")
    assert ('name="title"' in html) == may_change
    assert ('name="quality"' in html) == (may_change and somebody.has_perm(rights.SCORE))
    assert ('name="decision"' in html) == (may_change and somebody.has_perm(rights.SCORE))
    assert ('<option value="published"' in html) == (may_change and somebody.has_perm(rights.PUBLISH))
    assert ('name="publish_at_0"' in html) == (may_change and somebody.has_perm(rights.PUBLISH))
    assert ('name="_save"' in html) == may_change
    assert ("deletelink" in html) == somebody.has_perm("articles.delete_article")


@pytest.mark.parametrize("role", STAFF)
def test_numbers_in_the_list_change_by_right_alone(role):
    client, somebody = browser(role), User.objects.get(username=role)
    article = builders.article("Storm", quality=20)
    whole = browser("superuser") if role != "superuser" else client
    form = fields_of(whole.get(ARTICLES)) | {"form-0-quality": "95", "_save": "Save"}

    client.post(ARTICLES, form)

    article.refresh_from_db()
    may = somebody.has_perm("articles.change_article") and somebody.has_perm(rights.SCORE)
    assert article.quality == (95 if may else 20)
    if somebody.has_perm("articles.view_article"):
        assert ('name="form-0-quality"' in client.get(ARTICLES).content.decode()) == may


@pytest.mark.parametrize("decision", ["undecided", "held", "spiked: other"])
def test_who_may_not_publish_may_not_withdraw_either_and_reads_why(decision):
    client = browser("editor")
    article = builders.article("Storm")
    form = fields_of(client.get(change_url(article))) | {"decision": decision, "_save": "Save"}

    page = client.post(change_url(article), form)

    assert page.status_code == 200
    assert page.context["errors"] == [["This article is published; withdrawing it needs the permission to publish."]]
    article.refresh_from_db()
    assert article.state == "published"


# Oneself, and the policy

POLICY_ROLES = ("reader", "contributor", "editor", "importer", "superuser")


@pytest.mark.parametrize("role", [role for role in STAFF if role != "superuser"])
def test_nobody_widens_their_own_rights(role):
    client, somebody = browser(role), User.objects.get(username=role)
    publishers = Group.objects.get(name="publisher")
    before = somebody.get_all_permissions()
    addresses = [
        reverse("admin:auth_user_change", args=[somebody.pk]),
        reverse("admin:auth_group_change", args=[publishers.pk]),
        reverse("admin:auth_group_add"),
        reverse("admin:auth_user_add"),
    ]
    for address in addresses:
        sent = {"username": role, "is_superuser": "on", "is_staff": "on", "groups": [publishers.pk], "name": role}
        assert client.get(address).status_code == 403
        assert client.post(address, sent).status_code == 403

    assert User.objects.get(pk=somebody.pk).get_all_permissions() == before
    assert not User.objects.get(pk=somebody.pk).is_superuser


class TestThePolicy:
    RESCORE = "admin:articles_sitepolicy_rescore"

    @pytest.mark.parametrize("role", POLICY_ROLES)
    def test_it_changes_by_its_own_right_alone(self, role):
        client, somebody = browser(role), User.objects.get(username=role)
        url = reverse("admin:articles_sitepolicy_change", args=[1])
        whole = browser("superuser") if role != "superuser" else client

        client.post(url, fields_of(whole.get(url)) | {"publish_threshold": "33", "_save": "Save"})

        changed = SitePolicy.current().publish_threshold == 33
        assert changed == somebody.has_perm(rights.CHANGE_POLICY)

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_nobody_adds_or_deletes_one(self, method):
        client = browser("superuser")
        operations.change_policy({"publish_threshold": 33})
        for url in (reverse("admin:articles_sitepolicy_add"), reverse("admin:articles_sitepolicy_delete", args=[1])):
            assert getattr(client, method)(url, {"post": "yes"}).status_code == 403
        assert SitePolicy.objects.get().publish_threshold == 33

    @pytest.mark.parametrize("role", POLICY_ROLES)
    def test_rescoring_all_takes_the_same_right(self, role):
        client, somebody = browser(role), User.objects.get(username=role)
        may = somebody.has_perm(rights.CHANGE_POLICY)
        article = builders.article(quality=20, heat=90)

        assert client.get(reverse(self.RESCORE)).status_code == (200 if may else 403)
        client.post(reverse(self.RESCORE))

        article.refresh_from_db()
        assert article.heat == (20 if may else 90)
