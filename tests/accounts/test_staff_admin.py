"""Adding a colleague in the admin."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from accounts import sessions

pytestmark = pytest.mark.django_db


def test_one_form_adds_an_editor(admin_client, monkeypatch):
    monkeypatch.setattr(sessions, "is_recently_confirmed", lambda session: True)
    url = reverse("admin:auth_user_add")
    form = admin_client.get(url).context["adminform"].form
    assert form["is_staff"].initial
    roles = {label: str(key) for key, label in form.fields["groups"].choices}

    password = "a long walk in the rain"
    sent = {
        "username": "ida",
        "password1": password,
        "password2": password,
        "is_staff": "on",
        "groups": roles["editor"],
    }
    page = admin_client.post(url, sent, follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "“ida” was added and can sign in with the password that you chose."
    ]
    assert page.context["original"].username == "ida"
    ida = User.objects.get(username="ida")
    assert (ida.is_staff, ida.groups.get()) == (True, Group.objects.get(name="editor"))
    assert ida.check_password(password)


def test_adding_an_account_without_staff_status_says_that_it_can_not_sign_in(admin_client, monkeypatch):
    monkeypatch.setattr(sessions, "is_recently_confirmed", lambda session: True)
    password = "a long walk in the rain"
    sent = {"username": "ida", "password1": password, "password2": password}
    page = admin_client.post(reverse("admin:auth_user_add"), sent, follow=True)
    assert "can&#x27;t sign in before you tick “Staff status”" in page.content.decode()


def test_people_are_listed_by_role(admin_client):
    editor = Group.objects.get(name="editor")
    User.objects.create_user("ida").groups.add(editor)
    User.objects.create_user("jan")
    url = reverse("admin:auth_user_changelist")
    page = admin_client.get(url).content.decode()
    assert "<summary>Role</summary>" in page
    assert "group" not in page.lower().partition('id="changelist-filter"')[2].replace("groups__", "")
    assert [
        user.username for user in admin_client.get(url, {"groups__id__exact": editor.pk}).context["cl"].queryset
    ] == ["ida"]


def test_deleting_a_role_names_the_people_who_lose_it(admin_client, monkeypatch):
    monkeypatch.setattr(sessions, "is_recently_confirmed", lambda session: True)
    editor = Group.objects.get(name="editor")
    for name in ("ida", "jan"):
        User.objects.create_user(name).groups.add(editor)
    pages = (
        admin_client.get(reverse("admin:auth_group_delete", args=[editor.pk])),
        admin_client.post(
            reverse("admin:auth_group_changelist"), {"action": "delete_selected", "_selected_action": editor.pk}
        ),
    )
    for page in pages:
        text = page.content.decode()
        assert "ida loses this role" in text
        assert "jan loses this role" in text
        assert "object (" not in text


def test_deleting_a_person_lists_no_rows_between_tables(admin_client, monkeypatch):
    monkeypatch.setattr(sessions, "is_recently_confirmed", lambda session: True)
    ida = User.objects.create_user("ida")
    ida.groups.add(Group.objects.get(name="editor"))
    text = admin_client.get(reverse("admin:auth_user_delete", args=[ida.pk])).content.decode()
    assert "ida" in text
    assert "object (" not in text
    assert "relationship" not in text


def test_passwords_that_differ_are_typed_again_at_once(admin_client, monkeypatch):
    monkeypatch.setattr(sessions, "is_recently_confirmed", lambda session: True)
    url = reverse("admin:auth_user_add")
    assert re.search(r'<input[^>]*name="username"[^>]*autofocus', admin_client.get(url).content.decode())
    sent = {"username": "ida", "password1": "a long walk in the rain", "password2": "another"}
    page = admin_client.post(url, sent).content.decode()
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]*autofocus', page) == ["password1"]
    assert "You can fill in the rest of the account once it is added." in page


def test_a_permission_that_is_no_longer_offered_stays_until_it_is_taken_away(admin_client):
    held = Permission.objects.get(codename="view_session")
    role = Group.objects.get(name="importer")
    role.permissions.add(held)

    form = admin_client.get(reverse("admin:auth_group_change", args=[role.pk])).context["adminform"].form
    assert held in form.fields["permissions"].queryset
    other = admin_client.get(reverse("admin:auth_group_add")).context["adminform"].form
    assert held not in other.fields["permissions"].queryset


@pytest.mark.slow
def test_permissions_are_named_without_apps_and_internal_models(admin_client):
    role = Group.objects.get(name="editor")
    page = admin_client.get(reverse("admin:auth_group_change", args=[role.pk])).content.decode()
    assert re.search(r"<option[^>]*>Article: Can change article</option>", page)
    assert " | " not in page.partition('id="id_permissions"')[2].partition("</select>")[0]
    assert not any(name in page for name in ("attempt counter", "Can add session", "Can add content type"))
    offered = admin_client.get(reverse("admin:auth_group_change", args=[role.pk])).context["adminform"].form
    assert {*role.permissions.all()} <= {*offered.fields["permissions"].queryset}


def test_no_crumb_is_said_twice(admin_client):
    page = admin_client.get(reverse("admin:auth_user_changelist")).content.decode()
    crumbs = re.search(r'class="breadcrumbs">(.*?)</div>', page, re.DOTALL)[1]
    assert re.sub(r"<[^>]*>|\s+", " ", crumbs).split("&rsaquo;")[1].strip() == "People and roles"
