"""New entries of sources become articles that wait for an editor. Nothing is requested, and no feed is parsed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.intake.run import take_in_new_entries
from articles.models import Article, Operation, Verb, Via
from articles.operations.undo_rights import can_undo
from articles.rules.states import State
from sources.fetcher import Fetched, FetchJob
from sources.models import Entry, Source
from sources.reading.values import ParsedEntry, ParsedFeed
from sources.storing import Attempt, store
from tests import builders
from tests.documents import CANONICAL

pytestmark = pytest.mark.django_db


def follow(name: str = "Courier", **values) -> Source:
    return Source.objects.create(name=name, url=f"https://{name.lower()}.example/feed", **values)


def entry(number: int = 1, host: str = "courier.example", **values: object) -> ParsedEntry:
    stated = {
        "title": f"Story {number}",
        "excerpt": "What happened.",
        "url": f"https://{host}/{number}",
        "published": timezone.now() - timedelta(hours=number),
        "provider": host,
        "picture": "",
        "language": "",
        "guid": f"guid-{number}",
    }
    return ParsedEntry(**stated | values)


def fetch(source: Source, *entries: ParsedEntry) -> dict[str, int]:
    """Store the entries as if the source had been fetched, and take in what is new."""
    feed = ParsedFeed(format="RSS", title="", url="", language="", entries=entries)
    job = FetchJob(pk=source.pk, url=source.url, host=source.host)
    store([Attempt(job, Fetched(status=200, feed=feed), timezone.now())])
    return dict(take_in_new_entries())


def test_new_entries_wait_for_an_editor_as_one_operation():
    source = follow()

    assert fetch(source, entry(1, picture="https://p.example/1.jpg"), entry(2)) == {"taken": 2}

    operation = Operation.objects.get()
    assert (operation.verb, operation.via, operation.reason, operation.articles) == ("intake", "source", "Courier", 2)
    article = Article.objects.get(title="Story 1")
    assert (article.state, article.published, article.public, article.pins) == (
        "undecided",
        False,
        False,
        ["published"],
    )
    assert article.quality == article.heat == 20
    assert article.provider.domain == "courier.example"
    assert Entry.objects.filter(article=article, outcome="taken", values={}).count() == 1


def test_an_article_has_the_language_that_its_source_states():
    fetch(follow(), entry(1, language="de"), entry(2))

    assert dict(Article.objects.values_list("title", "language")) == {"Story 1": "de", "Story 2": None}


def test_the_same_feed_again_makes_no_article_and_no_operation():
    source = follow()
    document = [entry(1), entry(2)]
    fetch(source, *document)

    assert fetch(source, *reversed(document)) == {}
    assert fetch(source, entry(1, guid="x"), entry(2, url="http://www.courier.example/2/?utm_source=rss")) == {}

    assert (Article.objects.count(), Operation.objects.count()) == (2, 1)


@pytest.mark.slow
def test_nothing_becomes_public_unasked():
    """Not by a rescore, a policy that shows unscored articles, a score, or the fold of another story."""
    builders.provider("Courier", registered=True, weight=1000)
    fetch(follow(), entry(1), entry(2, title="Story 1"))
    articles = Article.objects.filter(title="Story 1")

    call_command("rescore_articles", verbosity=0)
    operations.score(articles[0], quality=900)
    operations.rescore(articles)
    operations.fold_into(articles[1], articles[0])

    assert articles[0].heat >= 900
    assert not Article.objects.public().exists()
    operations.publish(articles[0])
    assert Article.objects.public().count() == 1


@pytest.mark.slow
def test_a_source_that_publishes_by_the_policy_does_so_at_the_threshold():
    builders.provider("Courier", registered=True, weight=30)
    outlet = builders.provider("Herald", "herald.example")
    fetch(follow(publication="policy"), entry(1, picture="https://p.example/1.jpg"), entry(2))
    fetch(follow("Herald", publication="policy", provider=outlet), entry(3, "herald.example"))

    assert dict(Article.objects.values_list("title", "public")) == {"Story 1": True, "Story 2": False, "Story 3": False}
    assert not Article.objects.exclude(pins=[]).exists()


def test_topics_follow_from_keywords_else_the_source_and_raise_the_quality():
    builders.topic("Technology", slug="t")
    builders.topic("AI", slug="ai", keywords=["AI"], parent=builders.topic("Technology"))
    source = follow()
    source.topics.add(builders.topic("World", slug="w"))

    fetch(source, entry(1, title="AI swims"), entry(2))

    topics = {a.title: [t.tag.name for t in a.article_topics.all()] for a in Article.objects.order_by("pk")}
    assert topics == {"AI swims": ["Technology", "AI"], "Story 2": ["World"]}
    assert dict(Article.objects.values_list("title", "quality")) == {"AI swims": 35, "Story 2": 10}


def test_an_entry_of_a_page_that_has_an_article_belongs_to_that_article():
    article = builders.article("Here before", web_url="http://www.courier.example/1/")

    assert fetch(follow(), entry(1, title="Renamed")) == {"known": 1}
    assert fetch(follow("Planet"), entry(1), entry(2)) == {"known": 1, "taken": 1}

    assert Article.objects.count() == 2
    assert Entry.objects.filter(article=article, outcome="known").count() == 2


def test_the_outlet_of_a_planet_is_that_of_each_entry():
    builders.provider("The Courier", registered=True)

    fetch(follow("Planet"), entry(1), entry(2, "herald.example", provider="The Herald"), entry(3, "post.example"))

    outlets = dict(Article.objects.values_list("title", "provider__name"))
    assert outlets == {"Story 1": "The Courier", "Story 2": "The Herald", "Story 3": "post.example"}


def test_two_stories_of_one_headline_and_day_get_two_names():
    at = timezone.now()
    fetch(follow(), *(entry(n, title="Storm", published=at) for n in range(3)))

    assert sorted(name[11:] for name in Article.objects.values_list("name", flat=True)) == [
        "storm",
        "storm-courierexample",
        "storm-courierexample-2",
    ]


@pytest.mark.slow
def test_undo_takes_the_stories_out_for_good_and_redo_brings_them_back():
    source, document = follow(), [entry(1), entry(2)]
    fetch(source, *document)
    intake = Operation.objects.get()

    undone = operations.undo(intake).operation
    assert not Article.objects.exists()
    assert fetch(source, *document) == {}
    assert Operation.objects.count() == 2

    operations.undo(undone)
    assert Article.objects.filter(source_entries__outcome="taken", public=False, pins=["published"]).count() == 2
    assert fetch(source, *document) == {}


def test_who_may_follow_sources_may_undo_an_intake():
    fetch(follow(), entry(1))
    users = {name: User.objects.create_user(name) for name in ("editor", "publisher", "importer")}
    for name, user in users.items():
        user.groups.add(Group.objects.get(name=name))

    may = {name: can_undo(user, Operation.objects.get()) for name, user in users.items()}

    assert may == {"editor": False, "publisher": True, "importer": False}


@pytest.mark.slow
def test_an_import_that_prunes_leaves_stories_of_sources_alone(tmp_path):
    fetch(follow(), entry(1))
    (tmp_path / "2020-06-09-a.md").write_text(CANONICAL)

    call_command("import_articles", str(tmp_path), "--prune", verbosity=0)

    assert not Article.objects.filter(missing=True).exists()


@pytest.mark.slow
def test_what_was_taken_in_is_unchanged_when_it_is_exported_and_imported(tmp_path, capsys):
    fetch(follow(), entry(1, picture="https://p.example/1.jpg", excerpt='He said: "no"'), entry(2))
    call_command("export_articles", str(tmp_path / "out"), verbosity=0)

    call_command("import_articles", str(tmp_path / "out"))

    assert "2 unchanged" in capsys.readouterr().out
    assert Operation.objects.filter(verb=Verb.IMPORT).count() == 0
    assert set(Article.objects.values_list("state", flat=True)) == {State.UNDECIDED}


@pytest.mark.slow
def test_an_export_of_what_is_decided_leaves_out_what_waits(tmp_path):
    fetch(follow(), entry(1), entry(2), entry(3))
    operations.publish(Article.objects.get(title="Story 1"))
    builders.article("Undecided, from a document", published=False)
    operations.fold_into(Article.objects.get(title="Story 2"), Article.objects.get(title="Story 1"))

    call_command("export_articles", str(tmp_path), "--decided", verbosity=0)

    texts = [path.read_text() for path in tmp_path.glob("*.md")]
    assert len(texts) == 3
    assert not any('title: "Story 3"' in text.partition("related:")[0] for text in texts)


def test_an_entry_that_no_document_can_hold_is_refused_with_the_reason():
    source = follow()
    fetch(source, entry(1), entry(2))
    Entry.objects.create(
        source=source,
        title_key="t",
        fingerprint="f",
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
        outcome="new",
        values={"title": "A", "excerpt": "", "url": "x:y", "published": None, "picture": "", "provider": ""},
    )

    assert dict(take_in_new_entries()) == {"refused": 1}
    assert "must start with http" in Entry.objects.get(outcome="refused").reason


def test_an_intake_leaves_the_articles_of_a_killed_import_to_the_command_that_completes_it():
    pending = builders.article(staged=True)

    fetch(follow(), entry(1))

    pending.refresh_from_db()
    assert (pending.staged, pending.public) == (True, False)


@pytest.mark.slow
def test_a_story_that_nobody_has_decided_follows_its_source():
    source = follow()
    fetch(source, entry(1), entry(2))
    operations.edit(Article.objects.get(title="Story 2"), title="Ana's words", quality=50)

    changes = {"excerpt": "More is known.", "picture": "https://p.example/1.jpg"}
    assert fetch(source, entry(1, title="Storm grows", **changes), entry(2, title="Other", **changes)) == {"taken": 2}

    first, second = Article.objects.order_by("-quality")[::-1]
    assert (first.title, first.excerpt, first.picture_count, first.quality) == ("Storm grows", "More is known.", 1, 20)
    assert (second.title, second.excerpt, second.quality) == ("Ana's words", "More is known.", 50)
    assert second.wishes["title"] == "Other"
    assert set(Article.objects.values_list("state", "public")) == {("undecided", False)}
    assert first.name.endswith("-story-1")
    assert fetch(source, entry(1, title="Storm grows", **changes), entry(2, title="Other", **changes)) == {}


@pytest.mark.slow
def test_a_decided_story_keeps_its_words_and_knows_the_new_ones():
    source = follow()
    fetch(source, entry(1), entry(2))
    operations.publish(Article.objects.get(title="Story 1"))
    operations.spike(Article.objects.get(title="Story 2"))
    changes = {"excerpt": "More is known.", "picture": "https://p.example/1.jpg"}

    fetch(source, entry(1, title="Storm grows", **changes), entry(2))

    article = Article.objects.get(title="Story 1")
    assert (article.excerpt, article.picture_count, article.public) == ("What happened.", 0, True)
    assert (article.wishes["title"], article.wishes["excerpt"]) == ("Storm grows", "More is known.")
    number = Operation.objects.count()
    fetch(source, entry(1, title="Storm grows", **changes), entry(2))
    assert Operation.objects.count() == number


@pytest.mark.slow
def test_undoing_an_intake_of_changes_restores_the_words():
    source = follow()
    fetch(source, entry(1))
    fetch(source, entry(1, title="Storm grows"))

    operations.undo(Operation.objects.first())

    assert Article.objects.get().title == "Story 1"
    assert fetch(source, entry(1, title="Storm grows")) == {}


@pytest.mark.slow
def test_a_story_published_by_the_policy_follows_its_source():
    builders.provider("Courier", registered=True, weight=60)
    source = follow(publication="policy")
    fetch(source, entry(1))

    fetch(source, entry(1, title="Storm grows"))

    assert Article.objects.public().get().title == "Storm grows"


@pytest.mark.slow
def test_a_changed_entry_whose_article_is_gone_brings_nothing():
    source = follow()
    fetch(source, entry(1))
    operations.delete(Article.objects.all())

    fetch(source, entry(1, title="Storm grows"))

    assert not Article.objects.exists()
    assert Entry.objects.get().outcome == "taken"


def test_a_source_whose_entries_can_not_be_taken_in_stops_no_other():
    odd, other = follow("Odd"), follow()
    for number, source in enumerate((odd, other), start=1):  # its key would make an entry old: it counts hours
        feed = ParsedFeed(format="RSS", title="", url="", language="", entries=(entry(number),))
        job = FetchJob(pk=source.pk, url=source.url, host="")
        store([Attempt(job, Fetched(status=200, feed=feed), timezone.now())])
    Entry.objects.filter(source=odd).update(values={"title": "Half an entry"})
    failures = []

    counts = take_in_new_entries(on_failure=lambda source, reason: failures.append((source.name, reason)))

    assert (dict(counts), failures) == ({"taken": 1}, [("Odd", "KeyError: 'url'")])
    assert Article.objects.count() == 1
    assert odd.entries.get().outcome == "new"


def test_via_and_verb_have_their_words():
    assert str(Operation(verb=Verb.INTAKE, via=Actor(via=Via.SOURCE).via)) == "taken in by a source"
