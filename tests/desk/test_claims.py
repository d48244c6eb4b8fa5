"""Claims: who works on a story, handed over, released, and over by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Claim, Operation
from tests import builders
from tests.desk.helpers import DESK, HISTORY, member, messages_of, run_action

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client):
    return member("editor", "ben")


def holder(article: Article) -> str | None:
    claim = Claim.objects.active(timezone.now()).filter(article=article).first()
    return claim and claim.user.username


def texts(client: Client, article: Article) -> list[str]:
    """Return who has claimed a story by its row and its page, without the time."""
    pages = [client.get(f"{DESK}?view=all"), client.get(reverse("desk_story", args=[article.pk]))]
    words = [" ".join(page.content.decode().split()) for page in pages]
    return [text.partition('<span class="claim">')[2].partition(" until")[0].strip() for text in words]


@pytest.mark.slow
def test_a_claim_is_shown_and_listed_under_mine(publisher, ben):
    article = builders.article(version=1)
    assert messages_of(run_action(publisher, "claim", article)) == ["1 story claimed."]

    assert (holder(article), texts(publisher, article)) == ("ana", ["claimed by ana"] * 2)
    assert [row.article for row in publisher.get(f"{DESK}?view=claimed").context["rows"]] == [article]
    other = Client()
    other.force_login(ben)
    assert not other.get(f"{DESK}?view=claimed").context["rows"]
    assert Article.objects.get().version == article.version  # nobody's edit conflicts with it


@pytest.mark.slow
def test_it_locks_nothing_and_can_be_taken_over_handed_over_and_released(publisher, ben):
    article = builders.article(quality=10)
    colleague = Client()
    colleague.force_login(ben)
    run_action(colleague, "claim", article)

    run_action(publisher, "publish", article)
    article.refresh_from_db()
    assert article.state == "published"
    run_action(publisher, "claim", article)
    assert holder(article) == "ana"
    run_action(publisher, "hand_over", article, to=str(ben.pk))
    assert holder(article) == "ben"
    run_action(publisher, "release", article)
    assert holder(article) is None
    assert messages_of(run_action(publisher, "release", article)) == ["This story is not claimed."]
    assert [*Operation.objects.values_list("verb", flat=True)][:3] == ["release", "hand_over", "claim"]
    assert "ana → ben" in publisher.get(HISTORY).content.decode()


@pytest.mark.parametrize("to", ["", "0", "nonsense", "999999"])
def test_it_is_handed_over_to_staff_only(publisher, to):
    article = builders.article()
    [refusal] = messages_of(run_action(publisher, "hand_over", article, to=to))
    assert refusal == "Choose a colleague to hand it over to."


@pytest.mark.slow
def test_it_ends_by_itself(publisher):
    article = builders.article()
    run_action(publisher, "claim", article)
    Claim.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert (holder(article), texts(publisher, article)) == (None, ["", ""])
    assert not publisher.get(f"{DESK}?view=claimed").context["rows"]


@pytest.mark.slow
def test_undo_leaves_claims_alone(publisher):
    article = builders.article()
    run_action(publisher, "hold", article)
    run_action(publisher, "claim", article)
    publisher.post(reverse("desk_undo_last"))
    article.refresh_from_db()
    assert (article.state, holder(article)) == ("published", "ana")


class TestEditLink:
    @pytest.mark.slow
    def test_it_leads_staff_to_the_desk_and_to_sign_in_again(self, publisher, client):
        article = builders.article()
        url = f"{article.get_absolute_url().rstrip('/')}/edit"
        page = publisher.get(url, follow=True)
        assert page.request["PATH_INFO"] == reverse("desk_story", args=[article.pk])
        User.objects.create_superuser("eve", password="correct horse battery")
        signed_out = Client()
        signed_out.post("/admin/login/", {"username": "eve", "password": "correct horse battery"})
        signed_out.post("/admin/logout/")
        assert signed_out.get(url, follow=True).request["PATH_INFO"] == "/admin/login/"

    def test_it_tells_strangers_neither_which_stories_exist_nor_where_the_desk_is(self, client):
        hidden = builders.article(quality=10)
        nothing = client.get("/news/2020-06-09-nothing/")
        client.cookies["browser"] = "x ana"
        for name in (hidden.name, builders.article("On the site").name, "2020-06-09-nothing"):
            response = client.get(f"/news/{name}/edit")
            assert (response.status_code, response.content) == (404, nothing.content)
            assert not response.cookies
            assert "no-store" in response["Cache-Control"]
