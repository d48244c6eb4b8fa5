"""Who may undo what, and redo it: a table of acts on every kind of row; every role and every permission tries each.

A new verb, or a new kind of row, is one line of CASES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.models import Article, ArticleImage, Event, Operation, RelatedLink, SitePolicy, Topic, TopicPolicy, Verb
from articles.operations.undo_rights import UndoRefusedError
from articles.rules.permissions import CHANGE_POLICY, CHANGE_SOURCE, FOLD, PUBLISH, RUN_IMPORT, SCORE
from articles.rules.undo_permissions import FINAL_ACTS, UndoRefusal
from providers.models import Provider, ProviderLogo
from tests import builders
from website.models import SiteLook, SitePage

pytestmark = pytest.mark.django_db

ADD, EDIT, DELETE = "articles.add_article", "articles.change_article", "articles.delete_article"
ADD_LINK, EDIT_LINK, DELETE_LINK = (f"articles.{effect}_relatedlink" for effect in ("add", "change", "delete"))
ADD_PICTURE, EDIT_PICTURE, DELETE_PICTURE = (
    f"articles.{effect}_articleimage" for effect in ("add", "change", "delete")
)
ADD_TOPIC, EDIT_TOPIC, DELETE_TOPIC = (f"articles.{effect}_topic" for effect in ("add", "change", "delete"))
ADD_PAGE, DELETE_PAGE, CHANGE_LOOK = (
    f"website.{name}" for name in ("add_sitepage", "delete_sitepage", "change_sitelook")
)
ADD_OUTLET, EDIT_OUTLET, DELETE_OUTLET = (f"providers.{effect}_provider" for effect in ("add", "change", "delete"))
LATER = datetime(2099, 1, 1, tzinfo=UTC)
ROLES = ("reader", "contributor", "editor", "publisher", "importer", "superuser")
TABLES = (
    Operation,
    Article,
    ArticleImage,
    RelatedLink,
    Topic,
    TopicPolicy,
    SitePolicy,
    Provider,
    ProviderLogo,
    SitePage,
    SiteLook,
)


@dataclass(frozen=True)
class Case:
    """An act, and the permissions that it takes to undo it and to redo it after that."""

    name: str
    act: Callable[[], Any]
    undo: set[str]
    redo: set[str] = field(default_factory=set)

    def run(self) -> Operation:
        self.act()
        return Operation.objects.first()


def published(**values: Any) -> Article:
    return builders.article(quality=80, **values)


def unpublished(**values: Any) -> Article:
    return builders.article(quality=10, **values)


def unscored(**values: Any) -> Article:
    return builders.article(quality=None, **values)


def story(**values: Any) -> tuple[Article, Article]:
    """Return a published lead and a member that is folded under it."""
    lead = published(**values)
    return lead, builders.folded(lead)


def in_a_form(*acts: Callable[[], Any], verb: Verb = Verb.EDIT) -> None:
    with unit_of_work(verb):
        for act in acts:
            act()


def add(**values: Any) -> None:
    article = Article(
        title="Storm",
        name="2026-05-04-storm",
        provider=builders.provider(),
        published_at=builders.MORNING,
        web_url="https://www.courier.example/storm",
        **values,
    )
    operations.add(article, [])


def edit_list(article: Article, name: str, write: Callable[[], Any]) -> None:
    operations.edit_related_rows(article, name, write=lambda: write() and None)


def with_picture() -> Article:
    article = published()
    builders.picture(article)
    return article


def on_site_by_coverage() -> Article:
    """Return a lead whose heat reaches the threshold only with its coverage."""
    article = builders.article(quality=65, heat=75)
    builders.related(article)
    return article


def a_page() -> SitePage:
    return SitePage(slug="imprint", title="Imprint", body="x", published=True)


def page_in_footer() -> SitePage:
    """Add a page and put it into the footer, as the admin's form does in one operation."""
    page = a_page()
    with unit_of_work(Verb.ADD):
        operations.create_reference(page)
        operations.link_in_footer(page, True)
    return page


