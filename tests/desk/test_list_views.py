"""The list of the desk: its queues, filters, pages and saved views."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk.actions import offered_decisions, permitted_actions
from articles.desk.filters import DeskFilters
from articles.models import Article, ArticleImage, SavedView, Via
from tests import builders
from tests.desk.helpers import DESK, messages_of

pytestmark = pytest.mark.django_db


class TestList:
    def test_undecided_stories_come_first_and_folded_ones_never(self, publisher):
        lead = builders.article("Lead", quality=10)
        builders.folded(lead, "Member")
        builders.article("Published")

        page = publisher.get(DESK)

        assert [listed.article.title for listed in page.context["rows"]] == ["Lead"]
        assert page.context["rows"][0].outlets == 1

    @pytest.mark.slow
    def test_filters_by_date_name_their_zone(self, admin_client, settings):
        settings.TIME_ZONE = "Europe/Berlin"

        for url, label in (
            (DESK, "From day (Europe/Berlin)"),
            (reverse("desk_history"), "Day (Europe/Berlin)"),
            (reverse("admin:articles_article_changelist"), "publication time in Europe/Berlin"),
        ):
            assert label in admin_client.get(url).content.decode()

    @pytest.mark.slow
    def test_views_hold_their_stories(self, publisher):
        builders.article("Weak", quality=10)
        builders.article("Good", web_url="https://x.example/1")
        twin = builders.article("Twin")
        operations.edit(twin, web_url="https://x.example/1")
        operations.hold(builders.article("Held"), by=Actor(User.objects.get(username="ana"), Via.DESK))
        operations.spike(builders.article("Spiked"), "paywall")
        later = timezone.now() + timezone.timedelta(days=1)
        operations.schedule(builders.article("Later"), publish_at=later)

        for view, titles in {
            "undecided": {"Weak"},
            "hot": {"Weak"},
            "today": {"Twin", "Good"},
            "scheduled": {"Later"},
            "held": {"Held"},
            "spiked": {"Spiked"},
            "duplicates": {"Twin", "Good"},
            "pictures": {"Later", "Held", "Twin", "Good", "Weak"},
            "warnings": {"Twin", "Good"},
            "mine": {"Held"},
            "ambiguous": set(),
            "nonsense": {"Weak"},
        }.items():
            page = publisher.get(DESK, {"view": view})

            listed_titles = [listed.article.title for listed in page.context["rows"]]
            assert set(listed_titles) - {"Later"} == titles - {"Later"}, view
            counts = {queue.key: number for queue, number in page.context["queues"]}
            assert counts.get(view, "1") == str(len(listed_titles)), view

    @pytest.mark.slow
    def test_a_story_scheduled_before_is_published_on_the_day_of_its_time(self, publisher, monkeypatch):
        moment = datetime(2020, 6, 10, 9, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: moment)
        begins = {"Tomorrow": timedelta(days=1), "Soon": timedelta(minutes=5), "Later": timedelta(days=1, hours=9)}
        for title, wait in begins.items():
            operations.schedule(builders.article(title, published=None), publish_at=moment + wait)
        moment += timedelta(hours=1)
        operations.publish(builders.article("Yesterday", published=None))
        moment += timedelta(hours=23)
        operations.publish(builders.article("Now", published=None))

        page = publisher.get(DESK, {"view": "today"})

        assert [row.article.title for row in page.context["rows"]] == ["Now", "Tomorrow"]
        assert {queue.key: number for queue, number in page.context["queues"]}["today"] == "2"

    @pytest.mark.slow
    def test_five_views_hold_every_article_once(self, publisher):
        lead = builders.article("Lead")
        builders.folded(lead, "Member")
        orphan = builders.article("Orphan", heat=-1, quality=5, published=False)
        builders.article("Weak", quality=10)
        operations.hold(builders.article("Held"))
        operations.spike(builders.article("Spiked"), "paywall")
        old = builders.article("Spiked last year")
        operations.spike(old, "paywall")
        Article.objects.filter(pk=old.pk).update(state_since=timezone.now() - timezone.timedelta(days=31))

        listed = {
            view: [row.article.title for row in publisher.get(DESK, {"view": view}).context["rows"]]
            for view in ("undecided", "published", "held", "spiked", "spiked-older", "folded", "no-lead", "on-site")
        }

        assert listed.pop("no-lead") == [orphan.title]
        assert listed.pop("on-site") == ["Lead"]
        assert listed["spiked-older"] == ["Spiked last year"]
        titles = sorted(title for titles in listed.values() for title in titles)
        assert titles == sorted(Article.objects.values_list("title", flat=True))

    def test_rows_say_what_is_on_the_site_and_name_their_rivals(self, publisher):
        builders.article("Good", web_url="https://x.example/1")
        twin = builders.article("Twin", quality=10)
        operations.edit(twin, web_url="https://x.example/1")

        page = publisher.get(DESK, {"view": "all"})

        rows = {row.article.title: row for row in page.context["rows"]}
        assert [(rival.label, rival.article.title) for rival in rows["Twin"].rivals] == [("same URL:", "Good")]
        assert page.content.decode().count("on the site</span>") == 1

    @pytest.mark.slow
    def test_a_lead_names_the_other_leads_that_list_its_member(self, publisher):
        first, second = builders.article("First", quality=90), builders.article("Second", quality=80)
        member = builders.folded(first, "Member", quality=5)
        builders.related(first, member)
        builders.related(second, member)
        Article.objects.filter(pk=member.pk).update(ambiguous=True)

        [row] = publisher.get(DESK, {"view": "ambiguous"}).context["rows"]
        [folded] = publisher.get(DESK, {"view": "folded"}).context["rows"]

        assert [(rival.label, rival.article) for rival in row.rivals] == [("“Member” is also listed by", second)]
        assert [(rival.label, rival.article) for rival in folded.rivals] == [("also listed by", second)]
        assert "take_out" in [action.name for action in folded.decisions]

    @pytest.mark.systematic
    def test_a_page_takes_the_same_queries_for_one_and_fifty(self, publisher, count_queries):
        def add(number):
            lead = builders.article(f"Lead {number}", quality=20, topics=["AI", f"Topic {number}"])
            builders.folded(lead)
            ArticleImage.objects.create(article=lead, url=f"https://x.example/{number}.jpg")

        add(0)
        publisher.get(DESK)  # Django asks once whether the database knows JSON
        with count_queries() as for_one:
            publisher.get(DESK)
        for number in range(1, 52):
            add(number)
        with count_queries() as for_fifty:
            page = publisher.get(DESK)
        assert len(page.context["rows"]) == 50
        assert len(for_fifty) == len(for_one)
        for query in ("q=storm", "topic=ai", "outlet=herald.example", "view=held"):
            SavedView.objects.create(name=query, query=query, owner=User.objects.get(username="ana"))
        with count_queries() as with_views:
            page = publisher.get(DESK)
        assert len(with_views) == len(for_one)
        assert [number for _, number in page.context["saved"]] == ["…", "…", "…", "0"]
        counted = publisher.get(reverse("desk_views"))
        assert "…" not in counted.content.decode()
        # Without JavaScript a link asks for the same.
        assert "?view=held&amp;counts=all" in publisher.get(f"{DESK}?view=held").content.decode()
        page = publisher.get(f"{DESK}?view=held&counts=all")
        assert "…" not in [number for _, number in page.context["saved"]]
        assert "Show counts for slow views" not in page.content.decode()

    @pytest.mark.systematic
    def test_pages_follow_each_other_without_gap_or_repetition(self, publisher):
        for number in range(120):
            builders.article(f"Story {number}", quality=10)
        seen, url = [], DESK + "?view=undecided"
        while url:
            page = publisher.get(url)
            seen += [listed.article.pk for listed in page.context["rows"]]
            more = page.context["more"]
            url = f"{DESK}?view=undecided&after={more}" if more else ""

        assert len(seen) == len(set(seen)) == 120

    @pytest.mark.slow
    def test_filters_narrow_the_list_and_invalid_ones_are_ignored(self, publisher):
        builders.article("The bridge", quality=10, topics=["AI"])
        builders.article(quality=20, provider=builders.provider("Herald", "herald.example"))

        for query, number in (
            ({"topic": "ai"}, 1),
            ({"outlet": "herald.example"}, 1),
            ({"quality_from": "15"}, 1),
            ({"quality_to": "15"}, 1),
            ({"heat_from": "5", "heat_to": "30"}, 2),
            ({"since": "2020-06-10"}, 0),
            ({"until": "2020-06-09"}, 2),
            ({"q": "bridge"}, 1),
            ({"q": '"'}, 2),
            ({"q": "bridge " + "w " * 16}, 2),
            ({"reason": "w-" * 20}, 2),
            ({"quality_from": "nonsense", "since": "2020-13-45", "outlet": "x\0"}, 2),
            ({"after": "99999999999999999999"}, 2),
        ):
            page = publisher.get(DESK, {"view": "undecided"} | query)
            assert len(page.context["rows"]) == number, query

    def test_ignored_filters_are_named_by_their_labels(self, publisher):
        values = {"q": "w " * 17, "quality_to": "many", "heat_to": "-2", "since": "2020-13-45"}

        page = publisher.get(DESK, values).content.decode()

        problems = re.findall(r'<p class="problem" role="alert">([^:]+):', page)
        assert problems == ["Search", "Quality to", "Heat to", "From day (UTC)"]

    def test_views_are_kept_private_or_shared(self, publisher):
        publisher.post(reverse("desk_save_view"), {"name": "Mine", "query": "view=held&q=storm"})
        bob = User.objects.create_user("bob")
        SavedView.objects.create(name="Theirs", query="view=spiked", owner=bob)
        SavedView.objects.create(name="Everybody's", query="view=hot", owner=bob, shared=True)

        page = publisher.get(DESK)

        assert [view.name for view, _ in page.context["saved"]] == ["Everybody's", "Mine"]
        assert 'href="/admin/desk/?view=held&amp;q=storm"' in page.content.decode()
        publisher.post(reverse("desk_delete_view", args=[SavedView.objects.get(name="Everybody's").pk]))
        assert SavedView.objects.count() == 3

    @pytest.mark.parametrize("group", ["contributor", "editor", "publisher"])
    def test_decisions_are_offered_by_right(self, publisher, group):
        User.objects.get(username="ana").groups.set([Group.objects.get(name=group)])
        permitted = permitted_actions(User.objects.get(username="ana"))

        def offered(article):
            return [action.name for action in offered_decisions(article, permitted)]

        undecided = {"contributor": [], "editor": ["hold", "spike"], "publisher": ["publish", "hold", "spike"]}
        assert offered(builders.article(quality=10)) == undecided[group]
        assert offered(builders.article()) == (["unpublish", "spike"] if group == "publisher" else [])

    @pytest.mark.parametrize(("group", "is_shared"), [("contributor", True), ("importer", False)])
    def test_editors_may_share_a_view(self, publisher, group, is_shared):
        User.objects.get(username="ana").groups.set([Group.objects.get(name=group)])

        publisher.post(reverse("desk_save_view"), {"name": "Mine", "query": "view=held", "shared": "on"})

        assert (b'name="shared"' in publisher.get(DESK).content) is is_shared
        assert SavedView.objects.get().shared == is_shared

    @pytest.mark.parametrize(("length", "is_asked"), [(200, True), (201, False)])
    def test_a_search_of_more_than_200_characters_counts_as_none(self, length, is_asked):
        chosen = DeskFilters({"q": "x" * length, "topic": "ai"}).choices
        assert ("q" in chosen, chosen["topic"]) == (is_asked, "ai")

    def test_a_view_has_a_short_name(self, publisher):
        publisher.post(reverse("desk_save_view"), {"name": "x\0" * 61, "query": "view=held"})

        view = SavedView.objects.get()
        view.full_clean()
        assert len(view.name) == 30

    @pytest.mark.slow
    def test_a_view_of_the_same_name_is_replaced_and_long_filters_are_not_cut(self, publisher):
        def save(query: str) -> list[str]:
            sent = {"name": "Storms", "query": query}
            return messages_of(publisher.post(reverse("desk_save_view"), sent, follow=True))

        assert save("view=held") == ["View “Storms” saved."]
        assert save("view=hot") == ["View “Storms” saved in place of the former one."]
        assert save(f"view=held&q={'x' * 1000}") == ["The filters are too long to be saved. Shorten their words."]
        assert SavedView.objects.get().query == "view=hot"

    @pytest.mark.slow
    def test_rows_show_excerpts_where_the_browser_asked_for_them(self, publisher):
        builders.article("Storm", quality=10, excerpt="A gale from the west.")
        assert "A gale from the west." not in publisher.get(DESK).content.decode()

        page = publisher.post(reverse("desk_excerpts"), {"show": "yes", "next": f"{DESK}?view=hot"}, follow=True)
        assert page.redirect_chain[-1][0] == f"{DESK}?view=hot"
        assert "A gale from the west." in page.content.decode()

        publisher.post(reverse("desk_excerpts"))
        assert "A gale from the west." not in publisher.get(DESK).content.decode()

    @pytest.mark.parametrize(
        ("query", "way_out"),
        [("q=storm", ["Clear"]), ("q=calm&quality_from=99", ["Clear", "Clear search and filters"]), ("", [])],
    )
    def test_a_search_or_filters_can_be_cleared(self, publisher, query, way_out):
        builders.article("Storm", quality=10)

        page = publisher.get(f"{DESK}?view=undecided&{query}").content.decode()

        links = re.findall(r'<a [^>]*href="/admin/desk/\?view=undecided">([^<]*)</a>', page)
        assert [" ".join(link.split()) for link in links if "Clear" in link] == way_out

    @pytest.mark.slow
    def test_the_bar_counts_what_the_filters_leave(self, publisher):
        for title in ("Storm", "Bridge", "Bridge again"):
            builders.article(title, quality=10)

        for query, number in (("view=hot", "3"), ("view=hot&q=bridge", "2"), ("quality_from=20", "0")):
            assert publisher.get(f"{DESK}?{query}").context["view_number"] == number

    def test_hostile_titles_are_escaped(self, publisher):
        builders.article("<script>alert(1)</script>", quality=10)

        assert "<script>alert" not in publisher.get(DESK).content.decode()


def test_the_view_of_scheduled_stories_among_published_ones_says_so(publisher):
    operations.schedule(builders.article("Tomorrow", quality=10), publish_at=timezone.now() + timedelta(days=1))
    page = publisher.get(DESK, {"view": "published"})
    assert [row.article.title for row in page.context["rows"]] == ["Tomorrow"]
    assert "<h1>Published or scheduled</h1>" in page.content.decode()
