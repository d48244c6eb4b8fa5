"""The actions of the desk, sent by plain forms and by htmx."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk import action_views, commands
from articles.desk.actions import ACTIONS
from articles.models import Article, Operation, Via
from articles.operations.results import ActionError
from tests import builders
from tests.desk.helpers import DESK, messages_of, run_action, sent_rows

pytestmark = pytest.mark.django_db


class TestActions:
    @pytest.mark.parametrize(
        ("action", "fields", "expected"),
        [
            ("publish", {}, {"state": "published"}),
            ("hold", {}, {"state": "held"}),
            ("unpublish", {}, {"state": "held", "published": False}),
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
    def test_each_action_works_as_a_plain_form(self, publisher, action, fields, expected):
        article = builders.article("Storm", quality=80 if action == "unpublish" else 10)

        page = run_action(publisher, action, article, **fields)

        article.refresh_from_db()
        assert {name: getattr(article, name) for name in expected} == expected
        assert messages_of(page)[0].startswith("1 story ")
        assert Operation.objects.get().who == "ana"

    @pytest.mark.slow
    def test_unpublish_is_offered_for_what_is_published_only_and_can_be_undone(self, publisher):
        shown, waiting = builders.article("Shown"), builders.article("Waiting", quality=10)
        for article, offered in ((shown, 1), (waiting, 0)):
            pane = publisher.get(reverse("desk_story", args=[article.pk])).content.decode()
            assert pane.count('value="unpublish"') == offered

        page = run_action(publisher, "unpublish", shown, waiting)

        refusal = "“Waiting” isn't published; hold it if readers should not see it."
        assert messages_of(page) == ["1 story unpublished and held.", refusal]
        shown.refresh_from_db()
        assert (shown.state, shown.is_shown()) == ("held", False)
        publisher.post(reverse("desk_undo_last"))
        shown.refresh_from_db()
        assert (shown.state, shown.is_shown()) == ("published", True)

    @pytest.mark.parametrize("action", ["schedule_in_an_hour", "schedule_tomorrow", "schedule_monday"])
    def test_shortcuts_schedule_and_keep_the_end(self, publisher, action):
        article = builders.article(quality=10)

        page = run_action(publisher, action, article, unpublish_at="2199-01-01T08:00")

        article.refresh_from_db()
        shown_time = f"{article.publish_at:%-d %b %Y, %H:%M} UTC"
        assert messages_of(page) == ["1 story scheduled.", f"Readers see it from {shown_time}."]
        assert timezone.now() < article.publish_at < timezone.now() + timedelta(days=8)
        assert (article.state, article.unpublish_at.year) == ("published", 2199)
        assert Operation.objects.get().verb == "schedule"

    def test_the_time_of_several_stories_is_said_of_them(self, publisher):
        shown, hidden = builders.article(quality=90), builders.article(quality=10)

        page = run_action(publisher, "schedule_tomorrow", hidden, builders.article(quality=10))
        assert messages_of(page)[1].startswith("Readers see them from ")
        page = run_action(publisher, "schedule_tomorrow", shown, hidden, confirmed="1")
        assert messages_of(page)[1].startswith("Readers won’t see them until ")

    def test_a_schedule_without_a_beginning_says_what_readers_see_now(self, publisher):
        article = builders.article("Waiting", quality=10)

        page = run_action(publisher, "schedule", article, unpublish_at="2199-01-01T08:00")
        assert messages_of(page) == ["1 story scheduled.", "Readers see “Waiting” now."]

    def test_an_empty_schedule_is_refused_unless_it_drops_one(self, publisher):
        article = builders.article("Waiting", quality=10)

        page = run_action(publisher, "schedule", article, publish_at="", unpublish_at="")
        assert messages_of(page) == ["Enter from when or until when readers see it. To show it now, publish it."]
        assert not Operation.objects.exists()

        run_action(publisher, "schedule", article, publish_at="2199-01-01T08:00")
        article.refresh_from_db()
        page = run_action(publisher, "schedule", article, publish_at="", unpublish_at="")
        assert messages_of(page) == ["1 story scheduled.", "Readers see “Waiting” now."]

    @pytest.mark.slow
    @pytest.mark.parametrize("htmx", [False, True])
    def test_scheduling_a_story_that_readers_see_asks_first(self, publisher, htmx):
        article = builders.article("Storm", quality=90)

        asked = run_action(publisher, "schedule_tomorrow", article, htmx=htmx).content.decode()
        assert "<h1>Schedule this story?</h1>" in asked
        assert re.search(r"It would leave the site until \d+ \w+ \d{4}, 08:00 UTC\.", asked)
        assert not Operation.objects.exists()

        page = run_action(publisher, "schedule_tomorrow", article, confirmed="1")
        assert re.fullmatch(r"Readers won’t see it until \d+ \w+ \d{4}, 08:00 UTC\.", messages_of(page)[1])
        article.refresh_from_db()
        assert not article.is_shown()

    def test_an_end_in_the_future_takes_nothing_away_and_is_not_asked_about(self, publisher):
        article = builders.article("Storm", quality=90)

        run_action(publisher, "schedule", article, unpublish_at="2199-01-01T08:00")

        assert Operation.objects.get().verb == "schedule"

    @pytest.mark.slow
    def test_what_is_scheduled_for_later_is_not_called_published(self, publisher):
        article = builders.article("Later", quality=10)
        run_action(publisher, "schedule_tomorrow", article)

        assert not publisher.get(DESK, {"view": "today"}).context["rows"]
        for url in (f"{DESK}?view=scheduled", reverse("desk_story", args=[article.pk])):
            assert '<span class="chip chip-published">scheduled</span>' in publisher.get(url).content.decode()
        records = publisher.get(reverse("admin:articles_article_changelist")).content.decode()
        assert '<span class="state published">scheduled</span>' in records

    @pytest.mark.slow
    def test_the_suggested_quality_is_offered_to_stories_without_one(self, publisher):
        article, other = (builders.article(quality=None, heat=None, topics=["AI"]) for _ in range(2))
        pane = reverse("desk_story", args=[article.pk])
        for url in (DESK, pane):  # there for all selected stories
            assert publisher.get(url).content.decode().count('value="suggest"') == 1

        run_action(publisher, "suggest", article, other)

        assert set(Article.objects.values_list("quality", "heat")) == {(10, 10)}
        assert publisher.get(DESK).content.decode().count(">suggested</span>") == 2
        page = publisher.get(pane).content.decode()
        assert (page.count('value="suggest"'), page.count(">suggested</span>")) == (0, 1)

    def test_no_step_leads_above_the_highest_score_or_below_none(self, publisher):
        for quality, step, expected in ((1_000_000 - 1, "5", 1_000_000), (3, "-5", 0)):
            article = builders.article(quality=quality)
            run_action(publisher, "step", article, quality_step=step)
            article.refresh_from_db()
            assert article.quality == expected

    def test_topics_are_set_in_their_order(self, publisher):
        for name in ("AI", "Health"):
            builders.topic(name)
        article = builders.article(quality=10)

        run_action(publisher, "topics", article, topics="Health, AI")

        assert [place.tag.name for place in article.article_topics.all()] == ["Health", "AI"]

    def test_an_unknown_topic_is_rejected(self, publisher):
        article = builders.article(quality=10)

        page = run_action(publisher, "topics", article, topics="Nonsense")

        assert messages_of(page) == [
            "This story can't be about Nonsense: there is no such topic; add it to the topics first."
        ]

    @pytest.mark.parametrize("who", ["admin_client", "publisher"])
    def test_a_cell_that_turns_the_lead_takes_few_queries_too(self, request, django_assert_max_num_queries, who):
        editor = request.getfixturevalue(who)
        lead = builders.article(quality=60)
        member = builders.folded(lead, quality=50)
        run_action(editor, "quality", lead, quality="61")
        member.refresh_from_db()
        with django_assert_max_num_queries(22):  # one names the lead that readers see instead
            page = run_action(editor, "quality", member, quality="90", htmx=True)
        assert page.status_code == 200
        for article in (lead, member):
            article.refresh_from_db()
        assert (lead.heat, member.heat) == (-1, 90)

    def test_saving_a_cell_takes_few_queries(self, publisher, django_assert_max_num_queries):
        lead = builders.article("Lead", quality=80, heat=90)
        builders.related(builders.folded(lead), lead)
        with django_assert_max_num_queries(18):
            answer = run_action(publisher, "quality", lead, quality="85", htmx=True)

        assert 'id="quality-' in answer.content.decode()
        assert answer["HX-Trigger"] == "desk:decided"

    @pytest.mark.slow
    def test_invalid_input_is_rejected_with_a_message(self, publisher):
        article = builders.article(quality=10)

        for action, fields, sentence in (
            ("quality", {"quality": "many"}, "Enter 0 to 1,000,000 as quality"),
            ("spike", {"reason": "boredom"}, "is not a reason"),
            ("schedule", {"publish_at": "tomorrow"}, "is not a time"),
            ("pick", {"pick_until": "tomorrow"}, "is not a time"),
            ("pick", {"pick_until": "2001-01-01T08:00"}, "a time in the past"),
            ("schedule", {"unpublish_at": "2001-01-01T08:00"}, "until a time in the past; choose a later end"),
            ("pick", {"pick_until": "2199-01-01T08:00"}, "publish it first"),
            ("schedule", {"publish_at": "2026-13-45T00:00"}, "is not a time"),
            ("step", {"quality_step": "x"}, "is not a number"),
            ("step", {"quality_step": "100000"}, "is not a number"),
            ("step", {"quality_step": "-+5"}, "is not a number"),
            ("quality", {"quality": "1000001"}, "Enter 0 to 1,000,000 as quality"),
            ("heat", {"heat": "1000001"}, "Enter 0 to 1,000,000 as heat"),
            ("words", {"title": " "}, "needs a title"),
            ("words", {"title": "x" * 301}, "title has 301 characters; 300 are allowed"),
            ("words", {"excerpt": "a\0b"}, "contains the control character U+0000"),
            ("fold", {"into": "x"}, "Choose the story"),
            ("topics", {"topics": "A\0I"}, "contains the control character U+0000"),
            ("dance", {}, "no such action"),
        ):
            page = run_action(publisher, action, article, **fields)

            assert sentence in messages_of(page)[0], (action, fields)
            assert not Operation.objects.exists()

    @pytest.mark.parametrize(
        ("action", "fields", "refusal"),
        [
            ("words", {}, "Titles and excerpts are edited one story at a time."),
            ("note", {}, "Notes are edited one story at a time."),
            ("merge", {"into": "1"}, "Two stories are merged at a time."),
            ("keep_apart", {}, "One pair is kept apart at a time."),
            ("make_lead", {}, "One story leads; choose one."),
            ("place", {"place": "1"}, "Put one story at a time in its place."),
            ("place", {"place": "first"}, "“first” is not a place. Enter a number from 1 to 10."),
        ],
    )
    def test_what_is_done_to_one_story_is_refused_in_a_sentence(self, publisher, action, fields, refusal):
        articles = [builders.article(pk=pk) for pk in ((1,) if fields == {"place": "first"} else (1, 2))]

        assert messages_of(run_action(publisher, action, *articles, **fields)) == [refusal]

    @pytest.mark.parametrize("rows", [[], ["x"], ["1"], ["1:x"], ["99999999999999999999:1"], ["0:1"]])
    def test_invalid_rows_are_rejected(self, publisher, rows):
        page = publisher.post(reverse("desk_act"), {"action": "hold", "row": rows}, follow=True)

        assert messages_of(page)

    def test_a_deleted_story_is_rejected(self, publisher):
        page = publisher.post(reverse("desk_act"), {"action": "hold", "row": "4711:1"}, follow=True)

        assert messages_of(page) == ["This story was deleted meanwhile; nothing was saved."]

    def test_a_clash_shows_both_values_and_asks(self, publisher):
        article = builders.article(quality=10)
        seen = sent_rows(article)
        bob = User.objects.create_superuser("bob")
        operations.edit(article, quality=40, by=Actor(bob, Via.DESK))

        page = publisher.post(reverse("desk_act"), {"action": "quality", "quality": "20", "row": seen})

        assert page.status_code == 409
        text = page.content.decode()
        assert "bob" in text
        assert re.search(r"<td>20</td>\s*<td>40</td>", text)
        run_action(publisher, "quality", article, quality="20")
        article.refresh_from_db()
        assert article.quality == 20

    def test_a_clash_with_a_fold_says_folded_instead_of_a_number(self, publisher):
        lead, article = builders.article("Lead", quality=90), builders.article("Member", quality=10)
        seen = sent_rows(article)
        operations.fold_into(article, lead, by=Actor(User.objects.create_superuser("bob"), Via.DESK))

        page = publisher.post(reverse("desk_act"), {"action": "heat", "heat": "20", "row": seen})

        assert page.status_code == 409
        assert re.search(r"<td>20</td>\s*<td>folded</td>", page.content.decode())

    @pytest.mark.slow
    def test_a_bulk_decision_leaves_alone_what_others_decided_meanwhile(self, publisher):
        one, other = builders.article("One", quality=10), builders.article("Other", quality=10)
        seen = sent_rows(one, other)
        operations.publish(other, by=Actor(User.objects.create_superuser("bob"), Via.DESK))

        page = publisher.post(reverse("desk_act"), {"action": "spike", "row": seen}, follow=True)

        assert messages_of(page)[0] == "1 story spiked."
        assert "“Other” was changed by bob meanwhile" in messages_of(page)[1]
        other.refresh_from_db()
        assert other.state == "published"

    @pytest.mark.slow
    def test_more_than_fifty_stories_are_shown_first(self, publisher):
        for _ in range(51):
            builders.article(quality=10)
        sent = {"action": "spike", "reason": "off topic", "whole_view": "1", "query": "view=undecided"}

        page = publisher.post(reverse("desk_act"), sent)
        text = " ".join(page.content.decode().split())
        assert "<h1>Spike 51 stories?</h1>" in text
        assert "Now: 51 undecided." in text
        assert "Readers see no difference." in text
        assert '<button type="submit" class="do stop">Spike 51 stories</button>' in text
        assert '<option selected value="off topic">off topic</option>' in text
        assert not Operation.objects.exists()

        confirmed = {"row": [f"{pk}:{version}" for pk, version in page.context["rows"]], "confirmed": "1"}
        publisher.post(reverse("desk_act"), dict(page.context["fields"]) | confirmed)
        assert Operation.objects.get().articles == 51

    @pytest.mark.slow
    def test_a_confirmation_of_many_names_the_first_that_readers_would_no_longer_see(self, publisher):
        articles = [builders.article(f"Storm {number}") for number in range(51)]

        text = " ".join(run_action(publisher, "hold", *articles).content.decode().split())

        assert '<h2>51 stories would leave the site</h2> <ul class="sample"><li>Storm 0</li>' in text
        assert "<li>Storm 19</li></ul> <p>And 31 more.</p>" in text
        assert not Operation.objects.exists()

    @pytest.mark.slow
    def test_a_result_names_what_readers_see_since_unless_its_verb_says_so(self, publisher):
        strong, weak = builders.article("Strong", quality=10), builders.article("Weak", quality=90)

        assert messages_of(run_action(publisher, "quality", strong, weak, quality="80")) == [
            "2 stories scored.",
            "Readers see “Strong” now.",
        ]
        assert messages_of(publisher.post(reverse("desk_undo_last"), follow=True)) == [
            "Undone: 2 stories restored.",
            "Readers no longer see “Strong” by itself.",
        ]
        strong.refresh_from_db()
        assert messages_of(run_action(publisher, "publish", strong)) == ["1 story published."]

    @pytest.mark.parametrize(("stories", "is_taken"), [(3, True), (4, False)])
    def test_a_view_of_too_many_stories_is_narrowed_first(self, publisher, monkeypatch, stories, is_taken):
        monkeypatch.setattr(commands, "ARTICLES_MAX", 3)
        for _ in range(stories):
            builders.article(quality=10)

        sent = {"action": "spike", "whole_view": "1", "query": "view=undecided"}
        page = publisher.post(reverse("desk_act"), sent, follow=True)

        assert Operation.objects.exists() == is_taken
        assert messages_of(page)[0].startswith("3 stories spiked" if is_taken else "This view has more than 3 stories")

    @pytest.mark.slow
    def test_fifty_are_not(self, publisher):
        fifty = [builders.article(quality=10) for _ in range(50)]

        run_action(publisher, "spike", *fifty)

        assert Operation.objects.get().articles == 50

    @pytest.mark.systematic
    def test_as_many_stories_as_a_view_may_have_are_decided_at_once(self, publisher):
        article = builders.article(quality=10)
        others = [f"{pk}:1" for pk in range(article.pk + 1, article.pk + commands.ARTICLES_MAX)]

        sent = {"action": "hold", "row": [*sent_rows(article), *others], "confirmed": "1"}
        publisher.post(reverse("desk_act"), sent)

        article.refresh_from_db()
        assert article.state == "held"

    @pytest.mark.slow
    def test_undo_takes_back_the_last_operation_of_ones_own(self, publisher):
        article = builders.article(quality=10)
        run_action(publisher, "spike", article)
        operations.hold(builders.article("Other"))

        page = publisher.post(reverse("desk_undo_last"), follow=True)

        article.refresh_from_db()
        assert article.state == "undecided"
        assert messages_of(page) == ["Undone: 1 story unspiked."]
        assert messages_of(publisher.post(reverse("desk_undo_last"), follow=True)) == [
            "There is nothing of yours to undo."
        ]

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["desk_undo_last", "desk_undo"])
    def test_undo_says_what_becomes_of_the_next_lead(self, publisher, name):
        lead = builders.article("Lead", quality=90)
        builders.folded(lead, "Member", quality=80)
        run_action(publisher, "spike", lead, confirmed="1")
        url = reverse(name, args=[Operation.objects.get().pk] if name == "desk_undo" else [])

        shown = messages_of(publisher.post(url, follow=True))

        assert "“Member” is folded under its previous lead again." in shown

    @pytest.mark.slow
    def test_a_score_says_what_goes_with_the_lead_that_it_folds(self, publisher):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member", quality=80)
        builders.related(member, lead)
        operations.fold_into(builders.article("Hand", quality=50), lead)

        shown = messages_of(run_action(publisher, "quality", member, quality="120"))

        assert "“Hand” is folded under “Member” now." in shown

    @pytest.mark.slow
    def test_a_result_names_the_first_that_followed_and_counts_the_others(self, publisher, monkeypatch):
        monkeypatch.setattr(action_views, "MESSAGES_MAX", 1)
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member", quality=80)
        builders.related(member, lead)
        for title in ("One", "Two", "Three"):
            operations.fold_into(builders.article(title, quality=50), lead)

        shown = messages_of(run_action(publisher, "quality", member, quality="120"))

        assert len([text for text in shown if text.endswith("is folded under “Member” now.")]) == 1
        assert "And 2 more." in shown

    @pytest.mark.slow
    def test_undo_skips_what_can_not_be_undone_and_says_why(self, publisher, django_user_model):
        article, other = builders.article(quality=10), builders.article("Other", quality=10)
        run_action(publisher, "spike", article)
        run_action(publisher, "hold", other)
        operations.take_down_story(other, by=Actor(django_user_model.objects.get(username="ana"), reason="Libel"))

        page = publisher.post(reverse("desk_undo_last"), follow=True)

        article.refresh_from_db()
        assert article.state == "undecided"
        undone, *skipped = messages_of(page)
        assert undone == "Undone: 1 story unspiked."
        assert [re.sub(r" on .+?:\d\d UTC", "", text) for text in skipped] == [
            "Skipped: story taken down. It can't be undone: a story is taken down for good.",
            "Skipped: held. Nothing could be restored. "
            "Left unchanged: a story that was taken down (nothing brings it back).",
        ]

    @pytest.mark.slow
    def test_undo_takes_the_right_to_what_was_done(self, publisher):
        run_action(publisher, "publish", builders.article(quality=10))
        ana = User.objects.get(username="ana")
        ana.groups.set([Group.objects.get(name="editor")])

        assert messages_of(publisher.post(reverse("desk_undo_last"), follow=True)) == [
            "Undoing this needs the permission to publish. Ask someone who has it."
        ]
        assert Operation.objects.get().undone_by.count() == 0

    @pytest.mark.slow
    @pytest.mark.parametrize("action", ["hold", "spike", "quality", "words", "note", "topics", "add_topic"])
    def test_a_form_that_is_sent_twice_still_offers_to_undo_it(self, publisher, action):
        article = builders.article(quality=10)
        builders.topic("Health")
        words = {"title": "Storm", "excerpt": "Roofs fly", "note": "Call them", "topics": "Health", "topic": "Health"}
        sent = {"action": action, "row": sent_rows(article), "quality": "20", **words}
        publisher.post(reverse("desk_act"), sent)  # its response is lost

        page = publisher.post(reverse("desk_act"), sent, follow=True)

        operation = Operation.objects.get()
        link = f'<a href="{reverse("desk_operation", args=[operation.pk])}">Undo</a>'
        assert f"1 story {ACTIONS[action].past_tense}. {link}" in page.content.decode()

    def test_what_others_did_is_not_offered_again(self, publisher):
        held, other = builders.article(quality=10), builders.article(quality=10)
        operations.hold(held)
        run_action(publisher, "hold", other)

        assert messages_of(run_action(publisher, "hold", held)) == ["Nothing changed."]

    @pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
    def test_the_way_back_stays_on_the_site(self, publisher, url):
        article = builders.article(quality=10)
        answer = publisher.post(reverse("desk_act"), {"action": "hold", "row": sent_rows(article), "next": url})

        assert answer["Location"] == DESK


class TestWithdrawingALead:
    @pytest.mark.slow
    @pytest.mark.parametrize("action", ["hold", "unpublish", "spike"])
    @pytest.mark.parametrize("htmx", [False, True])
    def test_it_asks_and_offers_to_publish_the_next_lead(self, publisher, action, htmx):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member")

        page = run_action(publisher, action, lead, htmx=htmx)
        text = " ".join(page.content.decode().split())
        assert f'<strong>Lead</strong> <span class="by">{lead.provider.name}, published, on the site</span>' in text
        assert "<p>It would leave the site.</p>" in text
        assert text.count("Lead<") == 1
        offer = f"Publish “Member” ({member.provider.name}) in its place</label>"
        assert f'name="in_place" value="{member.pk}"> {offer}' in text
        assert not Operation.objects.exists()

        done = run_action(publisher, action, lead, confirmed="1")
        assert "“Member” leads its story now and waits for an editor." in messages_of(done)
        member.refresh_from_db()
        assert (member.state, member.public) == ("undecided", False)

    def test_the_next_lead_is_published_in_its_place(self, publisher):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member")

        page = run_action(publisher, "spike", lead, confirmed="1", in_place=str(member.pk))

        assert "Readers see “Member” now." in messages_of(page)
        assert Operation.objects.get().verb == "spike"

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("withdraw", "note"),
        [
            (lambda lead: operations.spike(lead, "paywall"), "follows “Lead”, which is spiked: paywall"),
            (lambda lead: operations.delete(Article.objects.filter(pk=lead.pk)), "follows 2020-06-09-lead, which was"),
        ],
    )
    def test_list_and_story_say_whom_the_next_lead_follows(self, publisher, withdraw, note):
        lead = builders.article("Lead", name="2020-06-09-lead", quality=90)
        member = builders.folded(lead, "Member")
        withdraw(lead)

        for url in (DESK, reverse("desk_story", args=[member.pk])):
            assert f'<span class="mark">{note}' in publisher.get(url).content.decode()

    def test_a_lead_that_readers_do_not_see_is_held_at_once(self, publisher):
        lead = builders.article(quality=40)
        builders.folded(lead, quality=30)

        run_action(publisher, "hold", lead)

        assert Operation.objects.get().verb == "hold"


class TestTimesWhenTheClocksChange:
    """In Berlin, 02:00 to 03:00 is skipped on 2027-03-28 and happens twice on 2027-10-31."""

    @pytest.fixture(autouse=True)
    def berlin(self, settings):
        settings.TIME_ZONE = "Europe/Berlin"

    @pytest.mark.parametrize("time", ["2027-03-28T02:30", "2027-10-31T02:30"])
    @pytest.mark.parametrize(
        ("action", "field"), [("schedule", "publish_at"), ("schedule", "unpublish_at"), ("pick", "pick_until")]
    )
    def test_a_time_that_does_not_exist_or_exists_twice_is_refused(self, publisher, action, field, time):
        page = run_action(publisher, action, builders.article(), **{field: time})

        assert "does not exist or exists twice in Europe/Berlin" in messages_of(page)[0]
        assert not Operation.objects.exists()

    @pytest.mark.slow
    def test_a_time_that_was_not_changed_is_kept(self, publisher):
        """The second 02:30 of the night, with its seconds."""
        article = builders.article()
        second = datetime(2027, 10, 31, 1, 30, 15, tzinfo=UTC)
        operations.schedule(article, publish_at=second)
        form = publisher.get(reverse("desk_story", args=[article.pk])).content.decode()
        assert 'name="publish_at" value="2027-10-31T02:30"' in form

        run_action(publisher, "schedule", article, publish_at="2027-10-31T02:30", unpublish_at="2027-11-30T12:00")

        article.refresh_from_db()
        assert (article.publish_at, article.unpublish_at) == (second, datetime(2027, 11, 30, 11, tzinfo=UTC))

    def test_a_schedule_across_the_change_is_compared_as_instants(self, publisher):
        article = builders.article()

        run_action(
            publisher,
            "schedule",
            article,
            publish_at="2027-03-28T01:59",
            unpublish_at="2027-03-28T03:00",
            confirmed="1",
        )

        article.refresh_from_db()
        assert (article.unpublish_at - article.publish_at).total_seconds() == 60

    def test_an_operation_compares_instants(self):
        berlin = ZoneInfo("Europe/Berlin")
        begin, end = (datetime(2027, 10, 31, 2, minute, tzinfo=berlin) for minute in (45, 15))

        operations.schedule(builders.article(), publish_at=begin, unpublish_at=end.replace(fold=1))
        with pytest.raises(ActionError, match="can't be withdrawn before"):
            operations.schedule(
                builders.article(),
                publish_at=begin.replace(hour=2, minute=30),
                unpublish_at=begin.replace(hour=2, minute=15),
            )
        with pytest.raises(ActionError, match="can't be withdrawn before"):
            operations.schedule(builders.article(), publish_at=end.replace(fold=1), unpublish_at=begin)

    @pytest.mark.slow
    def test_every_time_field_names_the_zone(self, publisher):
        article = builders.article()

        assert publisher.get(DESK).content.decode().count("(Europe/Berlin)") == 4
        assert "(Europe/Berlin)" in publisher.get(reverse("desk_story", args=[article.pk])).content.decode()
