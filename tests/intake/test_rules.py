"""The newsroom's rules, applied as part of an intake. Nothing is requested."""

from __future__ import annotations

import pytest

from articles import operations
from articles.desk.history_queries import timeline
from articles.intake.run import take_in_new_entries
from articles.models import Article, Operation
from sources.models import AppliedRule, Entry, Rule
from tests import builders

from .test_run import entry, fetch, follow

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def add_rule(action: str, word: str, **values) -> Rule:
    return Rule.objects.create(action=action, words=[word], position=Rule.objects.count(), **values)


def history_of(article: Article) -> str:
    return "; ".join(line.words for done in timeline("article", article.pk) for line in done.changes)


def test_rules_decide_about_new_stories_and_the_history_says_which_did():
    builders.topic("AI", slug="ai", parent=builders.topic("Technology", slug="t"))
    add_rule("topic", "robots", topic=builders.topic("AI"))
    add_rule("quality", "robots", points=30)
    add_rule("hold", "robots")
    add_rule("spike", "lottery", spike_reason="off topic")
    add_rule("never", "horoscope")
    add_rule("never", "robots", active=False)
    add_rule("never", "plain", source=follow("Herald"))
    source = follow()

    titles = ("Robots swim", "The lottery", "Your horoscope", "A plain story")
    assert fetch(source, *(entry(n, title=title) for n, title in enumerate(titles, 1))) == {"taken": 3, "ruled": 1}

    robots, lottery, plain = (Article.objects.get(title=title) for title in (*titles[:2], titles[3]))
    assert (robots.state, lottery.state, lottery.spike_reason, plain.state) == (
        "held",
        "spiked",
        "off topic",
        "undecided",
    )
    assert [row.tag.name for row in robots.article_topics.all()] == ["Technology", "AI"]
    assert robots.quality == 2 * 10 + 30
    words = "rules applied: “robots” in headline: add the topic AI; “robots” in headline: quality +30"
    assert words in history_of(robots)
    assert "by the rules" not in history_of(plain)
    assert not Article.objects.public().exists()
    refused = Entry.objects.get(outcome="ruled")
    assert (refused.reason, refused.values["title"], refused.article_id) == (
        "“horoscope” in headline: never take",
        "Your horoscope",
        None,
    )
    assert dict(AppliedRule.objects.values_list("text", "entry__article__title")).keys() >= {refused.reason}
    assert Operation.objects.count() == 1


def test_undo_takes_out_what_rules_decided_and_redo_restores_it():
    add_rule("hold", "storm")
    add_rule("never", "calm")
    fetch(follow(), entry(1, title="Storm"), entry(2, title="Calm"))

    undone = operations.undo(Operation.objects.get()).operation
    assert not Article.objects.exists()
    operations.undo(undone)

    assert Article.objects.get().state == "held"
    assert Entry.objects.filter(outcome="ruled").count() == 1


def test_an_entry_that_is_kept_out_makes_no_operation_and_is_judged_again_when_it_changes():
    add_rule("never", "calm")
    source = follow()

    assert fetch(source, entry(1, title="Calm")) == {"ruled": 1}
    assert fetch(source, entry(1, title="Calm")) == {}
    assert fetch(source, entry(1, title="Calm again")) == {"ruled": 1}
    assert not Operation.objects.exists()

    rule = Rule.objects.get()
    Entry.objects.update(outcome="new")  # as *Let the rules judge again* does
    assert dict(take_in_new_entries()) == {"ruled": 1}
    assert AppliedRule.objects.get().rule == rule

    assert fetch(source, entry(1, title="Storm")) == {"taken": 1}
    assert (Entry.objects.get().reason, AppliedRule.objects.count()) == ("", 0)


def test_rules_never_publish_but_may_keep_from_being_published():
    builders.provider("Courier", registered=True, weight=30)
    add_rule("quality", "raised", points=500)
    add_rule("topic", "placed", topic=builders.topic("AI", slug="ai", weight=500))
    add_rule("quality", "lowered", points=-15)
    add_rule("hold", "held")
    picture = "https://p.example/1.jpg"
    fetch(
        follow(publication="policy"),
        entry(1, title="Raised"),
        entry(2, title="Placed"),
        entry(3, title="Lowered", picture=picture),
        entry(4, title="Held", picture=picture),
        entry(5, title="As ever", picture=picture),
    )

    assert set(Article.objects.public().values_list("title", flat=True)) == {"As ever"}
    operations.rescore(Article.objects.all())
    assert set(Article.objects.public().values_list("title", flat=True)) == {"As ever"}
    assert not Article.objects.exclude(title="As ever").filter(first_shown_at__isnull=False).exists()


def test_topics_and_points_follow_the_changed_words_of_an_undecided_story():
    add_rule("quality", "storm", points=30)
    add_rule("spike", "flood", spike_reason="other")
    source = follow()
    fetch(source, entry(1, title="Storm"))

    fetch(source, entry(1, title="Flood"))

    article = Article.objects.get()
    assert (article.title, article.quality, article.state) == ("Flood", 0, "undecided")
    assert "no rule applies now" in history_of(article)
    operations.undo(Operation.objects.first())
    assert Article.objects.get().quality == 30
