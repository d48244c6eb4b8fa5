"""Times at the desk and in the admin are those of the user's time zone; readers see the site's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from tests import builders
from tests.admin.forms import fields_of
from tests.desk.helpers import DESK, messages_of, run_action

pytestmark = pytest.mark.django_db
PROFILE = "/admin/profile/"
NOON = datetime(2020, 6, 9, 12, 0, tzinfo=UTC)


@pytest.fixture
def tokyo(publisher: Client) -> Client:
    """Return the browser of a publisher who works in Tokyo."""
    Profile.objects.create(user=User.objects.get(), time_zone="Asia/Tokyo")
    return publisher


@pytest.fixture
def publisher(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ana"))
    return client


@pytest.mark.slow
def test_users_choose_a_zone_and_go_back_to_the_sites(publisher):
    page = publisher.post(PROFILE, {"time_zone": "Asia/Tokyo"}, follow=True)
    assert messages_of(page) == ["Your profile is saved."]
    assert "(Asia/Tokyo)" in page.content.decode()

    publisher.post(PROFILE, {"time_zone": ""})
    assert Profile.objects.get().time_zone == ""


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "\0", "x" * 500])
def test_other_names_are_refused(publisher, name):
    assert "time_zone" in publisher.post(PROFILE, {"time_zone": name}).context["form"].errors
    assert not Profile.objects.exists()


def test_a_zone_that_the_machine_no_longer_knows_is_the_sites(publisher):
    Profile.objects.create(user=User.objects.get(), time_zone="Europe/Atlantis")
    assert publisher.get(DESK).status_code == 200


@pytest.mark.slow
def test_times_are_shown_and_typed_in_it(tokyo):
    article = builders.article(published_at=NOON, publish_at=NOON)

    page = tokyo.get(reverse("desk_story", args=[article.pk])).content.decode()
    assert "9 Jun 2020, 21:00 JST" in page
    assert 'name="publish_at" value="2020-06-09T21:00"' in page
    assert "Time zone: Asia/Tokyo." in tokyo.get(f"/admin/articles/article/{article.pk}/change/").content.decode()

    run_action(tokyo, "schedule", article, publish_at="2020-06-09T22:00", zone="Asia/Tokyo")
    article.refresh_from_db()
    assert article.publish_at == NOON.replace(hour=13)


def test_a_time_typed_before_the_zone_changed_is_refused(tokyo):
    article = builders.article()
    [message] = messages_of(run_action(tokyo, "schedule", article, publish_at="2020-06-09T22:00", zone="UTC"))
    assert message == "Your time zone changed since this page was loaded. Reload it and type the time again."


@pytest.mark.slow
def test_the_admin_asks_about_a_time_typed_before_the_zone_changed(tokyo):
    article = builders.article(published_at=NOON)
    url = f"/admin/articles/article/{article.pk}/change/"
    form = fields_of(tokyo.get(url)) | {"decision": "published", "_save": "Save"}
    Profile.objects.update(time_zone="Europe/Berlin")
    assert tokyo.post(url, form | {"title": "Big storm"}).status_code == 302  # times that nobody typed are kept

    form = fields_of(tokyo.get(url)) | {"publish_at_0": "2099-06-09", "publish_at_1": "12:00", "_save": "Save"}
    Profile.objects.update(time_zone="Asia/Tokyo")
    asked = tokyo.post(url, form)
    assert asked.context["errors"] == [["Your time zone has changed since you typed this. Check it and save again."]]
    assert tokyo.post(url, fields_of(asked) | {"_save": "Save"}).status_code == 302
    article.refresh_from_db()
    assert (article.published_at, article.publish_at) == (NOON, datetime(2099, 6, 9, 3, 0, tzinfo=UTC))


def test_readers_and_previews_see_the_sites(tokyo):
    article = builders.article(published_at=NOON)
    preview = tokyo.get(reverse("desk_preview", args=[article.pk])).content.decode()
    assert "9 Jun 2020, 12:00 UTC" in preview
    assert "9 Jun 2020, 12:00 UTC" in tokyo.get(article.get_absolute_url()).content.decode()
