"""The desk: its list, what editors do there with and without JavaScript, and one story."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk import commands, presence
from articles.desk.actions import offered_decisions, permitted_actions
from articles.desk.filters import DeskFilters
from articles.desk.rows import Row
from articles.models import Article, ArticleImage, Operation, SavedView, Via
from tests import builders

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
DESK = "/admin/desk/"


@pytest.fixture
def publisher(client):
    user = User.objects.create_user("ana", is_staff=True)
    user.groups.add(Group.objects.get(name="publisher"))
    client.force_login(user)
    return client


def row(*articles):
    return [f"{article.pk}:{article.version}" for article in articles]


def act(client, verb, *articles, htmx=False, **given):
    headers = HTMX if htmx else {}
    return client.post(reverse("desk_act"), {"verb": verb, "row": row(*articles), **given}, follow=not htmx, **headers)


def told(page):
    return [str(message) for message in page.context["messages"]]


class TestTheList:
    def test_undecided_stories_come_first_and_folded_ones_never(self, publisher):
        lead = builders.article("Lead", quality=10)
        builders.folded(lead, "Member")
        builders.article("Published")

        page = publisher.get(DESK)

        assert [each.article.title for each in page.context["rows"]] == ["Lead"]
        assert page.context["rows"][0].outlets == 1

    @pytest.mark.parametrize(
        ("view", "titles"),
        [
            ("undecided", ["Weak"]),
            ("hot", ["Weak"]),
            ("today", ["Twin", "Good"]),
            ("scheduled", ["Later"]),
            ("held", ["Held"]),
            ("spiked", ["Spiked"]),
            ("duplicates", ["Twin", "Good"]),
            ("pictures", ["Later", "Held", "Twin", "Good", "Weak"]),
            ("warnings", ["Twin", "Good"]),
            ("mine", ["Held"]),
            ("ambiguous", []),
            ("nonsense", ["Weak"]),
        ],
    )
    def test_views_hold_their_stories(self, publisher, view, titles):
        builders.article("Weak", quality=10)
        builders.article("Good", web_url="https://x.example/1")
        twin = builders.article("Twin")
        operations.edit(twin, web_url="https://x.example/1")
        operations.hold(builders.article("Held"), by=Actor(User.objects.get(username="ana"), Via.DESK))
        operations.spike(builders.article("Spiked"), "paywall")
        later = timezone.now() + timezone.timedelta(days=1)
        operations.schedule(builders.article("Later"), publish_at=later)

        page = publisher.get(DESK, {"view": view})

        found = [each.article.title for each in page.context["rows"]]
        assert set(found) - {"Later"} == set(titles) - {"Later"}
        counts = {queue.key: number for queue, number in page.context["queues"]}
        assert counts.get(view, "1") == str(len(found))

    def test_a_page_takes_the_same_queries_for_one_and_fifty(self, publisher, count_queries):
        def add(number):
            lead = builders.article(f"Lead {number}", quality=20, topics=["AI", f"Topic {number}"])
            builders.folded(lead)
            ArticleImage.objects.create(article=lead, url=f"https://x.example/{number}.jpg")

        add(0)
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
        assert "Count the views" not in page.content.decode()

    def test_pages_follow_each_other_without_gap_or_repetition(self, publisher):
        for number in range(120):
            builders.article(f"Story {number}", quality=10)
        seen, address = [], DESK + "?view=undecided"
        while address:
            page = publisher.get(address)
            seen += [each.article.pk for each in page.context["rows"]]
            more = page.context["more"]
            address = f"{DESK}?view=undecided&after={more}" if more else ""

        assert len(seen) == len(set(seen)) == 120

    @pytest.mark.parametrize(
        ("query", "number"),
        [
            ({"topic": "ai"}, 1),
            ({"outlet": "herald.example"}, 1),
            ({"quality_from": "15"}, 1),
            ({"quality_to": "15"}, 1),
            ({"heat_from": "5", "heat_to": "30"}, 2),
            ({"since": "2020-06-10"}, 0),
            ({"until": "2020-06-09"}, 2),
            ({"q": "bridge"}, 1),
            ({"q": '"'}, 2),
            ({"quality_from": "nonsense", "since": "2020-13-45", "outlet": "x\0"}, 2),
            ({"after": "99999999999999999999"}, 2),
        ],
    )
    def test_filters_narrow_and_nonsense_is_left_out(self, publisher, query, number):
        builders.article("The bridge", quality=10, topics=["AI"])
        builders.article(quality=20, provider=builders.provider("Herald", "herald.example"))

        page = publisher.get(DESK, {"view": "undecided"} | query)

        assert len(page.context["rows"]) == number

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
        assert offered(builders.article()) == (["hold", "spike"] if group == "publisher" else [])

    @pytest.mark.parametrize(("group", "is_shared"), [("contributor", True), ("importer", False)])
    def test_who_edits_may_share_a_view(self, publisher, group, is_shared):
        User.objects.get(username="ana").groups.set([Group.objects.get(name=group)])

        publisher.post(reverse("desk_save_view"), {"name": "Mine", "query": "view=held", "shared": "on"})

        assert SavedView.objects.get().shared == is_shared

    @pytest.mark.parametrize(("length", "is_asked"), [(200, True), (201, False)])
    def test_a_search_of_more_than_200_characters_counts_as_none(self, length, is_asked):
        chosen = DeskFilters({"q": "x" * length, "topic": "ai"}).choices
        assert ("q" in chosen, chosen["topic"]) == (is_asked, "ai")

    def test_a_view_has_a_short_name_and_query(self, publisher):
        publisher.post(reverse("desk_save_view"), {"name": "x\0" * 61, "query": f"view=held&q={'x' * 1000}"})

        view = SavedView.objects.get()
        view.full_clean()
        assert (len(view.name), len(view.query)) == (30, 1000)

    def test_hostile_titles_are_escaped(self, publisher):
        builders.article("<script>alert(1)</script>", quality=10)

        assert "<script>alert" not in publisher.get(DESK).content.decode()


class TestDeeds:
    @pytest.mark.parametrize(
        ("verb", "given", "expected"),
        [
            ("publish", {}, {"state": "published"}),
            ("hold", {}, {"state": "held"}),
            ("spike", {"reason": "paywall"}, {"state": "spiked", "spike_reason": "paywall"}),
            ("spike", {}, {"state": "spiked", "spike_reason": "other"}),
            ("quality", {"quality": "45"}, {"quality": 45, "heat": 45}),
            ("quality", {"quality": "1000000"}, {"quality": 1_000_000}),
            ("heat", {"heat": "300"}, {"heat": 300, "state": "published"}),
            ("step", {"quality_step": "-5"}, {"quality": 5}),
            ("words", {"title": "Gale", "excerpt": "Wind."}, {"title": "Gale", "excerpt": "Wind."}),
            ("words", {"title": "x" * 300}, {"title": "x" * 300}),
            ("schedule", {"publish_at": "2199-01-01T08:00"}, {"state": "published"}),
        ],
    )
    def test_each_verb_works_as_a_plain_form(self, publisher, verb, given, expected):
        article = builders.article("Storm", quality=10)

        page = act(publisher, verb, article, **given)

        article.refresh_from_db()
        assert {name: getattr(article, name) for name in expected} == expected
        assert told(page)[0].startswith("1 story ")
        assert Operation.objects.get().who == "ana"

    def test_no_step_leads_above_the_highest_score_or_below_none(self, publisher):
        for quality, step, expected in ((1_000_000 - 1, "5", 1_000_000), (3, "-5", 0)):
            article = builders.article(quality=quality)
            act(publisher, "step", article, quality_step=step)
            article.refresh_from_db()
            assert article.quality == expected

    def test_topics_are_set_in_their_order(self, publisher):
        for name in ("AI", "Health"):
            builders.topic(name)
        article = builders.article(quality=10)

        act(publisher, "topics", article, topics="Health, AI")

        assert [place.tag.name for place in article.article_topics.all()] == ["Health", "AI"]

    def test_an_unknown_topic_is_refused(self, publisher):
        article = builders.article(quality=10)

        page = act(publisher, "topics", article, topics="Nonsense")

        assert told(page) == ["This story can't be about Nonsense: there is no such topic; add it to the topics first."]

    @pytest.mark.parametrize("who", ["admin_client", "publisher"])
    def test_a_cell_that_turns_the_lead_takes_few_queries_too(self, request, django_assert_max_num_queries, who):
        editor = request.getfixturevalue(who)
        lead = builders.article(quality=60)
        member = builders.folded(lead, quality=50)
        act(editor, "quality", lead, quality="61")
        member.refresh_from_db()
        with django_assert_max_num_queries(15):
            page = act(editor, "quality", member, quality="90", htmx=True)
        assert page.status_code == 200
        for article in (lead, member):
            article.refresh_from_db()
        assert (lead.heat, member.heat) == (-1, 90)

    def test_saving_a_cell_takes_few_queries(self, publisher, django_assert_max_num_queries):
        lead = builders.article("Lead", quality=80, heat=90)
        builders.related(builders.folded(lead), lead)
        with django_assert_max_num_queries(15):
            answer = act(publisher, "quality", lead, quality="85", htmx=True)

        assert 'id="quality-' in answer.content.decode()
        assert answer["HX-Trigger"] == "desk:decided"

    @pytest.mark.parametrize(
        ("verb", "given", "sentence"),
        [
            ("quality", {"quality": "many"}, "is no quality"),
            ("spike", {"reason": "boredom"}, "is no reason"),
            ("schedule", {"publish_at": "tomorrow"}, "is no time"),
            ("pick", {"pick_until": "tomorrow"}, "is no time to pick"),
            ("pick", {"pick_until": "2001-01-01T08:00"}, "a time in the past"),
            ("pick", {"pick_until": "2199-01-01T08:00"}, "publish it first"),
            ("schedule", {"publish_at": "2026-13-45T00:00"}, "is no time"),
            ("step", {"quality_step": "x"}, "is no step"),
            ("step", {"quality_step": "100000"}, "is no step"),
            ("quality", {"quality": "1000001"}, "is no quality"),
            ("heat", {"heat": "1000001"}, "is no heat"),
            ("words", {"title": " "}, "needs a title"),
            ("words", {"title": "x" * 301}, "at most 300 characters"),
            ("words", {"excerpt": "a\0b"}, "no text has a NUL"),
            ("fold", {"into": "x"}, "Choose the story"),
            ("dance", {}, "no such action"),
        ],
    )
    def test_nonsense_is_refused_with_a_sentence(self, publisher, verb, given, sentence):
        page = act(publisher, verb, builders.article(quality=10), **given)

        assert sentence in told(page)[0]
        assert not Operation.objects.exists()

    @pytest.mark.parametrize("rows", [[], ["x"], ["1"], ["1:x"], ["99999999999999999999:1"], ["0:1"]])
    def test_rows_that_are_none_are_refused(self, publisher, rows):
        page = publisher.post(reverse("desk_act"), {"verb": "hold", "row": rows}, follow=True)

        assert told(page)

    def test_a_gone_story_is_refused(self, publisher):
        page = publisher.post(reverse("desk_act"), {"verb": "hold", "row": "4711:1"}, follow=True)

        assert told(page) == ["This story was deleted meanwhile; nothing was saved."]

    def test_a_clash_shows_both_values_and_asks(self, publisher):
        article = builders.article(quality=10)
        seen = row(article)
        bob = User.objects.create_superuser("bob")
        operations.edit(article, quality=40, by=Actor(bob, Via.DESK))

        page = publisher.post(reverse("desk_act"), {"verb": "quality", "quality": "20", "row": seen})

        assert page.status_code == 409
        text = page.content.decode()
        assert "bob" in text
        assert re.search(r"<td>20</td>\s*<td>40</td>", text)
        act(publisher, "quality", article, quality="20")
        article.refresh_from_db()
        assert article.quality == 20

    def test_a_bulk_decision_leaves_alone_what_others_decided_meanwhile(self, publisher):
        one, other = builders.article("One", quality=10), builders.article("Other", quality=10)
        seen = row(one, other)
        operations.publish(other, by=Actor(User.objects.create_superuser("bob"), Via.DESK))

        page = publisher.post(reverse("desk_act"), {"verb": "spike", "row": seen}, follow=True)

        assert told(page)[0] == "1 story spiked."
        assert "“Other” was changed by bob meanwhile" in told(page)[1]
        other.refresh_from_db()
        assert other.state == "published"

    def test_more_than_fifty_stories_are_shown_first(self, publisher):
        for _ in range(51):
            builders.article(quality=10)
        sent = {"verb": "spike", "reason": "off topic", "whole_view": "1", "query": "view=undecided"}

        page = publisher.post(reverse("desk_act"), sent)
        text = " ".join(page.content.decode().split())
        assert "51 stories would be spiked. Now: 51 undecided." in text
        assert not Operation.objects.exists()

        confirmed = {"row": [f"{pk}:{version}" for pk, version in page.context["rows"]], "confirmed": "1"}
        publisher.post(reverse("desk_act"), dict(page.context["fields"]) | confirmed)
        assert Operation.objects.get().articles == 51

    @pytest.mark.parametrize(("stories", "is_taken"), [(3, True), (4, False)])
    def test_a_view_of_too_many_stories_is_narrowed_first(self, publisher, monkeypatch, stories, is_taken):
        monkeypatch.setattr(commands, "ARTICLES_MAX", 3)
        for _ in range(stories):
            builders.article(quality=10)

        sent = {"verb": "spike", "whole_view": "1", "query": "view=undecided"}
        page = publisher.post(reverse("desk_act"), sent, follow=True)

        assert Operation.objects.exists() == is_taken
        assert told(page)[0].startswith("3 stories spiked" if is_taken else "This view has more than 3 stories")

    def test_fifty_are_not(self, publisher):
        fifty = [builders.article(quality=10) for _ in range(50)]

        act(publisher, "spike", *fifty)

        assert Operation.objects.get().articles == 50

    def test_as_many_stories_as_a_view_may_have_are_decided_at_once(self, publisher):
        article = builders.article(quality=10)
        others = [f"{pk}:1" for pk in range(article.pk + 1, article.pk + commands.ARTICLES_MAX)]

        sent = {"verb": "hold", "row": [*row(article), *others], "confirmed": "1"}
        publisher.post(reverse("desk_act"), sent)

        article.refresh_from_db()
        assert article.state == "held"

    def test_undo_takes_back_the_last_operation_of_ones_own(self, publisher):
        article = builders.article(quality=10)
        act(publisher, "spike", article)
        operations.hold(builders.article("Other"))

        page = publisher.post(reverse("desk_undo_last"), follow=True)

        article.refresh_from_db()
        assert article.state == "undecided"
        assert told(page) == ["Undone: spiked, 1 of 1 stories."]
        assert told(publisher.post(reverse("desk_undo_last"), follow=True)) == ["There is nothing of yours to undo."]

    def test_undo_takes_the_right_to_what_was_done(self, publisher):
        act(publisher, "publish", builders.article(quality=10))
        ana = User.objects.get(username="ana")
        ana.groups.set([Group.objects.get(name="editor")])

        assert publisher.post(reverse("desk_undo_last")).status_code == 403
        assert Operation.objects.get().undone_by.count() == 0

    @pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
    def test_the_way_back_stays_on_the_site(self, publisher, address):
        article = builders.article(quality=10)
        answer = publisher.post(reverse("desk_act"), {"verb": "hold", "row": row(article), "next": address})

        assert answer["Location"] == DESK


class TestOneStory:
    def test_it_shows_members_and_why(self, publisher):
        lead = builders.article("Lead", quality=80, heat=90)
        member = builders.folded(lead, "Member")

        for article in (lead, member):
            page = publisher.get(reverse("desk_story", args=[article.pk]))
            assert page.context["members"] == [member]
            assert page.context["lead"] == lead
            assert "quality" in page.content.decode()

    def test_stories_are_folded_taken_out_and_led_by_forms(self, publisher):
        lead, other = builders.article("Lead", quality=80), builders.article("Other", quality=50)
        act(publisher, "fold", other, into=str(lead.pk))
        other.refresh_from_db()
        assert (other.lead, other.heat) == (lead, -1)

        act(publisher, "make_lead", other)
        lead.refresh_from_db()
        assert (lead.lead, lead.heat) == (other, -1)

        act(publisher, "take_out", lead)
        lead.refresh_from_db()
        assert (lead.lead, lead.heat) == (None, 80)

    def test_a_merge_is_shown_before_it_is_done(self, publisher):
        one, other = builders.article("One", quality=80), builders.article("Other", quality=60)
        builders.related(other)

        page = publisher.get(reverse("desk_merge"), {"one": one.pk, "other": other.pk})

        assert page.context["result"]["heat"] == 100
        assert not Operation.objects.exists()
        act(publisher, "merge", other, into=str(one.pk))
        one.refresh_from_db()
        assert one.heat == 100

    def test_recent_stories_are_found_by_their_words(self, publisher):
        article = builders.article("Bridge closed")
        builders.article("Storm")

        page = publisher.get(reverse("desk_find"), {"q": "bridge", "but": builders.article("Bridge again").pk})

        assert list(page.context["found"]) == [article]

    def test_editors_see_each_other(self, publisher):
        article = builders.article(quality=10)
        bob = User.objects.create_superuser("bob")
        presence.record(bob, article.pk, timezone.now(), dirty=True)
        answer = publisher.post(reverse("desk_presence"), {"open": article.pk, "shown": str(article.pk)})

        assert "bob is typing" in answer.content.decode()
        assert "ana" not in answer.content.decode()
        for others, is_told in ((199, True), (200, False)):
            answer = publisher.post(reverse("desk_presence"), {"shown": f"{others * '0,'}{article.pk}"})
            assert ("bob is typing" in answer.content.decode()) == is_told


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        ({"seconds": 30}, "0 min ago"),
        ({"minutes": 59}, "59 min ago"),
        ({"minutes": 60}, "1 h ago"),
        ({"hours": 23, "minutes": 59}, "23 h ago"),
        ({"days": 1}, "1 d ago"),
        ({"days": 6, "hours": 23}, "6 d ago"),
        ({"days": 7}, "2 Jun 2020"),
        ({"days": -1}, "10 Jun 2020"),
    ],
)
def test_ages_are_short_and_become_dates(ago, text):
    now = builders.MORNING
    article = Article(published_at=now - timezone.timedelta(**ago))

    assert Row(article, None, 1, (), (), (), now).age == text
