"""The list of articles in the admin: filters, columns, saving cells, and its actions."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.urls import reverse

from articles import operations
from articles.admin import article_list
from articles.audit_log.unit_of_work import Actor
from articles.models import (
    Article,
    Operation,
)
from tests import builders
from tests.admin.forms import ARTICLES, change_url, fields_of, messages_of, run_action, save, story
from tests.documents import CANONICAL

pytestmark = pytest.mark.django_db
SECRET = "c2VjcmV0LXN0dWZm"


class TestTheList:
    @pytest.mark.parametrize(("most", "shown"), [(2, "2+"), (3, "3")])
    def test_articles_are_counted_up_to_a_number(self, admin_client, monkeypatch, most, shown):
        assert article_list.COUNT_MAX == 1000
        monkeypatch.setattr(article_list, "COUNT_MAX", most)
        for _ in range(3):
            builders.article()

        assert str(admin_client.get(ARTICLES).context["cl"].result_count) == shown

    def test_a_large_count_is_written_as_at_the_desk(self):
        assert str(article_list.LowerBound(1000)) == "1k+"

    def test_show_all_is_offered_only_where_not_all_are_shown(self, admin_client):
        builders.article("Storm")

        everything = admin_client.get(ARTICLES).content.decode()
        found = admin_client.get(ARTICLES, {"q": "storm"}).content.decode()
        filtered = admin_client.get(ARTICLES, {"q": "storm", "state": "undecided"}).content.decode()

        assert "Show all" not in everything
        assert "Clear all filters" not in everything
        assert "1 found" in found
        assert '<a href="?">Show all</a>' in found
        assert "Clear all filters" not in found
        assert '<a href="?q=storm">Clear all filters</a>' in filtered

    def test_an_empty_list_says_where_its_rows_come_from(self, admin_client):
        empty = admin_client.get(ARTICLES).content.decode()
        builders.article()
        unmatched = admin_client.get(ARTICLES, {"state": "held"}).content.decode()

        assert "There are no articles yet. They come from documents, sources and the desk." in empty
        assert '<a href="/admin/articles/article/add/">Add article</a>' in empty
        assert "0 articles" not in empty
        assert "Nothing matches." in unmatched

    def test_an_editors_numbers_are_pinned_and_the_story_follows(self, admin_client):
        article = builders.article(quality=60)

        page = save(admin_client, ARTICLES, **{"form-0-quality": "75"})

        article.refresh_from_db()
        assert (article.quality, article.heat, article.published, article.public) == (75, 75, True, True)
        assert article.pins == ["quality"]
        assert "1 article was changed successfully." in messages_of(page)

    @pytest.mark.slow
    def test_a_save_says_what_followed_in_the_story(self, admin_client):
        lead, folded = story()
        row = list(Article.objects.values_list("pk", flat=True)).index(folded.pk)

        page = save(admin_client, ARTICLES, **{f"form-{row}-quality": "95"})

        assert "“Lead” was folded as a result." in messages_of(page)

    def test_saving_without_a_change_pins_and_changes_nothing(self, admin_client):
        story()
        builders.article(quality=None, heat=None)
        before = list(Article.objects.order_by("pk").values())

        save(admin_client, ARTICLES)

        assert list(Article.objects.order_by("pk").values()) == before

    def test_a_folded_article_has_a_word_in_place_of_its_heat(self, admin_client):
        builders.folded(builders.article("Lead"))
        page = admin_client.get(ARTICLES).content.decode()
        assert re.search(r'<input type="hidden" name="form-\d-heat" value="-1"[^>]*>folded', page)

    def test_a_folded_article_has_a_word_for_those_who_may_not_score(self, client, django_user_model):
        builders.folded(builders.article("Lead"))
        viewer = django_user_model.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_article"))
        client.force_login(viewer)
        page = client.get(ARTICLES).content.decode()
        assert '<td class="field-display_heat">folded</td>' in page

    def test_others_changes_meanwhile_stay(self, admin_client):
        article = builders.article(quality=80)
        sent = fields_of(admin_client.get(ARTICLES)) | {"form-0-quality": "99", "_save": "Save"}
        operations.edit(article, title="Gale")

        admin_client.post(ARTICLES, sent)

        article.refresh_from_db()
        assert (article.quality, article.title, article.pins) == (99, "Gale", ["quality", "title"])

    @pytest.mark.slow
    def test_a_second_edit_of_the_same_field_is_a_conflict(self, admin_client):
        article = builders.article(quality=60)
        sent = fields_of(admin_client.get(ARTICLES)) | {"form-0-quality": "75", "_save": "Save"}
        operations.edit(article, quality=90)

        page = admin_client.post(ARTICLES, sent)

        article.refresh_from_db()
        assert article.quality == 90
        [error] = page.context["cl"].formset[0].errors["quality"]
        assert error == (
            "The system changed this while you were editing: it is now “90”, you typed “75”. Save again to replace it."
        )
        admin_client.post(ARTICLES, fields_of(page) | {"_save": "Save"})
        article.refresh_from_db()
        assert article.quality == 75

    @pytest.mark.slow
    def test_a_script_that_sends_no_remembered_values_is_understood(self, admin_client):
        article = builders.article(quality=60)
        sent = {key: value for key, value in fields_of(admin_client.get(ARTICLES)).items() if "initial-" not in key}

        admin_client.post(ARTICLES, sent | {"form-0-quality": "61", "_save": "Save"})

        article.refresh_from_db()
        assert (article.quality, article.pins) == (61, ["quality"])

    def test_an_emptied_number_returns_to_the_document_and_the_policy(self, admin_client):
        article = builders.article(quality=60)
        operations.edit(article, heat=300, quality=75)

        save(admin_client, ARTICLES, **{"form-0-heat": "", "form-0-quality": ""})

        article.refresh_from_db()
        assert (article.quality, article.heat, article.pins) == (60, 60, [])

    @pytest.mark.parametrize(
        ("state", "names"),
        [
            ("unscored", ["Unscored"]),
            ("lead", ["Lead"]),
            ("single", ["Single", "Gone"]),
            ("folded", ["Member"]),
            ("published", ["Lead", "Single", "Gone"]),
            ("undecided", ["Member", "Unscored"]),
            ("held", []),
            ("public", ["Lead", "Single", "Unscored"]),
            ("removed", ["Gone"]),
            ("stale", ["Single"]),
            ("ambiguous", []),
            ("nonsense", ["Lead", "Member", "Unscored", "Single", "Gone"]),
        ],
    )
    def test_states_filter(self, admin_client, state, names):
        story()
        builders.article("Unscored", quality=None, heat=None)
        builders.article("Single", stale=True)
        builders.article("Gone", removed=True)

        page = admin_client.get(ARTICLES, {"state": state})

        assert {article.title for article in page.context["cl"].result_list} == set(names)

    @pytest.mark.slow
    def test_lists_can_be_narrowed(self, admin_client):
        herald = builders.provider("Herald", "herald.example", registered=True)
        operations.edit(builders.article(secured=SECRET), quality=90, by=Actor(User.objects.get()))
        builders.article(provider=herald, topics=["AI"])

        for query, number in (
            ({"editor": "me"}, 1),
            ({"editor": "anybody"}, 1),
            ({"editor": "nobody"}, 1),
            ({"topic": "ai"}, 1),
            ({"topic": "none\0"}, 0),
            ({"outlet": "herald.example"}, 1),
            ({"outlet": "hera"}, 1),
            ({"outlet": "x\0"}, 0),
            ({"time": "today"}, 0),
            ({"time": "2020"}, 2),
            ({"time": "2020-06"}, 2),
            ({"time": "2020-07"}, 0),
            ({"time": "9999"}, 2),
            ({"time": "2020-13"}, 2),
            ({"q": "courier"}, 1),
            ({"q": SECRET}, 0),
        ):
            page = admin_client.get(ARTICLES, query)
            assert len(page.context["cl"].result_list) == number, query

    @pytest.mark.parametrize("lookup", ["secured__startswith", "related_links__title", "provider__articles__secured"])
    def test_no_lookups_but_the_filters(self, admin_client, lookup):
        builders.article(secured=SECRET)

        assert admin_client.get(ARTICLES, {lookup: "c"}).status_code == 400

    @pytest.mark.slow
    def test_a_page_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        def add_story(number):
            outlet = builders.provider(f"Outlet {number}", f"{number}.example", registered=number % 2 == 0)
            lead = builders.article(provider=outlet, topics=["AI", f"Topic {number}"], heat=90)
            builders.folded(lead, provider=outlet)

        add_story(0)
        with count_queries() as for_one:
            admin_client.get(ARTICLES)
        for number in range(1, 6):
            add_story(number)
        with count_queries() as for_many:
            admin_client.get(ARTICLES)
        assert len(for_many) == len(for_one)

    @pytest.mark.slow
    def test_saving_takes_no_query_for_rows_that_did_not_change(self, admin_client, count_queries):
        builders.article()
        sent = fields_of(admin_client.get(ARTICLES)) | {"_save": "Save"}
        with count_queries() as for_one:
            admin_client.post(ARTICLES, sent)
        for _ in range(5):
            builders.article()
        sent = fields_of(admin_client.get(ARTICLES)) | {"_save": "Save"}
        with count_queries() as for_many:
            admin_client.post(ARTICLES, sent)
        assert len(for_many) == len(for_one)


class TestActions:
    @pytest.mark.slow
    def test_publishing_reports_count_and_refusals_with_reasons(self, admin_client):
        lead, folded = story()
        gone = builders.article("Gone", removed=True)
        weak = builders.article("Weak", quality=10)

        page = run_action(admin_client, "publish_selected", folded, gone, weak)

        assert messages_of(page) == [
            "1 article published.",
            "2 not published: “Member” is folded under “Lead”; publish that one; "
            "“Gone” was removed by its source; clear that first.",
            "“Weak” fails publish checks: no picture, no topic.",
        ]
        weak.refresh_from_db()
        assert (weak.published, weak.public, weak.pins) == (True, True, ["published"])

    @pytest.mark.slow
    @pytest.mark.parametrize(("action", "state"), [("hold", "held"), ("spike", "spiked"), ("reopen", "undecided")])
    def test_taking_from_readers(self, admin_client, action, state):
        articles = [builders.article(), builders.article()]

        page = run_action(admin_client, f"{action}_selected", *articles)

        assert messages_of(page)[0].startswith("2 articles ")
        undo = reverse("desk_operation", args=[Operation.objects.get().pk])
        assert f'. <a href="{undo}">Undo</a>' in page.content.decode()
        assert not Article.objects.public().exists()
        assert Article.objects.filter(state=state, pins=["published"]).count() == 2
        assert list(Operation.objects.values_list("verb", "via", "actor_name", "articles")) == [
            (action, "admin", "admin", 2)
        ]

    def test_rescoring(self, admin_client):
        article = builders.article(quality=60, heat=99)

        page = run_action(admin_client, "rescore_selected", article)

        article.refresh_from_db()
        assert (article.heat, article.public) == (60, False)
        assert messages_of(page) == ["1 article changed by rescoring; pins stayed."]

    @pytest.mark.slow
    def test_unpinning_lets_document_and_policy_decide_again(self, admin_client):
        article = builders.article("Storm", quality=60)
        operations.edit(article, quality=75, title="Strom")

        page = run_action(admin_client, "unpin_selected", article, builders.article())

        article.refresh_from_db()
        assert (article.quality, article.heat, article.title) == (60, 60, "Storm")
        assert (article.pins, article.wishes) == ([], {})
        assert messages_of(page) == ["1 article unpinned."]

    @pytest.mark.slow
    def test_what_unpinning_does_not_know_comes_back_with_the_next_import(self, admin_client, tmp_path):
        path = tmp_path / "2020-06-09-harbour-bridge-closes-for-repairs.md"
        path.write_text(CANONICAL, encoding="utf-8")
        call_command("import_articles", str(path), verbosity=0, stdout=StringIO())
        article = Article.objects.get()
        changes = {"related_links-0-DELETE": "on", "article_topics-0-DELETE": "on", "images-0-DELETE": "on"}
        save(admin_client, change_url(article), title="Bridge", **changes)
        article.refresh_from_db()
        assert (article.pins, article.heat) == (["images", "related", "title", "topics"], 80)

        run_action(admin_client, "unpin_selected", article)
        call_command("import_articles", str(path), verbosity=0, stdout=StringIO())

        article.refresh_from_db()
        assert article.title == "Harbour bridge closes for repairs"
        assert (article.related_links.count(), article.article_topics.count(), article.images.count()) == (1, 2, 2)

    @pytest.mark.slow
    def test_deleting_lets_the_story_follow(self, admin_client):
        lead, folded = story()

        page = admin_client.post(ARTICLES, {"action": "delete_selected", "_selected_action": lead.pk})
        assert "Related links: 1" in page.content.decode()
        admin_client.post(ARTICLES, {"action": "delete_selected", "_selected_action": lead.pk, "post": "yes"})

        folded.refresh_from_db()
        assert folded.lead is None

    @pytest.mark.slow
    @pytest.mark.parametrize("action", ["delete_selected", "hold_selected", "spike_selected"])
    def test_withdrawing_a_lead_asks_and_offers_to_publish_the_next_one(self, admin_client, action):
        lead, folded = story()
        one = admin_client.get(f"{ARTICLES}{lead.pk}/delete/")
        asked = run_action(admin_client, action, lead)

        for page in (one, asked):
            text = " ".join(page.content.decode().split())
            assert '<h2>1 story would leave the site</h2> <ul class="sample"><li>Lead</li></ul>' in text
            assert (
                f'name="in_place" value="{folded.pk}"> Publish “Member” ({folded.provider.name}) in its place' in text
            )
        assert not Operation.objects.exists()

        done = run_action(admin_client, action, lead, post="yes", in_place=folded.pk)
        assert "Readers see “Member” now." in messages_of(done)
        folded.refresh_from_db()
        assert folded.public


class TestManyArticles:
    def test_the_list_counts_no_further_than_it_must(self, admin_client, monkeypatch):
        monkeypatch.setattr("articles.admin.article_list.COUNT_MAX", 3)
        for _ in range(5):
            builders.article()

        assert "3+ articles" in admin_client.get(ARTICLES).content.decode()

    def test_the_order_of_the_list_is_one_that_an_index_serves(self, admin_client):
        builders.article()

        order = admin_client.get(ARTICLES).context["cl"].queryset.query.order_by

        assert order[:2] == ("-published_at", "file_name")
        assert {"pk", "-pk"}.isdisjoint(order)

    def test_a_name_finds_its_article(self, admin_client):
        article, _ = builders.article(), builders.article()

        page = admin_client.get(ARTICLES, {"q": article.name})

        assert list(page.context["cl"].result_list) == [article]


@pytest.mark.django_db
def test_a_role_is_shown_only_where_a_story_has_several_articles(admin_client):
    lead = builders.article("Lead")
    operations.fold_into(builders.article("Member"), lead)
    builders.article("Alone")
    roles = re.findall(r'<span class="role (\w+)', admin_client.get(ARTICLES).content.decode())
    assert sorted(roles) == ["folded", "lead"]