def delete(article: Article) -> None:
    operations.delete(Article.objects.filter(pk=article.pk))


def imported(*articles: Article) -> None:
    with unit_of_work(Verb.IMPORT) as uow:
        uow.record_created([article.pk for article in articles])


def taken_in(*articles: Article) -> None:
    with unit_of_work(Verb.INTAKE) as uow:
        uow.record_created([article.pk for article in articles])


def published_by_an_import() -> None:
    with unit_of_work(Verb.IMPORT) as uow:
        [row] = uow.load([unpublished().pk])
        row.quality, row.heat, row.published = 80, 80, True


def withdrawn_by_an_import() -> None:
    with unit_of_work(Verb.IMPORT) as uow:
        [row] = uow.load([published().pk])
        row.quality, row.heat, row.published = 10, 10, False


def outdated() -> Article:
    """Return an article that the policy would publish."""
    return builders.article(quality=80, heat=10)


def held(article: Article) -> Article:
    operations.hold(article)
    return article


def topic_with_article() -> Topic:
    published(topics=["AI"])
    return Topic.objects.get()


def topic_with_policy() -> Topic:
    topic = builders.topic()
    operations.change_policy(overrides={topic.pk: {"publish_threshold": 33}})
    return topic


def edit_logos() -> None:
    provider = builders.provider()
    logo = {"url": "https://courier.example/logo.png", "width": 64, "height": 64, "position": 0}
    operations.edit_logos(provider, write=lambda: ProviderLogo.objects.create(provider=provider, **logo) and None)


