"""All pages of the admin: permissions, hostile text, and no inline script."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User

from articles.models import (
    Article,
    SitePolicy,
)
from articles.rules.scoring import Policy
from tests import builders
from tests.admin.forms import ARTICLES, POLICY, PROVIDERS, TOPICS, change_url, run_action, save, story

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"
SECRET = "c2VjcmV0LXN0dWZm"


class TestHostileText:
    @pytest.mark.systematic
    def test_it_is_escaped_on_every_page_and_in_messages(self, admin_client):
        outlet = builders.provider(SCRIPT, SCRIPT)
        topic = builders.topic(SCRIPT)
        texts = {"title": SCRIPT, "excerpt": SCRIPT, "featured_content": SCRIPT, "body": SCRIPT, "tags": [SCRIPT]}
        lead = builders.article(
            provider=outlet, topics=[SCRIPT], extra=[[SCRIPT, SCRIPT]], wishes={"title": SCRIPT}, **texts
        )
        folded = builders.folded(lead, SCRIPT, provider=outlet)
        pages = [
            admin_client.get(ARTICLES),
            admin_client.get(change_url(lead)),
            admin_client.get(change_url(folded)),
            run_action(admin_client, "publish_selected", folded),
            admin_client.post(ARTICLES, {"action": "delete_selected", "_selected_action": lead.pk}),
            save(admin_client, change_url(lead), quality="99"),
            admin_client.get(f"{ARTICLES}{lead.pk}/history/"),
            admin_client.get(f"{ARTICLES}{lead.pk}/delete/"),
            admin_client.get(TOPICS),
            admin_client.get(f"{TOPICS}{topic.pk}/change/"),
            admin_client.get(PROVIDERS),
            admin_client.get(f"{PROVIDERS}{outlet.pk}/change/"),
            admin_client.get("/admin/"),
        ]

        assert not [page.request["PATH_INFO"] for page in pages if SCRIPT in page.content.decode()]

    @pytest.mark.systematic
    def test_secured_is_shown_nowhere(self, admin_client):
        lead, folded = story()
        Article.objects.update(secured=SECRET)
        pages = [
            admin_client.get(ARTICLES),
            admin_client.get(change_url(lead)),
            admin_client.get(change_url(folded)),
            save(admin_client, change_url(lead), quality="99"),
            admin_client.get(f"{ARTICLES}{lead.pk}/history/"),
            admin_client.get(f"{ARTICLES}{lead.pk}/delete/"),
        ]

        assert not [page.request["PATH_INFO"] for page in pages if SECRET in page.content.decode()]
        assert set(Article.objects.values_list("secured", flat=True)) == {SECRET}


PAGES = [ARTICLES, f"{ARTICLES}add/", TOPICS, PROVIDERS, "/admin/articles/sitepolicy/", POLICY]


class TestWhoMay:
    @pytest.mark.parametrize("url", [*PAGES, "/admin/articles/sitepolicy/rescore/"])
    def test_strangers_log_in_first(self, client, url):
        for response in (client.get(url), client.post(url)):
            assert response.url == f"/admin/login/?next={url}"

    @pytest.mark.parametrize("url", [*PAGES, "/admin/articles/sitepolicy/rescore/"])
    def test_staff_without_permission_gets_nothing(self, client, url):
        client.force_login(User.objects.create_user("idle", is_staff=True))

        for response in (client.get(url), client.post(url)):
            assert response.status_code == 403

    @pytest.mark.slow
    def test_users_with_view_permission_see_no_buttons(self, client):
        user = User.objects.create_user("reader", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
        client.force_login(user)
        article = builders.article(topics=["AI"])

        for url in (ARTICLES, change_url(article), POLICY):
            page = client.get(url).content.decode()
            assert 'name="_save"' not in page
            assert "publish_selected" not in page
            assert "Rescore" not in page
            assert "Apply to all" not in page
            assert 'name="_preview"' not in page
        for button in ("_save", "_preview"):
            assert client.post(POLICY, {"publish_threshold": "5", button: "x"}).status_code == 403
        assert SitePolicy.current() == Policy()
        client.post(ARTICLES, {"action": "withdraw_selected", "_selected_action": article.pk})
        article.refresh_from_db()
        assert article.public
        assert client.get("/admin/articles/sitepolicy/rescore/").status_code == 403


def test_the_admin_has_the_sites_name_and_hides_unused_models(admin_client):
    page = admin_client.get("/admin/").content.decode()

    assert "Newsfold" in page
    assert "/admin/taggit/" not in page


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (PROVIDERS, "There are no outlets yet."),
        (TOPICS, "There are no topics yet."),
        ("/admin/sources/source/", "Nothing is followed yet."),
        ("/admin/axes/accessattempt/", "There are no failed sign-ins."),
    ],
)
def test_an_empty_list_says_what_belongs_there(admin_client, url, words):
    page = admin_client.get(url).content.decode()
    assert words in page
    assert "0 " not in page.partition('<p class="empty">')[2].partition("</form>")[0]


@pytest.mark.slow
def test_no_page_needs_inline_script_or_style(admin_client):
    article = builders.article(topics=["AI"])
    urls = [ARTICLES, change_url(article), TOPICS, PROVIDERS, POLICY, "/admin/articles/sitepolicy/rescore/"]
    for url in urls:
        page = admin_client.get(url).content.decode()
        assert " style=" not in page
        assert "<script>" not in page
        assert "<style" not in page
        assert " onclick=" not in page
