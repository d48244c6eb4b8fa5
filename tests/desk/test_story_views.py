"""One story at the desk: its page, folding, merging, and who else has it open."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from articles.desk import presence
from articles.models import Operation
from tests import builders
from tests.desk.helpers import run_action

pytestmark = pytest.mark.django_db


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
        run_action(publisher, "fold", other, into=str(lead.pk))
        other.refresh_from_db()
        assert (other.lead, other.heat) == (lead, -1)

        run_action(publisher, "make_lead", other)
        lead.refresh_from_db()
        assert (lead.lead, lead.heat) == (other, -1)

        run_action(publisher, "take_out", lead)
        lead.refresh_from_db()
        assert (lead.lead, lead.heat) == (None, 80)

    def test_a_merge_is_shown_before_it_is_done(self, publisher):
        one, other = builders.article("One", quality=80), builders.article("Other", quality=60)
        builders.related(other)

        page = publisher.get(reverse("desk_merge"), {"one": one.pk, "other": other.pk})

        assert page.context["result"]["heat"] == 100
        assert not Operation.objects.exists()
        run_action(publisher, "merge", other, into=str(one.pk))
        one.refresh_from_db()
        assert one.heat == 100

    def test_recent_stories_are_found_by_their_words(self, publisher):
        article = builders.article("Bridge closed")
        builders.article("Storm")

        page = publisher.get(reverse("desk_find"), {"q": "bridge", "but": builders.article("Bridge again").pk})

        assert list(page.context["suggestions"]) == [article]

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