CASES = [
    # Added: to undo that is to delete, to redo it is to add.
    Case("add: unscored article, on the site", lambda: add(), {DELETE}, {ADD, PUBLISH}),
    Case("add: published article", lambda: add(quality=90, heat=90, published=True), {DELETE}, {ADD, PUBLISH}),
    Case("add: article not on the site", lambda: add(quality=9, heat=9, published=False), {DELETE}, {ADD}),
    Case("add: topic", lambda: operations.create_reference(Topic(name="AI")), {DELETE_TOPIC}, {ADD_TOPIC}),
    Case(
        "add: outlet",
        lambda: operations.create_reference(Provider(name="Post", domain="post.example")),
        {DELETE_OUTLET},
        {ADD_OUTLET},
    ),
    # Edited
    Case("edit: title", lambda: operations.edit(published(), title="Gale"), {EDIT}, {EDIT}),
    Case("edit: topics", lambda: operations.set_topics(published(topics=["AI"]), []), {EDIT}, {EDIT}),
    Case("edit: a lower quality", lambda: operations.edit(published(), quality=10), {EDIT, SCORE}, {EDIT, SCORE}),
    Case("edit: a higher quality", lambda: operations.edit(unpublished(), quality=90), {EDIT, SCORE}, {EDIT, SCORE}),
    Case(
        "edit: held on the page",
        lambda: in_a_form(lambda: operations.hold(published())),
        {SCORE, PUBLISH},
        {SCORE, PUBLISH},
    ),
    Case(
        "edit: lead of a story held on the page",
        lambda: in_a_form(lambda: operations.hold(story()[0])),
        {EDIT, SCORE, PUBLISH},
        {EDIT, SCORE, PUBLISH},
    ),
    Case(
        "edit: unscored, held on the page",
        lambda: in_a_form(lambda: operations.hold(unscored())),
        {SCORE, PUBLISH},
        {SCORE},
    ),
    Case(
        "edit: unscored, spiked on the page",
        lambda: in_a_form(lambda: operations.spike(unscored())),
        {SCORE, PUBLISH},
        {SCORE},
    ),
    Case("edit: not on the site, spiked", lambda: in_a_form(lambda: operations.spike(unpublished())), {SCORE}, {SCORE}),
    Case(
        "edit: scheduled on the page",
        lambda: in_a_form(lambda: operations.schedule(published(), unpublish_at=LATER)),
        {SCORE, PUBLISH},
        {SCORE, PUBLISH},
    ),
    Case("edit: removed", lambda: operations.edit(published(), removed=True), {EDIT, PUBLISH}, {EDIT, PUBLISH}),
    Case(
        "edit: scored and held on the page, where it was on the site",
        lambda: in_a_form(
            lambda: operations.score(unscored(), quality=80), lambda: operations.hold(Article.objects.get())
        ),
        {EDIT, SCORE, PUBLISH},
        {EDIT, SCORE},
    ),
    Case(
        "edit: folded on the page",
        lambda: in_a_form(lambda: operations.fold_into(published(), published())),
        {EDIT, FOLD, SCORE, DELETE_LINK},
        {EDIT, FOLD, SCORE, ADD_LINK},
    ),
    Case(
        "edit: coverage deleted",
        lambda: edit_list(lead := story()[0], "related", lead.related_links.all().delete),
        {EDIT, EDIT_LINK, ADD_LINK},
        {EDIT, EDIT_LINK, DELETE_LINK},
    ),
    Case(
        "edit: coverage deleted that kept it on the site",
        lambda: edit_list(lead := on_site_by_coverage(), "related", lead.related_links.all().delete),
        {EDIT, EDIT_LINK, ADD_LINK, PUBLISH},
        {EDIT, EDIT_LINK, DELETE_LINK},
    ),
    Case(
        "edit: coverage added",
        lambda: edit_list(lead := published(), "related", lambda: builders.related(lead)),
        {EDIT_LINK, DELETE_LINK, EDIT},
        {EDIT_LINK, ADD_LINK, EDIT},
    ),
    Case(
        "edit: coverage changed",
        lambda: edit_list(
            builders.related(lead := unpublished()) and lead,
            "related",
            lambda: lead.related_links.update(excerpt="Wind."),
        ),
        {EDIT_LINK},
        {EDIT_LINK},
    ),
    Case(
        "edit: picture deleted",
        lambda: edit_list(article := with_picture(), "images", article.images.all().delete),
        {EDIT_PICTURE, ADD_PICTURE},
        {EDIT_PICTURE, DELETE_PICTURE},
    ),
    Case(
        "edit: picture added",
        lambda: edit_list(article := published(), "images", lambda: builders.picture(article)),
        {EDIT_PICTURE, DELETE_PICTURE},
        {EDIT_PICTURE, ADD_PICTURE},
    ),
    Case(
        "edit: picture changed",
        lambda: edit_list(article := with_picture(), "images", lambda: article.images.update(title="A storm")),
        {EDIT_PICTURE},
        {EDIT_PICTURE},
    ),
    Case(
        "edit: policy in a form",
        lambda: in_a_form(lambda: operations.change_policy({"publish_threshold": 33})),
        {CHANGE_POLICY},
        {CHANGE_POLICY},
    ),
    Case(
        "edit: outlet",
        lambda: operations.edit_reference(builders.provider(), {"name": "Post"}),
        {EDIT_OUTLET},
        {EDIT_OUTLET},
    ),
    Case("edit: logos of an outlet", edit_logos, {EDIT_OUTLET}, {EDIT_OUTLET}),
    Case("edit: topic", lambda: operations.edit_reference(builders.topic(), {"weight": 3}), {EDIT_TOPIC}, {EDIT_TOPIC}),
    # Scores and pins: whoever may score may undo it, whatever the policy makes of it.
    Case("score: published by it", lambda: operations.score(unpublished(), quality=90), {SCORE}, {SCORE}),
    Case("score: withdrawn by it", lambda: operations.score(published(), quality=10), {SCORE}, {SCORE}),
    Case("score: heat", lambda: operations.score(published(), heat=10), {SCORE}, {SCORE}),
    Case("score: unscored, hidden by it", lambda: operations.score(unscored(), quality=10), {SCORE}, {SCORE}),
    Case("score: lead loses its story", lambda: operations.score(story()[0], quality=5), {SCORE}, {SCORE}),
    Case("score: suggestion", lambda: operations.use_suggestion(unscored()), {SCORE}, {SCORE}),
    Case("rescore", lambda: outdated() and operations.rescore(Article.objects.all()), {SCORE}, {SCORE}),
    Case("unpin: title", lambda: operations.unpin(builders.pin(published(), "title"), "title"), {SCORE}, {SCORE}),
    Case("unpin: quality", lambda: operations.unpin(builders.pin(published(), "quality"), "quality"), {SCORE}, {SCORE}),
    Case(
        "unpin: published",
        lambda: operations.unpin(held(unpublished()), "published"),
        {SCORE, PUBLISH},
        {SCORE, PUBLISH},
    ),
    # States
    Case("publish", lambda: operations.publish(unpublished()), {PUBLISH}, {PUBLISH}),
    Case(
        "publish: lead that was held, with its story",
        lambda: operations.publish(held(story()[0])),
        {PUBLISH},
        {PUBLISH},
    ),
    Case("publish: what is on the site already", lambda: operations.publish(published()), {PUBLISH}, {PUBLISH}),
    Case("hold: published", lambda: operations.hold(published()), {SCORE, PUBLISH}, {SCORE, PUBLISH}),
    Case("hold: lead of a story", lambda: operations.hold(story()[0]), {SCORE, PUBLISH}, {SCORE, PUBLISH}),
    Case(
        "hold: lead whose successor is published in its place",
        lambda: operations.hold((pair := story())[0], in_place=[pair[1].pk]),
        {SCORE, PUBLISH},
        {SCORE, PUBLISH},
    ),
    Case("hold: not on the site", lambda: operations.hold(unpublished()), {SCORE}, {SCORE}),
    Case("hold: unscored, on the site", lambda: operations.hold(unscored()), {SCORE, PUBLISH}, {SCORE}),
    Case("unpublish", lambda: operations.unpublish(published()), {PUBLISH}, {PUBLISH}),
    Case("spike: published", lambda: operations.spike(published()), {SCORE, PUBLISH}, {SCORE, PUBLISH}),
    Case("spike: lead of a story", lambda: operations.spike(story()[0]), {SCORE, PUBLISH}, {SCORE, PUBLISH}),
    Case("spike: not on the site", lambda: operations.spike(unpublished()), {SCORE}, {SCORE}),
    Case("spike: unscored, on the site", lambda: operations.spike(unscored()), {SCORE, PUBLISH}, {SCORE}),
    Case("reopen: held", lambda: operations.reopen(held(unpublished())), {SCORE}, {SCORE}),
    Case("reopen: published", lambda: operations.reopen(published()), {SCORE, PUBLISH}, {SCORE, PUBLISH}),
    Case("schedule", lambda: operations.schedule(published(), unpublish_at=LATER), {PUBLISH}, {PUBLISH}),
    Case("pick", lambda: operations.pick(published(), LATER), {PUBLISH}, {PUBLISH}),
    Case("place", lambda: operations.place(published(), 2), {PUBLISH}, {PUBLISH}),
    Case("end pick", lambda: operations.end_pick(builders.article(pick_until=LATER)), {PUBLISH}, {PUBLISH}),
    Case("keep off", lambda: operations.keep_off_front(published()), {PUBLISH}, {PUBLISH}),
    Case("allow on", lambda: operations.allow_on_front(builders.article(off_front=True)), {PUBLISH}, {PUBLISH}),
    # Stories: folding hides nothing, so it takes no permission to publish.
    Case("fold", lambda: operations.fold_into(published(), published()), {FOLD}, {FOLD}),
    Case("take out", lambda: operations.take_out(story()[1]), {FOLD}, {FOLD}),
    Case("make lead", lambda: operations.make_lead(story()[1]), {FOLD}, {FOLD}),
    Case("merge", lambda: operations.merge(story()[0], story()[0]), {FOLD}, {FOLD}),
    Case("keep apart", lambda: operations.keep_apart(published(), published()), {FOLD}, {FOLD}),
    # Deleted: to undo that is to add, and to publish if it was on the site.
    Case("delete: published article", lambda: delete(published()), {ADD, PUBLISH}, {DELETE}),
    Case("delete: unscored article, on the site", lambda: delete(unscored()), {ADD, PUBLISH}, {DELETE}),
    Case("delete: article not on the site", lambda: delete(unpublished()), {ADD}, {DELETE}),
    Case("delete: folded article", lambda: delete(story()[1]), {ADD, DELETE}, {DELETE}),
    Case("delete: lead", lambda: delete(story()[0]), {ADD, PUBLISH, DELETE}, {DELETE}),
    Case(
        "delete: lead whose successor is published in its place",
        lambda: operations.delete(Article.objects.filter(pk=(pair := story())[0].pk), in_place=[pair[1].pk]),
        {ADD, PUBLISH, DELETE, SCORE},
        {DELETE, PUBLISH, SCORE},
    ),
    Case("delete: topic", lambda: operations.delete_references([builders.topic()]), {ADD_TOPIC}, {DELETE_TOPIC}),
    Case(
        "delete: topic of an article",
        lambda: operations.delete_references([topic_with_article()]),
        {ADD_TOPIC, DELETE_TOPIC},
        {DELETE_TOPIC},
    ),
    Case(
        "delete: topic with a policy",
        lambda: operations.delete_references([topic_with_policy()]),
        {ADD_TOPIC, DELETE_TOPIC},
        {DELETE_TOPIC},
    ),
    Case("delete: outlet", lambda: operations.delete_references([builders.provider()]), {ADD_OUTLET}, {DELETE_OUTLET}),
    # The publisher's pages and the look
    Case("add: page", lambda: operations.create_reference(a_page()), {DELETE_PAGE}, {ADD_PAGE}),
    Case("add: page in the footer", lambda: page_in_footer(), {DELETE_PAGE, CHANGE_LOOK}, {ADD_PAGE, CHANGE_LOOK}),
    Case(
        "delete: page in the footer",
        lambda: operations.delete_references([page_in_footer()]),
        {ADD_PAGE, DELETE_PAGE},
        {DELETE_PAGE},
    ),
    Case("edit: look", lambda: operations.edit_look({"name": "Post"}), {CHANGE_LOOK}, {CHANGE_LOOK}),
    # Imports and the policy
    Case("import: created", lambda: imported(published(), unscored()), {RUN_IMPORT}, {RUN_IMPORT}),
    Case("import: published", published_by_an_import, {RUN_IMPORT}, {RUN_IMPORT}),
    Case("import: withdrawn", withdrawn_by_an_import, {RUN_IMPORT}, {RUN_IMPORT}),
    Case(
        "import: missing", lambda: operations.mark_missing([published().pk], missing=True), {RUN_IMPORT}, {RUN_IMPORT}
    ),
    Case("intake", lambda: taken_in(unpublished()), {CHANGE_SOURCE}, {CHANGE_SOURCE}),
    Case("intake: published", lambda: taken_in(published()), {CHANGE_SOURCE}, {CHANGE_SOURCE, PUBLISH}),
    Case("policy", lambda: operations.change_policy({"publish_threshold": 33}), {CHANGE_POLICY}, {CHANGE_POLICY}),
    Case(
        "policy: unscored articles",
        lambda: unscored() and operations.change_policy({"publish_unscored": False}),
        {CHANGE_POLICY},
        {CHANGE_POLICY},
    ),
    Case("policy: of a topic", topic_with_policy, {CHANGE_POLICY}, {CHANGE_POLICY}),
]
ALL_PERMISSIONS = set[str]().union(*(case.undo | case.redo for case in CASES))


