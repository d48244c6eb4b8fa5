"""The page of one article in the admin, with forms filled in as a browser would."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission, User

from articles import operations
from articles.models import (
    Article,
    ArticleImage,
    ArticleTopic,
    Operation,
)
from tests import builders
from tests.admin.forms import ARTICLES, change_url, fields_of, messages_of, save, story

pytestmark = pytest.mark.django_db


class TestTheArticlesPage:
    @pytest.mark.slow
    def test_only_what_changed_is_pinned(self, admin_client):
        article = builders.article(excerpt="One\nTwo ", body="Text\n\nMore\n", topics=["AI"])

        save(admin_client, change_url(article), title="A better title")

        article.refresh_from_db()
        assert (article.title, article.excerpt, article.pins) == ("A better title", "One\nTwo ", ["title"])

    @pytest.mark.slow
    def test_saving_without_a_change_pins_nothing(self, admin_client):
        lead, _ = story()
        ArticleImage.objects.create(article=lead, url="https://x.example/1.jpg")
        builders.topic("AI")
        ArticleTopic.objects.create(content_object=lead, tag=builders.topic(), position=7)
        before = Article.objects.filter(pk=lead.pk).values().get()

        save(admin_client, change_url(lead))

        assert Article.objects.filter(pk=lead.pk).values().get() == before
        assert lead.article_topics.get().position == 7

    @pytest.mark.slow
    def test_holding_a_lead_says_who_leads_its_story_now(self, admin_client):
        lead, folded = story()

        page = save(admin_client, change_url(lead), decision="held")

        folded.refresh_from_db()
        assert (folded.state, folded.public, folded.previous_lead) == ("undecided", False, lead.name)
        assert "“Member” leads its story now and waits for an editor." in messages_of(page)

    @pytest.mark.slow
    def test_a_folded_article_is_not_published(self, admin_client):
        _, folded = story()

        page = save(admin_client, change_url(folded), decision="published")

        assert page.context["errors"] == [["This article is folded under “Lead”; publish that one."]]

    @pytest.mark.slow
    def test_a_stale_page_asks(self, admin_client):
        article = builders.article("Storm")
        sent = fields_of(admin_client.get(change_url(article))) | {"title": "Gale", "_save": "Save"}
        operations.edit(article, title="Hurricane", excerpt="Wind.")

        page = admin_client.post(change_url(article), sent)
        assert "it is now “Hurricane”" in page.context["errors"][0][0]
        admin_client.post(change_url(article), fields_of(page) | {"_save": "Save"})

        article.refresh_from_db()
        assert (article.title, article.excerpt) == ("Gale", "Wind.")

    @pytest.mark.slow
    def test_a_folded_article_has_a_word_in_place_of_its_heat(self, admin_client, client):
        _, folded = story()

        page = admin_client.get(change_url(folded)).content.decode()
        assert re.search(r'<input type="hidden" name="heat" value="-1"[^>]*>folded', page)
        assert "A folded article has no heat of its own: its story has that of its lead." in page

        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_article"))
        client.force_login(viewer)
        page = client.get(change_url(folded)).content.decode()
        assert '<div class="readonly">folded</div>' in page
        assert '<div class="readonly">-1</div>' not in page

    @pytest.mark.slow
    def test_a_conflict_with_a_fold_says_folded_instead_of_a_number(self, admin_client):
        lead, article = builders.article("Lead", quality=90), builders.article("Member", quality=10)
        sent = fields_of(admin_client.get(change_url(article))) | {"heat": "20", "_save": "Save"}
        operations.fold_into(article, lead)

        page = admin_client.post(change_url(article), sent)

        assert "it is now “folded”, you typed “20”" in page.context["errors"][0][0]

    @pytest.mark.slow
    def test_editing_related_links_pins_them_and_the_story_follows(self, admin_client):
        lead, folded = story()

        save(admin_client, change_url(lead), **{"related_links-0-DELETE": "on"})

        lead.refresh_from_db()
        folded.refresh_from_db()
        assert (lead.heat, lead.pins) == (80, ["related"])
        assert (folded.heat, folded.lead) == (-1, None)  # it lists the better one still, which leads no story now

    @pytest.mark.slow
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

    @pytest.mark.systematic
    def test_a_long_list_can_be_saved(self, admin_client):
        article = builders.article()
        for _ in range(100):  # documents may have 500
            builders.related(article)

        save(admin_client, change_url(article), title="Gale")

        article.refresh_from_db()
        assert article.title == "Gale"

    @pytest.mark.slow
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

    @pytest.mark.slow
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

    @pytest.mark.slow
    def test_it_explains_why(self, admin_client):
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
        assert "no heat: “Lead” leads the story" in page
        assert f'href="{folded.get_absolute_url()}"' not in page

    @pytest.mark.systematic
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

    @pytest.mark.slow
    def test_a_url_that_is_not_a_web_url_is_rejected(self, admin_client):
        article = builders.article()

        page = save(admin_client, change_url(article), web_url="javascript:alert(1)")

        assert "This must start with http:// or https://: javascript:alert(1)." in page.content.decode()


class TestTimesWhenTheClocksChange:
    @pytest.fixture(autouse=True)
    def berlin(self, settings):
        settings.TIME_ZONE = "Europe/Berlin"

    def schedule(self, client, article, begin, end):
        times = {f"publish_at_{n}": part for n, part in enumerate(begin.split())}
        times |= {f"unpublish_at_{n}": part for n, part in enumerate(end.split())}
        return save(client, change_url(article), decision="published", **times)

    @pytest.mark.slow
    @pytest.mark.parametrize("time", ["2027-03-28 02:30", "2027-10-31 02:30"])
    def test_a_time_that_does_not_exist_or_exists_twice_is_refused(self, admin_client, time):
        page = self.schedule(admin_client, builders.article(), time, "2027-12-01 08:00")

        assert "may be ambiguous or it may not exist" in str(page.context["errors"])

    @pytest.mark.slow
    @pytest.mark.parametrize("hour", [0, 1])
    def test_saving_the_page_keeps_a_time_that_exists_twice(self, admin_client, hour):
        stored = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        article = builders.article(published_at=stored)
        link = builders.related(article, published_at=stored)

        save(admin_client, change_url(article), **{"title": "Gale", "related_links-0-title": "Wind"})

        article.refresh_from_db()
        link.refresh_from_db()
        assert (article.title, article.published_at, link.title, link.published_at) == ("Gale", stored, "Wind", stored)
        assert "published_at" not in article.pins

    @pytest.mark.slow
    def test_a_schedule_across_the_change_is_saved(self, admin_client):
        article = builders.article()

        self.schedule(admin_client, article, "2027-03-28 01:59", "2027-03-28 03:00")

        article.refresh_from_db()
        assert (article.unpublish_at - article.publish_at).total_seconds() == 60

    @pytest.mark.slow
    def test_a_schedule_that_is_over_is_refused(self, admin_client):
        page = self.schedule(admin_client, builders.article(), "2020-01-01 08:00", "2020-01-02 08:00")

        assert "This time is over. Choose a later end, or hold the article." in str(page.context["errors"])

    @pytest.mark.slow
    def test_a_time_survives_a_mistake_elsewhere(self, admin_client):
        article = builders.article()
        times = {"publish_at_0": "2027-03-28", "publish_at_1": "08:00"}
        page = save(admin_client, change_url(article), decision="published", title="", **times)
        assert page.context["errors"] == [["This field is required."]]

        admin_client.post(change_url(article), fields_of(page) | {"title": "Gale", "_save": "Save"})

        article.refresh_from_db()
        assert article.publish_at == datetime(2027, 3, 28, 6, tzinfo=UTC)

    def test_every_time_field_names_the_zone(self, admin_client):
        html = admin_client.get(change_url(builders.article())).content.decode()

        assert html.count("Time zone: Europe/Berlin.") >= 4  # publication, schedule, pick, related links
        assert "in UTC" not in html


class TestWithdrawingALead:
    @pytest.mark.slow
    def test_the_page_says_who_leads_the_story_next_and_can_publish_it(self, admin_client):
        lead, member = story()
        offer = f'value="{member.pk}"'
        page = admin_client.get(change_url(lead)).content.decode()
        assert "“Member” leads it and waits for an editor" in page
        assert offer in page

        save(admin_client, change_url(lead), decision="held", in_place=str(member.pk))

        member.refresh_from_db()
        assert (member.public, Operation.objects.count()) == (True, 1)
        assert offer not in admin_client.get(change_url(lead)).content.decode()

    @pytest.mark.slow
    def test_a_next_lead_that_is_no_longer_that_is_refused(self, admin_client):
        lead, member = story()
        builders.folded(lead, "Better", quality=99)

        page = save(admin_client, change_url(lead), decision="held", in_place=str(member.pk))

        assert "is not one of the available choices" in page.content.decode()
        assert not Operation.objects.exists()
