"""The responses while a service is unavailable, and when a view fails."""

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.test import Client
from django.urls import reverse

from articles.page_cache import middleware
from articles.public import views
from config import error_views

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def failing(error):
    def fail(*args, **kwargs):
        raise error

    return fail


UNREACHABLE = EndpointConnectionError(endpoint_url="https://s3.example")


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed"), UNREACHABLE])
@pytest.mark.parametrize(
    "place", [(middleware, "current_version"), (views, "_list_context")], ids=["middleware", "view"]
)
def test_an_unavailable_service_is_a_503_with_retry_after(client, monkeypatch, error, place):
    monkeypatch.setattr(error_views, "UNAVAILABLE", error_views.unavailable_errors("s3://pictures"))
    monkeypatch.setattr(*place, failing(error))
    response = client.get("/latest/")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    assert "We’ll be back shortly" in response.content.decode()


@pytest.mark.parametrize(("storage", "is_unavailable"), [("", False), ("s3://pictures", True)])
def test_bucket_errors_count_only_if_a_bucket_is_configured(storage, is_unavailable):
    assert isinstance(UNREACHABLE, error_views.unavailable_errors(storage)) == is_unavailable


@pytest.mark.parametrize("error", [ProgrammingError("no such column"), ValueError("ours")])
def test_other_errors_stay_500(client, monkeypatch, error):
    monkeypatch.setattr(views, "_list_context", failing(error))
    response = client.get("/latest/")
    assert response.status_code == 500
    assert "Retry-After" not in response


def test_the_api_returns_the_503_as_json(client, monkeypatch):
    monkeypatch.setattr("articles.api.views._site_page", failing(OperationalError("gone")))
    response = client.get("/api/news/")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json()["hint"] == "Try again after the number of seconds in Retry-After."


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [
        {"text": "x" * 2_500_001},
        {f"field{number}": "" for number in range(12_001)},
        {f"file{number}": SimpleUploadedFile("x", b"x") for number in range(101)},
    ],
    ids=["bytes", "fields", "files"],
)
def test_a_request_that_is_too_large_is_rejected(admin_client, sent):
    response = admin_client.post("/admin/articles/article/add/", sent)
    assert response.status_code == 400
    assert "We could not read that request" in response.content.decode()


@pytest.mark.parametrize("name", ["desk_act", "admin:articles_article_add"])
def test_an_old_token_asks_to_reload_the_page(admin_user, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    client.cookies["csrf"] = "b" * 32  # of the sign-in in another tab

    page = client.post(reverse(name), {"csrfmiddlewaretoken": "a" * 32})

    assert page.status_code == 403
    assert "Your session was renewed in another tab. Reload this page." in page.content.decode()


@pytest.mark.parametrize("path", ["/admin/desk/story/999999/", "/admin/nothing/here/"])
def test_staff_get_a_missing_page_in_the_admins_design(admin_client, path):
    response = admin_client.get(path)
    page = response.content.decode()
    assert response.status_code == 404
    assert "There is no page at this URL" in page
    assert f'href="{reverse("admin:index")}">Home</a>' in page
    assert f'href="{reverse("desk")}">The desk</a>' in page
    assert "no longer published" not in page


def test_staff_without_a_permission_get_a_page_in_the_admins_design(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("una", is_staff=True))
    response = client.get(reverse("desk"))
    page = response.content.decode()
    assert response.status_code == 403
    assert "You are signed in as una." in page
    assert f'href="{reverse("admin:index")}">Home</a>' in page
    assert "The desk</a>" not in page, "they may not open it"


def test_a_missing_public_page_is_the_same_for_staff(admin_client):
    assert "no longer published" in admin_client.get("/news/nothing/").content.decode()


def test_users_who_are_not_staff_learn_nothing_about_the_admin(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("reader"))
    response = client.get("/admin/nothing/here/", follow=True)
    assert "There is no page at this URL" not in response.content.decode()