class Holder:
    """Somebody who has exactly these permissions."""

    def __init__(self, granted: set[str]) -> None:
        self.granted = granted

    def has_perm(self, permission: str) -> bool:
        return permission in self.granted


def needed(operation: Operation) -> set[str]:
    """Return the permissions with which the operation can be undone, and without any one of which it can't."""
    refusal = operations.undo_refusal(Holder(set()), operation)
    assert refusal is not None, "anybody could undo it"
    required = set(refusal.missing)
    assert operations.can_undo(Holder(required), operation), "something else is needed too"
    for permission in required:
        assert not operations.can_undo(Holder(ALL_PERMISSIONS - {permission}), operation), permission
    return required


@pytest.mark.systematic
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_undo_and_redo_take_exactly_these_permissions(case):
    operation = case.run()
    undone_needs = needed(operation)
    undone = operations.undo(operation).operation

    assert (undone_needs, needed(undone)) == (case.undo, case.redo)

    redone = operations.undo(undone).operation
    assert needed(redone) == case.undo


@pytest.mark.systematic
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_role_undoes_and_redoes_what_its_permissions_allow_and_nothing_else(case):
    users = [user_of(role) for role in ROLES]
    operation = case.run()
    undone = let_each_undo(users, operation, case.undo)
    let_each_undo(users, undone, case.redo)


