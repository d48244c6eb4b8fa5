"""The suggested quality becomes the quality of articles that have none."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Appearance, Article, Event, Operation, Policies
from articles.operations.results import ActionError
from articles.stories.suggestion import suggest_qualities
from providers.models import Provider
from tests import builders
from tests.documents import document

pytestmark = pytest.mark.django_db
UNSCORED = {"quality": None, "heat": None, "published": None}


def unscored(title: str = "", **values) -> Article:
    return builders.article(title, **UNSCORED | values)


def scores(article: Article) -> tuple:
    row = Article.objects.get(pk=article.pk)
    return row.quality, row.heat, row.published, row.public


def by(group: str) -> Actor:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return Actor(user)


def test_the_suggestion_is_not_pinned_and_the_policy_decides_what_follows():
    """A video has 50 points, a topic 10, a picture 20: the threshold is 70."""
    quiet, loud = unscored(topics=["AI"]), unscored(topics=["AI"], type="video")
    builders.picture(loud)
    lead = builders.article(quality=60, published=False)
    builders.related(lead, quiet)
    editor = by("editor")

    result = operations.use_suggestion(Article.objects.unscored(), by=editor)

    assert (scores(quiet), scores(loud)) == ((10, 10, False, False), (80, 80, True, True))
    assert scores(lead)[2:] == (False, False)  # the act publishes only what it names
    assert (result.operation.verb, result.operation.actor) == ("score", editor.user)
    assert (set(result.disappeared), set(result.appeared)) == ({quiet.pk}, set())
    loud.refresh_from_db()
    assert (loud.pins, loud.uses_suggestion) == ([], True)
    assert Event.objects.get(subject_id=loud.pk, field="quality").derived is False

    operations.undo(result.operation, by=editor)
    assert scores(quiet) == scores(loud) == (None, None, None, True)


def test_what_has_a_quality_is_refused_and_what_somebody_decided_stays():
    scored, used, held = builders.article("Scored", quality=30), unscored("Used", type="video"), unscored("Held")
    lead = builders.article(quality=90)
    folded = builders.folded(lead, "Folded", quality=None)
    operations.hold(held)
    operations.use_suggestion(used)

    result = operations.use_suggestion(Article.objects.exclude(pk=lead.pk))

    assert {(refusal.pk, refusal.reason) for refusal in result.rejections} == {
        (scored.pk, "has the quality 30 already; type another one to change it"),
        (folded.pk, "is folded; take it out of its story first"),
    }
    assert set(result.done) == {used.pk, held.pk}
    assert scores(held) == (0, 0, False, False)
    with pytest.raises(ActionError, match="has the quality 30 already"):
        operations.use_suggestion(scored)


def test_the_policy_of_a_topic_and_the_registry_count_and_queries_do_not_grow(count_queries):
    builders.provider("Post", "post.example", registered=True, weight=5)
    articles = [unscored(provider=builders.provider("Post again", "post.example"), topics=["AI"])]
    policies = Policies.load()

    def suggest(rows):
        with count_queries() as queries:
            found = suggest_qualities(rows, lambda article: policies.site)
        return {quality for quality, _ in found.values()}, len(queries)

    assert suggest(articles) == ({40}, 4)
    articles += [unscored(topics=["AI", f"T{number}"], provider=Provider.objects.first()) for number in range(5)]
    assert suggest(articles)[1] == 4


def rescore(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("rescore_articles", "--suggest", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_rescoring_takes_suggestions_first():
    article, removed = unscored(name="2020-06-09-a", type="video", topics=["AI"]), unscored(removed=True)
    builders.picture(article)
    tried = rescore("--dry-run", "--publish-threshold", "90")
    took = "2020-06-09-a: quality none → 80, heat none → 80, published none →"
    assert tried == [f"{took} no", "2 articles: 1 would change"]
    assert scores(article) == (None, None, None, True)
    assert not Operation.objects.exists()

    assert rescore() == [f"{took} yes", "2 articles: 1 changed"]

    assert (scores(article), scores(removed)[0]) == ((80, 80, True, True), None)
    operation = Operation.objects.get()
    assert (operation.verb, operation.articles) == ("rescore", 1)
    operations.undo(operation)
    assert scores(article) == (None, None, None, True)


@pytest.mark.slow
def test_an_import_takes_suggestions_which_later_documents_overrule(tmp_path):
    lacking = {"quality": None, "heat": None, "published": None}

    def import_document(*options: str, **values) -> list[str]:
        (tmp_path / "2020-06-09-a.md").write_text(document(**values))
        out = StringIO()
        call_command("import_articles", str(tmp_path), *options, stdout=out, verbosity=0)
        return out.getvalue().splitlines()

    lines = import_document("--suggest", **lacking)
    assert lines == [
        "1 unscored article took the suggested quality",
        "1 files: 1 created, 0 updated, 0 unchanged, 0 rejected",
    ]
    article = Article.objects.get()
    assert article.uses_suggestion
    assert (article.quality, article.heat, article.public) == (60, 70, True)  # one related link adds 10

    import_document(title="Another title", **lacking)
    article = Article.objects.get()
    assert (article.title, article.quality, article.stale) == ("Another title", 60, False)

    import_document("--suggest", quality=85, heat=95)
    article = Article.objects.get()
    assert (article.quality, article.heat, article.suggested_quality) == (85, 95, None)

    import_document(title="A third title", **lacking)
    assert Article.objects.get().stale


def test_what_an_import_hides_at_once_was_never_on_the_site(tmp_path):
    operations.change_policy({"publish_threshold": 100})
    (tmp_path / "2020-06-09-a.md").write_text(document(quality=None, heat=None, published=None))

    call_command("import_articles", str(tmp_path), "--suggest", verbosity=0, stdout=StringIO())

    assert scores(Article.objects.get()) == (60, 70, False, False)
    assert Article.objects.get().first_shown_at is None
    assert not Appearance.objects.exists()
