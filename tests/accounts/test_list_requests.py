"""The lists of the admin refuse parameters and keys that no database can look up."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from articles.models import Article
from tests import builders
from tests.admin.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.systematic]
HUGE = "9" * 30
LISTS = ["articles/article", "articles/topic", "providers/provider", "auth/user", "auth/group", "axes/accesslog"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query", ["pk__exact=a%00", "a%00b=1", "id__regex=(", "id__nonsense=1", "x__year=99999", f"pk__in={HUGE}"]
)
def test_a_list_is_shown_without_a_filter_that_cannot_be_looked_up(admin_client, path, query):
    response = admin_client.get(f"/admin/{path}/?{query}")
    if path == "articles/article":
        assert response.status_code == 400  # this list allows its own filters alone
        return
    assert (response.status_code, response["Location"]) == (302, f"/admin/{path}/?e=1")
    assert admin_client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("order", ["1", "-6", "6", "6.-7", "99", "x", "²"])
@pytest.mark.parametrize("path", LISTS)
def test_a_list_can_be_put_in_any_order(admin_client, path, order):
    builders.article(topics=["AI"])
    assert admin_client.get(f"/admin/{path}/", {"o": order}).status_code == 200


def test_filters_that_pages_link_to_still_work(admin_client):
    article = builders.article()
    for query in (f"provider__id__exact={article.provider_id}", "state=published", "topic=a%00b"):
        assert admin_client.get(f"/admin/articles/article/?{query}").status_code == 200
    found = admin_client.get("/admin/auth/user/?is_superuser__exact=1")
    assert found.context["cl"].result_count == 1


@pytest.mark.parametrize("key", ["x", "", HUGE, "²", "a\0b", "-1", "1.5"])
def test_selected_rows_with_odd_keys_are_no_rows(admin_client, key):
    article = builders.article()
    data = {"action": "hold_selected", "_selected_action": [key, str(article.pk)]}
    assert admin_client.post("/admin/articles/article/", data).status_code == 302
    assert Article.objects.get().state == "held"
    data = {"action": "end_sessions", "_selected_action": [key]}
    assert admin_client.post("/admin/auth/user/", data).status_code in (200, 302)
    assert User.objects.count() == 1


def test_completing_a_name_with_a_nul_finds_nothing(admin_client):
    builders.topic("AI")
    query = {"app_label": "articles", "model_name": "topic", "field_name": "parent", "term": "A"}
    assert len(admin_client.get("/admin/autocomplete/", query).json()["results"]) == 1
    found = admin_client.get("/admin/autocomplete/", query | {"term": "A\0"})
    assert (found.status_code, found.json()) == (200, {"results": [], "pagination": {"more": False}})


@pytest.mark.parametrize("key", [HUGE, "x"])
def test_an_edited_row_with_an_odd_key_is_refused(admin_client, key):
    builders.article(quality=50)
    fields = fields_of(admin_client.get("/admin/articles/article/"))
    changed = fields | {"form-0-id": key, "form-0-quality": "60", "_save": "Save"}
    assert admin_client.post("/admin/articles/article/", changed).status_code == 200
    assert Article.objects.get().quality == 50


@pytest.mark.parametrize("value", [HUGE, "x", "'\"<&%s%(x)s{0}", ["1", "nonsense", "a\0b"]])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("auth/group/add/", "permissions"),
        ("auth/user/{}/change/", "groups"),
        ("auth/user/{}/change/", "user_permissions"),
        ("sources/source/add/", "topics"),
        ("sources/source/add/", "provider"),
        ("articles/topic/add/", "parent"),
    ],
)
def test_a_choice_that_no_row_can_be_is_an_error_of_the_form(admin_client, path, field, value):
    url = "/admin/" + path.format(User.objects.get().pk)
    page = admin_client.post(url, fields_of(admin_client.get(url)) | {field: value})
    assert page.status_code == 200
    assert field in page.context["adminform"].form.errors


@pytest.mark.parametrize("count", ["-1", "0"])
def test_stored_rows_sent_as_new_ones_are_refused(admin_client, count):
    outlet = builders.provider()
    outlet.logos.create(url="https://courier.example/logo.png", width=50, height=50)
    url = f"/admin/providers/provider/{outlet.pk}/change/"
    page = admin_client.post(url, fields_of(admin_client.get(url)) | {"logos-INITIAL_FORMS": count})
    assert page.status_code == 200
    assert outlet.logos.count() == 1