def let_each_undo(users: list[User], operation: Operation, required: set[str]) -> Operation:
    """Let each user try to undo the operation; return the undo of the first who has the permissions."""
    before, allowed = stored(), []
    for user in users:
        missing = {permission for permission in required if not user.has_perm(permission)}
        if not missing:
            assert operations.can_undo(user, operation), user
            allowed.append(user)
            continue
        with pytest.raises(UndoRefusedError) as refused:
            operations.undo(operation, by=Actor(user))
        assert refused.value.refusal.missing == missing, user
    assert stored() == before
    return operations.undo(operation, by=Actor(allowed[0])).operation


def user_of(role: str) -> User:
    if role == "superuser":
        return User.objects.create_superuser(role)
    user = User.objects.create_user(role, is_staff=True)
    if role != "reader":
        user.groups.add(Group.objects.get(name=role))
    return user


def stored() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in TABLES]


def test_the_table_has_every_verb():
    verbs = {case.name.partition(":")[0].replace(" ", "_") for case in CASES}

    assert verbs == {*Verb.values} - {Verb.UNDO, Verb.PIN, *FINAL_ACTS}  # nothing pins alone


def test_nobody_undoes_what_was_taken_down():
    article = with_picture()
    operation = operations.take_down(article, article.images.get().url).operation

    assert operations.undo_refusal(User.objects.create_superuser("root"), operation) == UndoRefusal()


def test_nobody_undoes_an_undo_whose_operation_is_gone():
    operation = operations.hold(unpublished()).operation
    undone = operations.undo(operation).operation
    operation.delete()
    undone.refresh_from_db()

    assert operations.undo_refusal(User.objects.create_superuser("root"), undone) == UndoRefusal()


def test_what_somebody_else_withdrew_since_is_not_shown_again_by_undo():
    """Undo leaves the later decision alone, so it shows nothing and takes no permission to publish."""
    article = unscored()
    operation = operations.hold(article).operation
    operations.edit(article, removed=True)

    assert needed(operation) == {SCORE}


def test_a_permission_that_was_taken_away_counts_at_once():
    user = user_of("reader")
    user.user_permissions.add(Permission.objects.get(codename="score"))
    operation = operations.score(published(), quality=10, by=Actor(User.objects.get(pk=user.pk))).operation
    user.user_permissions.clear()

    with pytest.raises(UndoRefusedError, match="score"):
        operations.undo(operation, by=Actor(User.objects.get(pk=user.pk)))
    assert Event.objects.filter(operation=operation, field="quality").exists()
    assert Operation.objects.count() == 1
