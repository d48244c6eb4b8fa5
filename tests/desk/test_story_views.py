"""One story at the desk: its page, folding, merging, and who else has it open."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from articles.desk import presence
from articles.models import Article, Operation
from sources.models import Source
from tests import builders
from tests.desk.helpers import DESK, messages_of, run_action

pytestmark = pytest.mark.django_db


class TestOneStory:
    @pytest.mark.slow
    def test_it_shows_members_and_why(self, publisher):
        lead = builders.article("Lead", quality=80, heat=90)
        member = builders.folded(lead, "Member")

        for article in (lead, member):
            page = publisher.get(reverse("desk_story", args=[article.pk]))
            assert page.context["members"] == [member]
            assert page.context["lead"] == lead
            assert "quality" in page.content.decode()

    @pytest.mark.slow
    def test_it_says_who_decided_and_why(self, publisher):
        article = builders.article("Storm", quality=10)
        run_action(publisher, "spike", article, reason="paywall", reason_text="nothing new")

        page = " ".join(publisher.get(reverse("desk_story", args=[article.pk])).content.decode().split())
        assert re.search(r'spiked: paywall</span>.*?<span class="by">by \w+, .*? UTC</time>: nothing new</span>', page)

    def test_it_says_who_scheduled_a_story_that_was_on_the_site(self, publisher):
        article = builders.article("Storm", quality=90)
        run_action(publisher, "schedule", article, publish_at="2099-01-01T08:00", confirmed="1")

        page = publisher.get(reverse("desk_story", args=[article.pk])).content.decode()

        assert re.search(r'scheduled</span>\s*<span class="by">\s*by ana, ', page)

    @pytest.mark.slow
    def test_the_pane_and_a_merge_say_what_is_on_the_site(self, publisher):
        shown, hidden = builders.article(quality=90), builders.article(quality=10)
        for url, marks in (
            (reverse("desk_story", args=[shown.pk]), 1),
            (reverse("desk_story", args=[hidden.pk]), 0),
            (f"{reverse('desk_merge')}?one={shown.pk}&other={hidden.pk}", 1),
        ):
            assert publisher.get(url).content.decode().count("on the site</span>") == marks, url

    @pytest.mark.slow
    def test_a_folded_article_without_a_lead_is_taken_out_or_folded_from_its_view(self, publisher):
        lead = builders.article(quality=90)
        orphans = [builders.article(heat=-1, quality=5, published=False) for _ in range(2)]
        page = publisher.get(DESK, {"view": "no-lead"}).content.decode()
        for orphan in orphans:
            assert f'href="{reverse("desk_find")}?but={orphan.pk}"' in page
        assert page.count('value="take_out"') == 3  # each row, and all selected ones

        run_action(publisher, "take_out", orphans[0])
        run_action(publisher, "fold", orphans[1], into=str(lead.pk))

        assert [Article.objects.get(pk=orphan.pk).heat for orphan in orphans] == [5, -1]
        assert not Article.objects.folded_without_lead().exists()

    @pytest.mark.slow
    def test_stories_are_folded_taken_out_and_led_by_forms(self, publisher):
        lead, other = builders.article("Lead", quality=80), builders.article("Other", quality=50)
        run_action(publisher, "fold", other, into=str(lead.pk))
        other.refresh_from_db()
        assert (other.lead, other.heat) == (lead, -1)

        run_action(publisher, "make_lead", other)
        lead.refresh_from_db()
        assert (lead.lead, lead.heat) == (other, -1)

        run_action(publisher, "take_out", lead, confirmed="1", announced=str(lead.pk))
        lead.refresh_from_db()
        assert (lead.lead, lead.heat) == (None, 80)

    @pytest.mark.slow
    def test_a_merge_is_shown_before_it_is_done(self, publisher):
        one, other = builders.article("One", quality=80), builders.article("Other", quality=60)
        builders.related(other)

        page = publisher.get(reverse("desk_merge"), {"one": one.pk, "other": other.pk})

        assert page.context["result"]["lead"].heat == 100
        assert not Operation.objects.exists()
        run_action(publisher, "merge", other, into=str(one.pk))
        one.refresh_from_db()
        assert one.heat == 100

    def test_a_story_folded_under_one_that_readers_do_not_see_leaves_the_site(self, publisher):
        shown, hidden = builders.article("Shown", quality=75), builders.article("Hidden", quality=10)

        page = publisher.get(reverse("desk_merge"), {"one": hidden.pk, "other": shown.pk})
        text = " ".join(page.content.decode().split())
        assert "<h2>1 story would leave the site</h2>" in text
        assert "redirects there" not in text
        for action in ("fold", "merge"):
            assert "<p>It would leave the site.</p>" in run_action(publisher, action, shown, into=str(hidden.pk)).text

    @pytest.mark.slow
    @pytest.mark.parametrize("htmx", [False, True])
    def test_a_merge_names_what_moves_appears_and_disappears_before_it_is_done(self, publisher, htmx):
        one = builders.article("One", quality=65)
        other = builders.article("Other", quality=75)
        builders.folded(other, "Member")

        url = reverse("desk_merge")
        shown = publisher.get(url, {"one": one.pk, "other": other.pk})
        asked = run_action(publisher, "merge", other, into=str(one.pk), htmx=htmx)

        for page in (shown, asked):
            text = " ".join(page.content.decode().split())
            assert '<h2>1 story would appear on the site</h2> <ul class="sample"><li>One</li></ul>' in text
            assert "<h2>1 article would get another lead</h2>" in text
            assert "<li>Member</li>" in text
            assert f'name="announced" value="{one.pk}"' in text
            assert " would stay on the site only as coverage of " in text
        assert not Operation.objects.exists()

        done = run_action(publisher, "merge", other, into=str(one.pk), confirmed="1", announced=str(one.pk))
        assert messages_of(done)[1:2] == ["Readers see “One” in place of “Other” now."]
        one.refresh_from_db()
        assert (one.heat, one.public) == (85, True)

    def test_a_fold_that_moves_members_nobody_selected_asks_first(self, publisher):
        lead = builders.article("Lead", quality=60)
        story = builders.article("Story", quality=50)
        for number in range(6):
            builders.related(builders.folded(story, f"Member {number}", quality=30 - number), story)

        page = run_action(publisher, "fold", story, into=str(lead.pk))

        assert "It would get another lead." in page.content.decode()
        assert f'Into <strong>Lead</strong> <span class="by">{lead.provider.name}, ' in " ".join(
            page.content.decode().split()
        )
        assert "6 articles would get another lead" in page.content.decode()
        assert "<li>Member 5</li>" in page.content.decode()
        assert not Operation.objects.exists()

    def test_a_fold_of_one_article_that_readers_do_not_see_asks_nothing(self, publisher):
        lead, single = builders.article("Lead", quality=80), builders.article("Single", quality=50)

        run_action(publisher, "fold", single, into=str(lead.pk))

        assert Operation.objects.get().verb == "fold"

    @pytest.mark.parametrize("action", ["take_out", "make_lead"])
    def test_taking_out_and_making_lead_ask_before_a_story_appears(self, publisher, action):
        lead = builders.article("Lead", quality=60)
        member = builders.folded(lead, "Member", quality=75)

        page = run_action(publisher, action, member)
        assert "<p>It would appear on the site.</p>" in page.content.decode()
        assert not Operation.objects.exists()

        run_action(publisher, action, member, **{"confirmed": "1", "announced": str(member.pk)})
        member.refresh_from_db()
        assert member.public

    def test_a_confirmation_publishes_no_more_than_it_announced(self, publisher):
        lead = builders.article("Lead", quality=60)
        member = builders.folded(lead, "Member", quality=75)

        run_action(publisher, "take_out", member, confirmed="1")

        member.refresh_from_db()
        assert (member.heat, member.public) == (75, False)

    @pytest.mark.slow
    def test_a_published_story_that_only_gets_another_lead_is_reported_afterwards(self, publisher):
        lead = builders.article("Lead", quality=80)
        member = builders.folded(lead, "Member", quality=75)

        page = run_action(publisher, "make_lead", member)

        assert messages_of(page) == [
            "“Member” leads its story now.",
            "Readers see “Member” in place of “Lead” now.",
        ]
        assert messages_of(publisher.post(reverse("desk_undo_last"), follow=True)) == [
            "Undone: “Lead” leads its story again.",
            "Readers see “Lead” in place of “Member” now.",
        ]

    @pytest.mark.slow
    def test_moves_say_which_story_they_moved_where(self, publisher):
        lead, other = builders.article("Lead", quality=80), builders.article("Other", quality=90)
        member = builders.folded(lead, "Member", quality=40)

        def messages(action, article, **fields):
            article.refresh_from_db()
            done = messages_of(run_action(publisher, action, article, confirmed="1", **fields))
            return done, messages_of(publisher.post(reverse("desk_undo_last"), follow=True))

        done, undone = messages("take_out", member)
        assert (done[0], undone) == ("“Member” stands by itself now.", ["Undone: “Member” is back in its story."])
        for action in ("fold", "merge"):
            done, undone = messages(action, lead, into=str(other.pk))
            assert done[:2] == [
                "“Lead” is folded under “Other” now.",
                "Readers see “Lead” as coverage of “Other” now.",
            ]
            assert undone == ["Undone: “Lead” stands by itself again.", "Readers see “Lead” now."]
        done, undone = messages("spike", lead)
        assert done == ["1 story spiked.", "“Member” leads its story now and waits for an editor."]
        assert undone[0] == "Undone: 1 story unspiked."

    def test_recent_stories_are_found_by_their_words(self, publisher):
        article = builders.article("Bridge closed")
        builders.article("Storm")

        page = publisher.get(reverse("desk_find"), {"q": "bridge", "but": builders.article("Bridge again").pk})

        assert page.context["targets"] == [(article, "")]

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


class TestIncomingWords:
    def bring(self, article, changes: int) -> str:
        """Let a source bring the article and change it so often; return the URL of its page."""
        source, _ = Source.objects.get_or_create(name="Courier", url="https://courier.example/feed")
        now = timezone.now()
        times = {"first_seen_at": now, "last_seen_at": now}
        source.entries.create(
            title_key="t", fingerprint="f", outcome="taken", article=article, changes=changes, **times
        )
        return reverse("desk_story", args=[article.pk])

    @pytest.mark.slow
    def test_the_words_of_the_source_are_shown_beside_those_of_an_editor_and_used_on_request(self, publisher):
        article = builders.article(
            "Storm", pins=["excerpt", "title"], wishes={"title": "Storm grows", "excerpt": "More is known."}
        )
        url = self.bring(article, changes=1)
        assert "Title: Storm grows" in publisher.get(url).content.decode()

        values = {"row": f"{article.pk}:{article.version}", "action": "words", "next": url}
        publisher.post(reverse("desk_act"), values | article.wishes)

        article.refresh_from_db()
        assert (article.title, article.excerpt) == ("Storm grows", "More is known.")
        assert "The outlet has changed its words" not in publisher.get(url).content.decode()

    @pytest.mark.slow
    def test_nothing_is_shown_where_only_an_editor_changed_them(self, publisher):
        edited = builders.article("Storm", pins=["title"], wishes={"title": "Gale"})
        unpinned = builders.article("Storm", wishes={"title": "Gale"})
        for article, changes in ((edited, 0), (unpinned, 1)):
            page = publisher.get(self.bring(article, changes)).content.decode()
            assert "The outlet has changed its words" not in page
