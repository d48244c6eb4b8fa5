"""The editors' admin through the test client, with forms filled in as a browser would."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from articles import operations
from articles.admin import article_list as module
from articles.audit_log.unit_of_work import Actor
from articles.models import (
    Article,
    ArticleImage,
    ArticleTopic,
    Operation,
    Policies,
    SitePolicy,
    Topic,
    TopicPolicy,
)
from articles.rules.scoring import Policy
from providers.models import Provider, ProviderLogo
from tests import builders
from tests.admin.forms import ARTICLES, change_url, fields_of, save, told
from tests.documents import CANONICAL

pytestmark = pytest.mark.django_db

TOPICS = "/admin/articles/topic/"
PROVIDERS = "/admin/providers/provider/"
POLICY = "/admin/articles/sitepolicy/1/change/"
SCRIPT = "<script>alert(1)</script>"
SECRET = "c2VjcmV0LXN0dWZm"


def act(client, action: str, *articles: Article):
    chosen = {"action": action, "_selected_action": [article.pk for article in articles]}
    return client.post(ARTICLES, chosen, follow=True)


def story() -> tuple[Article, Article]:
    lead = builders.article("Lead", quality=80, heat=90)
    folded = builders.folded(lead, "Member")
    builders.related(folded, lead)
    return lead, folded


class TestTheList:
    @pytest.mark.parametrize(("most", "shown"), [(2, "2+"), (3, "3")])
    def test_articles_are_counted_up_to_a_number(self, admin_client, monkeypatch, most, shown):
        assert module.COUNT_MAX == 1000
        monkeypatch.setattr(module, "COUNT_MAX", most)
        for _ in range(3):
            builders.article()

        assert str(admin_client.get(ARTICLES).context["cl"].result_count) == shown

    def test_an_editors_numbers_are_pinned_and_the_story_follows(self, admin_client):
        article = builders.article(quality=60)

        page = save(admin_client, ARTICLES, **{"form-0-quality": "75"})

        article.refresh_from_db()
        assert (article.quality, article.heat, article.published, article.public) == (75, 75, True, True)
        assert article.pins == ["quality"]
        assert "1 article was changed successfully." in told(page)

    def test_a_save_says_what_followed_in_the_story(self, admin_client):
        lead, folded = story()
        row = list(Article.objects.values_list("pk", flat=True)).index(folded.pk)

        page = save(admin_client, ARTICLES, **{f"form-{row}-quality": "95"})

        assert "Followed by the policy: “Lead”: heat 90 → -1, published yes → no." in told(page)

    def test_saving_without_a_change_pins_and_changes_nothing(self, admin_client):
        story()
        builders.article(quality=None, heat=None)
        before = list(Article.objects.order_by("pk").values())

        save(admin_client, ARTICLES)

        assert list(Article.objects.order_by("pk").values()) == before

    def test_others_changes_meanwhile_stay(self, admin_client):
        article = builders.article(quality=80)
        sent = fields_of(admin_client.get(ARTICLES)) | {"form-0-quality": "99", "_save": "Save"}
        operations.edit(article, title="Gale")

        admin_client.post(ARTICLES, sent)

        article.refresh_from_db()
        assert (article.quality, article.title, article.pins) == (99, "Gale", ["quality", "title"])

    def test_two_editors_on_one_field_the_second_is_asked(self, admin_client):
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

    def test_a_script_that_sends_no_remembered_values_is_understood(self, admin_client):
        article = builders.article(quality=60)
        sent = {key: value for key, value in fields_of(admin_client.get(ARTICLES)).items() if "initial-" not in key}

        admin_client.post(ARTICLES, sent | {"form-0-quality": "61", "_save": "Save"})

        article.refresh_from_db()
        assert (article.quality, article.pins) == (61, ["quality"])

    def test_an_emptied_number_goes_back_to_document_and_policy(self, admin_client):
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

    @pytest.mark.parametrize(
        ("query", "number"),
        [
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
        ],
    )
    def test_lists_can_be_narrowed(self, admin_client, query, number):
        herald = builders.provider("Herald", "herald.example", registered=True)
        operations.edit(builders.article(secured=SECRET), quality=90, by=Actor(User.objects.get()))
        builders.article(provider=herald, topics=["AI"])

        page = admin_client.get(ARTICLES, query)

        assert len(page.context["cl"].result_list) == number

    @pytest.mark.parametrize("lookup", ["secured__startswith", "related_links__title", "provider__articles__secured"])
    def test_no_lookups_but_the_filters(self, admin_client, lookup):
        builders.article(secured=SECRET)

        assert admin_client.get(ARTICLES, {lookup: "c"}).status_code == 400

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
    def test_publishing_reports_count_and_refusals_with_reasons(self, admin_client):
        lead, folded = story()
        gone = builders.article("Gone", removed=True)
        weak = builders.article("Weak", quality=10)

        page = act(admin_client, "publish_selected", folded, gone, weak)

        assert told(page) == [
            "1 article published.",
            "2 not published: “Member” is folded under “Lead”; publish that one; "
            "“Gone” was removed by its source; clear that first.",
        ]
        weak.refresh_from_db()
        assert (weak.published, weak.public, weak.pins) == (True, True, ["published"])

    @pytest.mark.parametrize(("action", "state"), [("hold", "held"), ("spike", "spiked"), ("reopen", "undecided")])
    def test_taking_from_readers(self, admin_client, action, state):
        articles = [builders.article(), builders.article()]

        page = act(admin_client, f"{action}_selected", *articles)

        assert told(page)[0].startswith("2 articles ")
        assert not Article.objects.public().exists()
        assert Article.objects.filter(state=state, pins=["published"]).count() == 2
        assert list(Operation.objects.values_list("verb", "via", "actor_name", "articles")) == [
            (action, "admin", "admin", 2)
        ]

    def test_rescoring(self, admin_client):
        article = builders.article(quality=60, heat=99)

        page = act(admin_client, "rescore_selected", article)

        article.refresh_from_db()
        assert (article.heat, article.public) == (60, False)
        assert told(page) == ["1 article changed by rescoring; pins stayed."]

    def test_unpinning_lets_document_and_policy_decide_again(self, admin_client):
        article = builders.article("Storm", quality=60)
        operations.edit(article, quality=75, title="Strom")

        page = act(admin_client, "unpin_selected", article, builders.article())

        article.refresh_from_db()
        assert (article.quality, article.heat, article.title) == (60, 60, "Storm")
        assert (article.pins, article.wishes) == ([], {})
        assert told(page) == ["1 article unpinned."]

    def test_what_unpinning_does_not_know_comes_back_with_the_next_import(self, admin_client, tmp_path):
        path = tmp_path / "2020-06-09-harbour-bridge-closes-for-repairs.md"
        path.write_text(CANONICAL, encoding="utf-8")
        call_command("import_articles", str(path), verbosity=0, stdout=StringIO())
        article = Article.objects.get()
        changes = {"related_links-0-DELETE": "on", "article_topics-0-DELETE": "on", "images-0-DELETE": "on"}
        save(admin_client, change_url(article), title="Bridge", **changes)
        article.refresh_from_db()
        assert (article.pins, article.heat) == (["images", "related", "title", "topics"], 80)

        act(admin_client, "unpin_selected", article)
        call_command("import_articles", str(path), verbosity=0, stdout=StringIO())

        article.refresh_from_db()
        assert article.title == "Harbour bridge closes for repairs"
        assert (article.related_links.count(), article.article_topics.count(), article.images.count()) == (1, 2, 2)

    def test_deleting_lets_the_story_follow(self, admin_client):
        lead, folded = story()

        page = admin_client.post(ARTICLES, {"action": "delete_selected", "_selected_action": lead.pk})
        assert "Related links: 1" in page.content.decode()
        admin_client.post(ARTICLES, {"action": "delete_selected", "_selected_action": lead.pk, "post": "yes"})

        folded.refresh_from_db()
        assert folded.lead is None


class TestTheArticlesPage:
    def test_only_what_changed_is_pinned(self, admin_client):
        article = builders.article(excerpt="One\nTwo ", body="Text\n\nMore\n", topics=["AI"])

        save(admin_client, change_url(article), title="A better title")

        article.refresh_from_db()
        assert (article.title, article.excerpt, article.pins) == ("A better title", "One\nTwo ", ["title"])

    def test_saving_without_a_change_pins_nothing(self, admin_client):
        lead, _ = story()
        ArticleImage.objects.create(article=lead, url="https://x.example/1.jpg")
        builders.topic("AI")
        ArticleTopic.objects.create(content_object=lead, tag=builders.topic(), position=7)
        before = Article.objects.filter(pk=lead.pk).values().get()

        save(admin_client, change_url(lead))

        assert Article.objects.filter(pk=lead.pk).values().get() == before
        assert lead.article_topics.get().position == 7

    def test_a_folded_article_is_not_published(self, admin_client):
        _, folded = story()

        page = save(admin_client, change_url(folded), decision="published")

        assert page.context["errors"] == [["This article is folded under “Lead”; publish that one."]]

    def test_a_stale_page_asks(self, admin_client):
        article = builders.article("Storm")
        sent = fields_of(admin_client.get(change_url(article))) | {"title": "Gale", "_save": "Save"}
        operations.edit(article, title="Hurricane", excerpt="Wind.")

        page = admin_client.post(change_url(article), sent)
        assert "it is now “Hurricane”" in page.context["errors"][0][0]
        admin_client.post(change_url(article), fields_of(page) | {"_save": "Save"})

        article.refresh_from_db()
        assert (article.title, article.excerpt) == ("Gale", "Wind.")

    def test_editing_related_links_pins_them_and_the_story_follows(self, admin_client):
        lead, folded = story()

        save(admin_client, change_url(lead), **{"related_links-0-DELETE": "on"})

        lead.refresh_from_db()
        folded.refresh_from_db()
        assert (lead.heat, lead.pins) == (80, ["related"])
        assert (folded.heat, folded.lead) == (-1, None)  # it lists the better one still, which leads no story now

    def test_a_new_related_link_meets_its_article(self, admin_client):
        article = builders.article(quality=80)
        other = builders.article("Coverage", quality=50)
        row = {
            "title": other.title,
            "provider": other.provider_id,
            "published_at": f"{other.published_at:%Y-%m-%d %H:%M:%S}",
            "web_url": other.web_url,
            "quality": "50",
        }
        operations.edit(other, excerpt="…")  # sets its match key

        save(
            admin_client,
            change_url(article),
            **{f"related_links-0-{name}": value for name, value in row.items()},
            **{"related_links-TOTAL_FORMS": "1"},
        )

        link = article.related_links.get()
        article.refresh_from_db()
        assert link.target == other
        assert (article.heat, article.pins) == (90, ["related"])

    def test_a_long_list_can_be_saved(self, admin_client):
        article = builders.article()
        for _ in range(100):  # documents may have 500
            builders.related(article)

        save(admin_client, change_url(article), title="Gale")

        article.refresh_from_db()
        assert article.title == "Gale"

    def test_topics_keep_the_order_that_the_editor_gives(self, admin_client):
        article = builders.article(topics=["AI", "Robots"])
        robots, news = article.article_topics.last(), builders.topic("News")

        save(
            admin_client,
            change_url(article),
            **{
                "article_topics-0-position": "5",
                "article_topics-2-tag": news.pk,
                "article_topics-2-position": "",
                "article_topics-TOTAL_FORMS": "3",
            },
        )

        rows = article.article_topics.values_list("tag__name", "position")
        article.refresh_from_db()
        assert list(rows) == [("Robots", 0), ("AI", 1), ("News", 2)]
        assert article.pins == ["topics"]
        assert robots.tag.name == "Robots"

    def test_an_article_written_by_hand_gets_its_name_and_follows_the_policy(self, admin_client):
        outlet = builders.provider()
        typed = {
            "title": "Storm over Rome",
            "provider": outlet.pk,
            "published_at_0": "2020-06-09",
            "published_at_1": "08:00:00",
            "web_url": "https://www.courier.example/storm",
            "quality": "75",
        }

        save(admin_client, f"{ARTICLES}add/", **typed)

        article = Article.objects.get()
        assert (article.name, article.heat, article.public) == ("2020-06-09-storm-over-rome", 75, True)
        assert article.match_key
        assert "name" not in admin_client.get(change_url(article)).context["adminform"].form.fields
        again = save(admin_client, f"{ARTICLES}add/", **typed)
        assert again.context["errors"] == [
            ["An article is already named 2020-06-09-storm-over-rome. Type another name."]
        ]

    def test_it_tells_why(self, admin_client):
        lead, folded = story()
        Article.objects.filter(pk=lead.pk).update(extra=[["mood", "calm"]])
        operations.edit(lead, quality=85)

        page = admin_client.get(change_url(lead)).content.decode()

        assert "heat 95: 85 (quality) + 10 (1 related × 10)" in page
        assert "suggested quality 0: no term applies" in page
        assert "pinned quality: its document says 80" in page
        assert "decided by the policy of the site: threshold 70" in page
        assert "&quot;mood&quot;" in page
        assert f'href="{lead.get_absolute_url()}"' in page
        page = admin_client.get(change_url(folded)).content.decode()
        assert f'<a href="{change_url(lead)}">Lead</a>' in page
        assert "heat -1: “Lead” leads the story" in page
        assert f'href="{folded.get_absolute_url()}"' not in page

    def test_a_page_takes_the_same_queries_for_few_and_many(self, admin_client, count_queries):
        def grow(article, number):
            outlet = builders.provider(f"Outlet {number}", f"{number}.example")
            builders.related(article, builders.article(), provider=outlet)
            builders.related(builders.article(), article)
            ArticleTopic.objects.create(content_object=article, tag=builders.topic(f"T{number}"), position=number)
            ArticleImage.objects.create(article=article, url=f"https://x.example/{number}.jpg")

        article = builders.article()
        grow(article, 0)
        admin_client.get(change_url(article))  # content types are asked for once
        with count_queries() as for_one:
            admin_client.get(change_url(article))
        for number in range(1, 6):
            grow(article, number)
        with count_queries() as for_many:
            admin_client.get(change_url(article))
        assert len(for_many) == len(for_one)

    def test_an_address_that_is_no_web_address_is_refused(self, admin_client):
        article = builders.article()

        page = save(admin_client, change_url(article), web_url="javascript:alert(1)")

        assert "Addresses start with http:// or https://." in page.content.decode()


class TestHostileText:
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
            act(admin_client, "publish_selected", folded),
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


class TestTopics:
    def test_they_are_listed_as_a_tree(self, admin_client):
        technology = builders.topic("Technology", registry_name="0001-technology")
        sport = builders.topic("Sport", registry_name="0000-sport")
        robots = builders.topic("Robots", parent=technology)
        builders.topic("Arms", parent=robots)

        rows = admin_client.get(TOPICS).context["cl"].result_list

        assert [(topic.name, topic.depth) for topic in rows] == [
            (sport.name, 0),
            ("Technology", 0),
            ("Robots", 1),
            ("Arms", 2),
        ]

    def test_a_circle_is_refused_and_even_a_stored_one_is_listed(self, admin_client):
        upper = builders.topic("Upper")
        lower = builders.topic("Lower", parent=upper)

        page = save(admin_client, f"{TOPICS}{upper.pk}/change/", parent=lower.pk)
        assert "“Lower” already stands below “Upper”. Pick another parent." in page.content.decode()

        Topic.objects.filter(pk=upper.pk).update(parent=lower)
        assert len(admin_client.get(TOPICS).context["cl"].result_list) == 2

    def test_keywords_are_one_a_line(self, admin_client):
        topic = builders.topic("AI", keywords=["neural net", "AI"], images=["https://x.example/ai.jpg"])
        url = f"{TOPICS}{topic.pk}/change/"
        assert "neural net\nAI</textarea>" in admin_client.get(url).content.decode()

        save(admin_client, url, keywords="neural net\r\n\r\n robot \r\n")

        topic.refresh_from_db()
        assert (topic.keywords, topic.images) == (["neural net", "robot"], ["https://x.example/ai.jpg"])

    def test_a_picture_that_is_no_web_address_is_refused(self, admin_client):
        topic = builders.topic("AI")

        page = save(admin_client, f"{TOPICS}{topic.pk}/change/", images="javascript:alert(1)")

        assert "URLs start with http:// or https://: javascript:alert(1)" in page.content.decode()

    def test_the_list_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        parent = builders.topic("T0")
        with count_queries() as for_one:
            admin_client.get(TOPICS)
        for number in range(1, 6):
            parent = builders.topic(f"T{number}", parent=parent)
            builders.article(topics=[parent.name])
        with count_queries() as for_many:
            admin_client.get(TOPICS)
        assert len(for_many) == len(for_one)


def picture(format: str = "PNG", size=(40, 20)) -> bytes:
    output = BytesIO()
    Image.new("RGB", size, "red").save(output, format)
    return output.getvalue()


class TestProviders:
    @pytest.fixture(autouse=True)
    def _media(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path

    def upload(self, client, outlet: Provider, data: bytes, name: str = "logo.png", row: int = 0):
        url = f"{PROVIDERS}{outlet.pk}/change/"
        sent = fields_of(client.get(url)) | {
            "logos-TOTAL_FORMS": str(row + 1),
            f"logos-{row}-file": SimpleUploadedFile(name, data),
            "_save": "Save",
        }
        return client.post(url, sent, follow=True)

    @pytest.mark.integration
    def test_an_uploaded_logo_becomes_our_own_copy_named_by_its_content(self, admin_client):
        outlet = builders.provider()

        self.upload(admin_client, outlet, picture("JPEG"), "../évil " + "x" * 200 + ".jpg")

        logo = ProviderLogo.objects.get()
        assert re.fullmatch(r"logos/([0-9a-f]{2})/\1[0-9a-f]{30}/40\.webp", logo.file.name)
        assert (logo.width, logo.height) == (40, 20)
        page = admin_client.get(PROVIDERS).content.decode()
        assert f'<img class="logo" src="{logo.file.url}" alt="">' in page

    @pytest.mark.integration
    def test_the_same_file_again_is_stored_once(self, admin_client, tmp_path):
        first, second = builders.provider(), builders.provider("Herald", "herald.example")

        self.upload(admin_client, first, picture())
        self.upload(admin_client, second, picture())

        assert len(set(ProviderLogo.objects.values_list("file", flat=True))) == 1
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1

    @pytest.mark.integration
    @pytest.mark.parametrize(
        "data", [b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", picture()[:7], picture("BMP"), picture("TIFF")]
    )
    def test_what_is_no_picture_is_refused(self, admin_client, data):
        page = self.upload(admin_client, builders.provider(), data)

        assert "This file is not a JPEG, PNG, GIF, WebP or AVIF file. Upload another." in page.content.decode()
        assert not ProviderLogo.objects.exists()

    @pytest.mark.integration
    def test_a_huge_picture_is_refused(self, admin_client):
        page = self.upload(admin_client, builders.provider(), picture(size=(8000, 7000)))

        assert "more than 50 megapixels" in page.content.decode()

    def test_foreign_addresses_of_logos_are_never_loaded(self, admin_client):
        outlet = builders.provider()
        ProviderLogo.objects.create(provider=outlet, url="https://evil.example/logo.png", width=1, height=1)

        for url in (PROVIDERS, f"{PROVIDERS}{outlet.pk}/change/"):
            assert '<img class="logo"' not in admin_client.get(url).content.decode()

    def test_being_registered_is_edited_in_the_list(self, admin_client):
        outlet = builders.provider()

        save(admin_client, PROVIDERS, **{"form-0-registered": "on"})

        outlet.refresh_from_db()
        assert outlet.registered

    def test_the_list_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        def add(number):
            outlet = builders.provider(f"Outlet {number}", f"{number}.example")
            ProviderLogo.objects.create(provider=outlet, url="/logo.png", file="logos/x.png")
            builders.article(provider=outlet)

        add(0)
        with count_queries() as for_one:
            admin_client.get(PROVIDERS)
        for number in range(1, 6):
            add(number)
        with count_queries() as for_many:
            page = admin_client.get(PROVIDERS)
        assert len(for_many) == len(for_one)
        sent = fields_of(page) | {"_save": "Save"}
        with count_queries() as for_save:
            admin_client.post(PROVIDERS, sent)
        assert len(for_save) < 15  # none for a row that did not change


class TestThePolicy:
    def test_the_list_leads_to_the_one_form_and_looking_writes_nothing(self, admin_client):
        page = admin_client.get("/admin/articles/sitepolicy/", follow=True)

        assert page.redirect_chain == [(POLICY, 302)]
        assert page.context["adminform"].form["publish_threshold"].value() == 70
        assert SitePolicy.objects.count() == 1

    def test_hiding_unscored_articles_shows_at_once(self, admin_client):
        article = builders.article(quality=None, heat=None)
        sent = fields_of(admin_client.get(POLICY))
        del sent["publish_unscored"]

        page = admin_client.post(POLICY, sent | {"_save": "Save"}, follow=True)

        article.refresh_from_db()
        assert not article.public
        assert "1 unscored article is now hidden from readers." in told(page)

    def test_rescoring_all_shows_first_what_it_would_change(self, admin_client):
        article = builders.article(quality=60)
        page = save(admin_client, POLICY, publish_threshold="50")
        assert any("Apply to all articles" in message for message in told(page))
        url = reverse("admin:articles_sitepolicy_rescore")

        page = admin_client.get(url).content.decode()
        assert "This would publish 1 and withdraw 0 stories and change the heat of 0." in page
        assert f'<a href="{change_url(article)}">{article.title}</a>' in page
        assert article.name not in page
        article.refresh_from_db()
        assert not article.public
        page = admin_client.post(url, follow=True)

        article.refresh_from_db()
        assert article.public
        assert told(page) == ["1 article changed by rescoring; pins stayed."]
        assert "This would change no scored article." in admin_client.get(url).content.decode()

    def test_saving_is_one_operation_that_can_be_undone(self, admin_client):
        ai = builders.topic("AI")

        save(admin_client, POLICY, publish_threshold="60", amp_weight="5", **new_row(topic=ai.pk, bonus_floor="20"))

        operation = Operation.objects.get()
        assert (operation.verb, operation.via, operation.actor_name) == ("policy", "admin", "admin")
        fields = {"publish_threshold", "amp_weight", f"bonus_floor@{ai.pk}"}
        assert set(operation.events.values_list("field", flat=True)) == fields
        assert Policies.load().of([ai.pk]) == replace(SitePolicy.current(), bonus_floor=20)
        operations.undo(operation)
        assert Policies.load() == Policies(Policy())

    def test_saving_without_a_change_logs_nothing(self, admin_client):
        operations.change_policy(overrides={builders.topic().pk: {"bonus_floor": 5}})
        Operation.objects.all().delete()

        page = save(admin_client, POLICY)

        assert not Operation.objects.exists()
        assert not any("Apply" in message for message in told(page))

    def test_a_topics_numbers_are_changed_moved_and_taken_away(self, admin_client):
        ai, health = builders.topic("AI"), builders.topic("Health")
        operations.change_policy(overrides={ai.pk: {"bonus_floor": 5, "related_bonus": 3}})

        save(admin_client, POLICY, **{"overrides-0-bonus_floor": "", "overrides-0-related_bonus": "4"})
        assert list(TopicPolicy.objects.values_list("topic", "bonus_floor", "related_bonus")) == [(ai.pk, None, 4)]
        save(admin_client, POLICY, **{"overrides-0-topic": health.pk})
        assert list(TopicPolicy.objects.values_list("topic", "related_bonus")) == [(health.pk, 4)]
        save(admin_client, POLICY, **{"overrides-0-DELETE": "on"})
        assert not TopicPolicy.objects.exists()

    def test_only_topics_at_the_top_have_policies(self, admin_client):
        root = builders.topic("AI")
        below = builders.topic("Robots", parent=root)

        page = admin_client.get(POLICY).content.decode()
        assert ">AI</option>" in page
        assert ">Robots</option>" not in page
        page = save(admin_client, POLICY, **new_row(topic=below.pk, bonus_floor="5"))
        assert "Select a valid choice." in str(page.context["errors"])
        operations.change_policy(overrides={root.pk: {"bonus_floor": 5}})
        Topic.objects.filter(pk=root.pk).update(parent=builders.topic("Science"))
        page = save(admin_client, POLICY, **{"overrides-0-bonus_floor": "6"})
        assert page.context["errors"] == [["“AI” stands below “Science”. Pick a topic at the top of the tree."]]
        save(admin_client, POLICY, publish_threshold="60")
        assert SitePolicy.current().publish_threshold == 60

    def test_a_topic_without_a_number_is_refused(self, admin_client):
        page = save(admin_client, POLICY, **new_row(topic=builders.topic().pk))

        assert "Type at least one number" in page.content.decode()

    @pytest.mark.parametrize(("name", "value"), [("related_bonus", "1001"), ("publish_threshold", "-1")])
    def test_numbers_that_no_heat_could_bear_are_refused(self, admin_client, name, value):
        page = save(admin_client, POLICY, **{name: value})

        assert "Ensure this value is" in str(page.context["errors"])
        assert not Operation.objects.exists()

    def test_two_editors_on_one_number_the_second_is_asked(self, admin_client):
        sent = fields_of(admin_client.get(POLICY)) | {"publish_threshold": "60", "_save": "Save"}
        operations.change_policy({"publish_threshold": 50, "window_days": 5})

        page = admin_client.post(POLICY, sent)
        assert "it is now “50”" in str(page.context["errors"])
        admin_client.post(POLICY, fields_of(page) | {"_save": "Save"})

        assert SitePolicy.current() == Policy(publish_threshold=60, window_days=5)

    def test_a_preview_keeps_what_was_typed_says_what_it_would_do_and_writes_nothing(self, admin_client):
        article, ai = builders.article("Rises", quality=60), builders.topic("AI")
        builders.article("Falls", topics=["AI"])
        builders.article(quality=None, heat=None)
        sent = fields_of(admin_client.get(POLICY)) | {"publish_threshold": "60", "_preview": "Preview"}
        sent |= new_row(topic=ai.pk, publish_threshold="90")
        del sent["publish_unscored"]

        with CaptureQueriesContext(connection) as queries:
            page = admin_client.post(POLICY, sent)

        assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        html = page.content.decode()
        assert "This would publish 1 and withdraw 1 story and change the heat of 0." in html
        assert "The policy of AI would publish 0 and withdraw 1 story" in html
        assert "It would hide 1 unscored article at once." in html
        assert f'<a href="{change_url(article)}">Rises</a>' in html
        assert "undecided → published" in html
        unlike = {"_preview", "csrfmiddlewaretoken"}
        kept = {name: value for name, value in fields_of(page).items() if name not in unlike}
        assert kept == {name: value for name, value in sent.items() if name not in unlike}
        assert page.context["errors"] == []
        admin_client.post(POLICY, fields_of(page) | {"_save": "Save"})
        assert Policies.load().of([ai.pk]).publish_threshold == 90
        assert not SitePolicy.current().publish_unscored

    def test_a_preview_of_what_is_wrong_shows_what_is_wrong(self, admin_client):
        sent = fields_of(admin_client.get(POLICY)) | {"publish_threshold": "many", "_preview": "Preview"}

        page = admin_client.post(POLICY, sent)

        assert "Enter a whole number." in str(page.context["errors"])
        assert "This would" not in page.content.decode()

    def test_the_page_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        def add(number):
            operations.change_policy(overrides={builders.topic(f"T{number}").pk: {"bonus_floor": 5}})

        add(0)
        admin_client.get(POLICY)  # content types are asked for once
        with count_queries() as for_one:
            admin_client.get(POLICY)
        for number in range(1, 6):
            add(number)
        with count_queries() as for_many:
            admin_client.get(POLICY)
        assert len(for_many) == len(for_one)


def new_row(**values: object) -> dict[str, str]:
    """Return what a browser sends for a row that was added to the topics of the policy's page."""
    row = {"id": "", "site": "1", "publish_threshold": "", "related_bonus": "", "bonus_floor": ""} | values
    return {"overrides-TOTAL_FORMS": "1"} | {f"overrides-0-{name}": str(value) for name, value in row.items()}


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

    def test_who_may_only_look_has_nothing_to_press(self, client):
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


