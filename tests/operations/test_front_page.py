"""What editors decide about the front page, and that readers see it there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Appearance, Article
from articles.operations.front_page import PicksChangedError, picks_token
from articles.operations.results import ActionError
from articles.publication_record.checking import find_differences
from articles.rules.front_page import PICK_PLACES
from articles.stories.front_page import load_front_page
from tests import builders

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def stories() -> list[Article]:
    """Return five stories of different outlets, the hottest first."""
    return [
        builders.article(name, heat=1000 - 100 * number, provider=builders.provider(name, f"{name.lower()}.example"))
        for number, name in enumerate(("Ada", "Bea", "Cleo", "Dora", "Edda"))
    ]


def front(client) -> list[str]:
    return re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', client.get("/").content.decode())


def token() -> str:
    return picks_token(load_front_page()[1].picks)


def test_a_story_put_second_is_second_for_readers_on_the_next_request(client, stories):
    assert front(client) == ["Ada", "Bea", "Cleo", "Dora", "Edda"]
    result = operations.place(stories[3], 2)
    assert front(client) == ["Ada", "Dora", "Bea", "Cleo", "Edda"]
    assert result.front_page == ["“Dora” moved from 4 to 2.", "2 stories moved down by one."]
    stories[3].refresh_from_db()
    assert timedelta(hours=23) < stories[3].pick_until - timezone.now() <= timedelta(hours=24)
    operations.undo(result.operation)
    assert front(client) == ["Ada", "Bea", "Cleo", "Dora", "Edda"]


def test_picks_in_the_way_move_and_undo_puts_all_back(client, stories):
    for place, story in enumerate(stories[2:], 1):
        operations.place(story, place)
    assert front(client)[:3] == ["Cleo", "Dora", "Edda"]
    moved = operations.place(stories[4], 1)
    assert front(client)[:3] == ["Edda", "Cleo", "Dora"]
    assert moved.operation.articles == 3
    operations.undo(moved.operation)
    assert front(client)[:3] == ["Cleo", "Dora", "Edda"]


def test_a_place_is_free_again_when_its_pick_has_expired(client, stories, monkeypatch):
    operations.place(stories[4], 1, until=timezone.now() + HOUR)
    operations.place(stories[3], 2, until=timezone.now() + 3 * HOUR)
    later = timezone.now() + 2 * HOUR
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert front(client) == ["Ada", "Dora", "Bea", "Cleo", "Edda"]
    assert operations.place(stories[2], 1).operation.articles == 1  # nothing has to make room


def test_a_new_pick_has_no_place_of_a_pick_that_is_over(client, stories, monkeypatch):
    operations.place(stories[4], 3, until=timezone.now() + HOUR)
    later = timezone.now() + 2 * HOUR
    monkeypatch.setattr(timezone, "now", lambda: later)

    result = operations.pick(stories[4], later + HOUR)

    assert front(client)[0] == "Edda"
    assert Article.objects.get(pk=stories[4].pk).pick_place is None
    operations.undo(result.operation)
    assert front(client)[0] == "Ada"


@pytest.mark.parametrize(
    "first", [lambda story: operations.pick(story, timezone.now() + HOUR), lambda story: operations.place(story, 1)]
)
def test_undo_leaves_a_pick_that_somebody_has_placed_since(client, stories, first):
    picked = first(stories[4]).operation
    operations.place(stories[4], 3)

    [kept] = operations.undo(picked).not_restored

    assert kept.reason == "placed on the front page by the system since then"
    assert front(client)[2] == "Edda"


def test_a_story_kept_off_the_front_page_is_everywhere_else(client, stories):
    operations.pick(stories[0], timezone.now() + HOUR)
    result = operations.keep_off_front(stories[0])
    assert front(client) == ["Bea", "Cleo", "Dora", "Edda"]
    assert result.front_page == ["“Ada” left the first page.", "4 stories moved up by one."]
    assert "Ada" in client.get("/latest/").content.decode()
    with pytest.raises(ActionError, match="kept off the front page"):
        operations.place(stories[0], 1)
    assert operations.allow_on_front(stories[0]).front_page[0] == "“Ada” joined the first page at 1."
    assert front(client) == ["Ada", "Bea", "Cleo", "Dora", "Edda"]  # its pick has ended


@pytest.mark.slow
def test_later_pages_leave_out_what_is_kept_off(client, stories):
    for number in range(45):
        builders.article(f"More {number}", heat=90)
    operations.keep_off_front(Article.objects.filter(title__in=["Cleo", "More 3"]))
    url, shown = "/", []
    while url:
        page = client.get(url).content.decode()
        shown += re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', page)
        following = re.search(r'href="(\?before=[^"]*)" rel="next"', page)
        url = f"/{following[1]}" if following else ""
    assert len(shown) == len(set(shown)) == 48
    assert {"Cleo", "More 3"}.isdisjoint(shown)


def test_who_saw_other_picks_is_asked_and_nothing_is_lost(client, stories):
    seen = token()
    ben = Actor(User.objects.create_superuser("ben"))
    operations.place(stories[4], 1, by=ben)
    for change in (
        lambda: operations.place(stories[3], 1, seen=seen),
        lambda: operations.pick(stories[3], timezone.now() + HOUR, seen=seen),
        lambda: operations.end_pick(stories[4], seen=seen),
        lambda: operations.keep_off_front(stories[4], seen=seen),
    ):
        with pytest.raises(PicksChangedError, match="changed by ben"):
            change()
    assert front(client)[0] == "Edda"
    operations.place(stories[3], 1, seen=token())
    assert front(client)[:2] == ["Dora", "Edda"]


def test_there_are_as_many_picks_as_places():
    stories = [builders.article(f"Story {number}") for number in range(PICK_PLACES + 1)]
    result = operations.pick(Article.objects.all(), timezone.now() + HOUR)
    assert (len(result.done), len(result.rejections)) == (PICK_PLACES, 1)
    assert "taken; end one first" in result.rejections[0].reason
    with pytest.raises(ActionError, match="taken"):
        operations.place(stories[-1], 3)
    assert operations.place(stories[0], 3).front_page


@pytest.mark.parametrize("at", [0, -1, PICK_PLACES + 1])
def test_there_is_no_other_place(stories, at):
    with pytest.raises(ActionError, match="place from 1 to 10"):
        operations.place(stories[0], at)


def test_readers_must_see_a_story_that_gets_a_place():
    hidden = builders.article(published=False, heat=10)
    with pytest.raises(ActionError, match="publish it first"):
        operations.place(hidden, 1)


def test_the_record_says_which_place_readers_saw(stories):
    until = timezone.now() + HOUR
    operations.place(stories[3], 2, until=until)
    operations.place(stories[4], 2)
    operations.keep_off_front(stories[0])
    rows = Appearance.objects.filter(article_id=stories[3].pk).order_by("starts_at", "pk")
    assert list(rows.values_list("pick", "pick_place"))[-3:] == [(True, 2), (True, 3), (False, None)]
    assert Appearance.objects.filter(article_id=stories[0].pk).last().off_front is True
    assert [
        difference for difference in find_differences() if difference.article_id in (stories[0].pk, stories[3].pk)
    ] == []


@pytest.mark.parametrize("change", [operations.end_pick, operations.keep_off_front, operations.allow_on_front])
def test_a_change_needs_the_permission_to_publish(change):
    article = builders.article(pick_until=timezone.now() + HOUR, off_front=change is operations.allow_on_front or None)
    with pytest.raises(ActionError, match="permission to publish"):
        change(article, by=Actor(User.objects.create_user("eve")))


def test_a_pick_changes_no_score(stories):
    operations.place(stories[1], 1)
    operations.pick(stories[0], timezone.now() + HOUR)
    assert Article.objects.get(pk=stories[0].pk).heat == 1000  # though the policy would say 80


@pytest.mark.slow
def test_a_pick_stays_with_its_story_when_that_gets_another_lead(client, stories):
    lead = stories[3]
    member = builders.folded(lead, "Dora, again", quality=75)
    operations.place(lead, 2)
    result = operations.make_lead(member)
    assert front(client)[:3] == ["Ada", "Dora, again", "Bea"]
    operations.undo(result.operation)
    assert front(client)[:3] == ["Ada", "Dora", "Bea"]
