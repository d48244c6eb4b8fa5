"""Looking at the links of stories, on a server of this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.link_checks.run import check_links, due_links, forget_unlisted_coverage
from articles.models import Article, CoverageCheck, LinkCheck, RelatedLink, Via
from fetching.client import FetchError
from tests import builders
from tests.desk.helpers import DESK
from tests.hostile import answer, redirect, serving

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 9, 12, tzinfo=UTC)


class FakeClient:
    """Answers by URL: a status, or an error."""

    def __init__(self, **answers: FetchError) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def probe(self, url: str) -> int:
        self.asked.append(url)
        if error := self.answers.get(url.rpartition("/")[2]):
            raise error
        return 200


def story(path: str, host: str = "courier.example", **values) -> Article:
    return builders.article(path, web_url=f"https://{host}/{path}", **values)


def look(client: FakeClient, now: datetime = NOW) -> dict[str, int]:
    return +check_links(due_links(now, 100), client, now=lambda: now, pause=0)


def test_results_are_stored_and_links_wait_until_they_are_due():
    stories = {path: story(path) for path in ("fine", "gone", "down")}
    client = FakeClient(gone=FetchError("responds with 404", status=404), down=FetchError("can't be reached"))

    assert look(client) == {"work": 1, "dead": 1, "failed": 1}
    assert look(client, NOW + timedelta(hours=1)) == {}
    assert look(client, NOW + timedelta(hours=6)) == {"failed": 1}
    assert look(client, NOW + timedelta(hours=40)) == {"dead": 1}
    assert look(client, NOW + timedelta(days=9)) == {"work": 1, "dead": 2}

    checks = {path: LinkCheck.objects.get(article=article) for path, article in stories.items()}
    assert (checks["gone"].status, checks["gone"].reason) == (404, "responds with 404")
    assert (checks["down"].status, checks["down"].failures, checks["down"].failing_since) == (None, 4, NOW)


def test_a_link_that_only_we_cannot_look_at_does_not_die():
    article = story("wall")
    client = FakeClient(wall=FetchError("redirects more than 5 times", is_inconclusive=True))
    for week in range(4):
        assert look(client, NOW + timedelta(days=7 * week)) == {"work": 1}
    check = LinkCheck.objects.get(article=article)
    assert (check.is_dead, check.failures, check.reason) == (False, 0, "redirects more than 5 times")


def test_only_links_of_stories_on_the_site_are_looked_at_and_new_urls_at_once():
    shown = story("shown")
    story("waiting", quality=10)
    client = FakeClient()
    look(client)
    Article.objects.filter(pk=shown.pk).update(web_url="https://courier.example/moved")
    look(client)
    assert client.asked == ["https://courier.example/shown", "https://courier.example/moved"]


def test_stories_without_a_url_take_no_place_of_others():
    linked = story("linked")
    builders.article("Newer, with nothing to look at", web_url="")
    assert [link.article_id for link in due_links(NOW, 1)] == [linked.pk]


@pytest.mark.slow
def test_coverage_that_readers_see_is_looked_at_once_after_the_stories(publisher):
    one, other = story("one"), story("other")
    for lead in (one, other):
        builders.related(lead, title="Shared", web_url="https://herald.example/gone", published_at=builders.MORNING)
    builders.related(one, title="Fine", web_url="https://herald.example/fine")
    builders.related(one, title="Ours", web_url="https://courier.example/other", target=other)  # no coverage
    builders.related(story("waiting", quality=10), title="Unseen", web_url="https://herald.example/unseen")
    client = FakeClient(gone=FetchError("responds with 410", status=410))

    assert [link.url.rpartition("/")[2] for link in due_links(NOW, 3)] == ["other", "one", "gone"]
    assert look(client) == {"work": 3, "dead": 1}
    assert look(client, NOW + timedelta(hours=1)) == {}
    assert sorted(client.asked)[2:] == ["https://herald.example/fine", "https://herald.example/gone"]

    page = publisher.get(f"{DESK}?view=dead-links")
    assert {row.article for row in page.context["rows"]} == {one, other}
    assert page.content.decode().count('<span class="mark">dead link in its coverage</span>') == 2
    text = " ".join(publisher.get(f"{DESK}articles/{one.pk}/").content.decode().split())
    assert text.count('<span class="mark">dead link</span>') == 1
    RelatedLink.objects.filter(title="Shared").delete()
    assert forget_unlisted_coverage() == 1
    assert not publisher.get(f"{DESK}?view=dead-links").context["rows"]


def test_a_story_that_is_taken_down_leaves_no_result(django_user_model):
    lead, report = story("lead"), story("report", quality=10)
    builders.related(lead, report)
    match_key = RelatedLink.objects.get().match_key
    CoverageCheck.objects.create(match_key=match_key, url=report.web_url, checked_at=NOW, due_at=NOW)
    RelatedLink.objects.update(target=None)
    user = django_user_model.objects.create_superuser("root")
    operations.take_down_story(report, by=Actor(user, Via.DESK, "court order"))
    assert not CoverageCheck.objects.exists()


def test_a_host_that_is_down_or_wants_to_be_left_alone_is_asked_once():
    for path in ("down", "other", "another"):
        story(path, host="down.example")
    story("elsewhere")
    error = FetchError("can't be reached", host_down=True)
    client = FakeClient(down=error, other=error, another=error)
    assert look(client) == {"work": 1, "failed": 1, "left": 2}


@pytest.mark.slow
def test_the_desk_lists_dead_links_of_stories_on_the_site(publisher):
    for path in ("gone", "fine"):
        story(path)
    look(FakeClient(gone=FetchError("responds with 410", status=410)))
    page = publisher.get(f"{DESK}?view=dead-links").content.decode()
    assert '<span class="mark">dead link</span>' in page
    assert [row.article.title for row in publisher.get(f"{DESK}?view=dead-links").context["rows"]] == ["gone"]


@pytest.mark.integration
def test_a_host_is_asked_one_thing_at_a_time(settings):
    with serving() as server:
        settings.FETCH_SERVERS = [f"127.0.0.1:{server.port}"]
        server.delay = 0.05
        for path in ("one", "other", "third"):
            server.answers[f"/{path}"] = answer(b"")
            builders.article(path, web_url=f"http://127.0.0.1:{server.port}/{path}")
        call_command("check_links", stdout=StringIO())
        assert (len(server.requests), server.busiest) == (3, 1)


@pytest.mark.integration
def test_the_command_asks_politely_and_reads_no_body(settings):
    with serving() as server:
        settings.FETCH_SERVERS = [f"127.0.0.1:{server.port}"]
        server.answers |= {"/fine": answer(b"x" * 100), "/moved": redirect("/fine", 301)}
        for path in ("fine", "moved", "gone"):
            builders.article(path, web_url=f"http://127.0.0.1:{server.port}/{path}")
        output = StringIO()
        call_command("check_links", limit=2, stdout=output)
        assert output.getvalue().endswith("2 links: 1 work, 0 failed, 1 are dead, 0 were left for later\n")
        assert {head.split(" ")[0] for head in server.requests} == {"HEAD", "GET"}  # GET for what HEAD doesn't find
        assert all("User-Agent: Newsfold" in head for head in server.requests)
    call_command("check_links", "--dry-run", stdout=output)
    assert output.getvalue().endswith("1 links of 1 hosts would be looked at\n")
    with pytest.raises(CommandError):
        call_command("check_links", "--limit", "0")