def test_one_right_decides_about_the_policy(client):
    user = User.objects.create_user("chief", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_sitepolicy", "change_sitepolicy"]))
    client.force_login(user)
    assert 'name="_save"' not in client.get(POLICY).content.decode()
    assert client.post(POLICY, {"publish_threshold": "5"}).status_code == 403

    user.user_permissions.set(Permission.objects.filter(codename__in=["view_sitepolicy", "change_policy"]))
    save(client, POLICY, publish_threshold="60", **new_row(topic=builders.topic().pk, bonus_floor="5"))
    assert Policies.load().of([Topic.objects.get().pk]) == Policy(publish_threshold=60, bonus_floor=5)
    assert client.get("/admin/articles/sitepolicy/rescore/").status_code == 200


def test_the_admin_bears_our_name_and_hides_what_we_do_not_use(admin_client):
    page = admin_client.get("/admin/").content.decode()

    assert "Newsfold" in page
    assert "/admin/taggit/" not in page


def test_no_page_needs_inline_script_or_style(admin_client):
    article = builders.article(topics=["AI"])
    urls = [ARTICLES, change_url(article), TOPICS, PROVIDERS, POLICY, "/admin/articles/sitepolicy/rescore/"]
    for url in urls:
        page = admin_client.get(url).content.decode()
        assert " style=" not in page
        assert "<script>" not in page
        assert "<style" not in page
        assert " onclick=" not in page


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
