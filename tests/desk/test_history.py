"""The history pages: what editors read of the log, undo and restore through the desk."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.utils.html import escape

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.desk import history_views
from articles.desk.event_text import NameLookup, describe_changes, describe_operation, restore_permission
from articles.desk.history_queries import timeline
from articles.desk.text_diff import Kind, abbreviate, diff_words
from articles.models import Article, Event, Operation, Topic, Verb, Via
from articles.rules import permissions
from providers.models import Provider
from tests import builders
from tests.desk.history import member, messages_of, undo

HISTORY = "/admin/desk/history/"
SCRIPT = "<script>alert(1)</script>"


def restore(client, article: Article, field: str, **sent: str):
    event = Event.objects.filter(subject_id=article.pk, field=field).last()
    return client.post(f"/admin/desk/articles/{article.pk}/restore/{event.pk}/", sent, follow=True)


def event(field: str, before=None, after=None, **values) -> Event:
    return Event(pk=1, subject_id=1, label="Storm", field=field, before=before, after=after, **values)


EDIT, DELETE = "articles.change_article", "articles.delete_article"
ALL_RIGHTS = {
    *permissions.PERMISSION_BY_ACTION.values(),
    *permissions.PERMISSION_BY_SUBJECT.values(),
    *permissions.DELETE_PERMISSION_BY_SUBJECT.values(),
}
ALL_RIGHTS |= {"providers.view_provider", "articles.view_topic", "articles.view_sitepolicy"}


def list_nothing(lead: Article) -> None:
    operations.edit_related_rows(lead, "related", write=lambda: lead.related_links.all().delete())


def schedule_in_a_form(lead: Article) -> None:
    with unit_of_work("edit"):
        operations.schedule(lead, unpublish_at=datetime(2099, 1, 1, tzinfo=UTC))


UNDONE_BY = [
    (lambda lead: operations.edit(lead, title="New"), {EDIT}),
    (lambda lead: operations.edit(lead, removed=False), {EDIT, permissions.PUBLISH}),
    (lambda lead: operations.edit(lead, quality=61), {EDIT, permissions.SCORE}),
    # The member is a story of its own.
    (list_nothing, {EDIT, permissions.FOLD, permissions.SCORE, permissions.PUBLISH}),
    (schedule_in_a_form, {EDIT, permissions.PUBLISH}),
    (lambda lead: operations.edit(operations.pin(lead, "quality") and lead, quality=None), {EDIT, permissions.SCORE}),
    (lambda lead: operations.score(lead, quality=61), {permissions.SCORE}),
    (lambda lead: operations.pin(lead, "quality"), {permissions.SCORE}),
    (lambda lead: operations.hold(lead), {permissions.SCORE, permissions.PUBLISH}),
    (lambda lead: operations.publish(lead), {permissions.PUBLISH}),
    (lambda lead: operations.unpin(operations.hold(lead) and lead), {permissions.SCORE, permissions.PUBLISH}),
    (lambda lead: operations.take_out(lead.folded_articles.get()), {permissions.FOLD}),
    (lambda lead: operations.delete(Article.objects.filter(pk=lead.pk)), {DELETE}),
    (lambda lead: operations.edit_reference(lead.provider, {"name": "New"}), {EDIT, "providers.change_provider"}),
    (lambda lead: operations.edit_reference(Topic.objects.get(), {"weight": 3}), {EDIT, "articles.change_topic"}),
    (lambda lead: operations.delete_references([Topic.objects.get()]), {DELETE, "articles.delete_topic"}),
    (lambda lead: operations.delete_references([builders.provider("New")]), {DELETE, "providers.delete_provider"}),
    (lambda lead: operations.change_policy({"publish_threshold": 33}), {permissions.CHANGE_POLICY}),
]


class TestDifferences:
    @pytest.mark.parametrize(
        ("before", "after", "marked"),
        [
            ("Storm over Rome", "Storm over Rome", "Storm over Rome"),
            ("Storm over Rome", "Storm near Rome", "Storm [-over][+near] Rome"),
            ("Storm", "Storm over Rome", "Storm[+ over Rome]"),
            ("Rome: a storm", "Rome, a storm", "Rome[-:][+,] a storm"),
            ("a b c", "x y z", "[-a b c][+x y z]"),
            ("", "Storm", "[+Storm]"),
            ("Storm", "", "[-Storm]"),
            ("", "", ""),
            ("one two", "one\ntwo", "one[- ][+\n]two"),
            ("東京の嵐", "大阪の嵐", "[-東京][+大阪]の嵐"),
            ("a a a", "a a", "a a[- a]"),
        ],
    )
    def test_words_are_compared(self, before, after, marked):
        signs = {Kind.KEPT: "{}", Kind.REMOVED: "[-{}]", Kind.ADDED: "[+{}]"}
        assert "".join(signs[each.kind].format(each.text) for each in diff_words(before, after)) == marked

    @pytest.mark.integration
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("a " * 50_000, "b " * 50_000),
            ("a b " * 90, "b a c " * 60),
            ("x" * 10**6, "y"),
            ("the cat. " * 40, "The dog; " * 40),
        ],
    )
    def test_hostile_lengths_are_bounded_and_nothing_is_lost(self, before, after):
        begun = time.perf_counter()
        found = diff_words(before, after)

        assert time.perf_counter() - begun < 1
        assert "".join(each.text for each in found if each.kind != Kind.ADDED) == before
        assert "".join(each.text for each in found if each.kind != Kind.REMOVED) == after
        assert sum(len(each.text) for each in abbreviate(found)) < 10_000

    def test_long_kept_stretches_are_shortened(self):
        text = "word " * 200
        cut = [each.text for each in abbreviate(diff_words(f"{text}old {text}", f"{text}new {text}"))]

        assert cut[0].startswith(" … word")
        assert cut[1:3] == ["old", "new"]
        assert len("".join(cut)) < 200


class TestTelling:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (event("heat", 40, 65), "heat 40 → 65"),
            (event("heat", 65, -1), "heat 65 → −1"),
            (event("quality", None, 0), "quality – → 0"),
            (event("topics", ["Health", "News"], ["News", "AI"]), "topics: + AI, − Health"),
            (event("topics", ["A", "B"], ["B", "A"]), "topics in a new order: B, A"),
            (event("topics", None, None), "topics in a new order: "),
            (event("tags", [["IT", "Italy"]], []), "places: − IT Italy"),
            (event("state", "undecided", "held"), "held (was undecided)"),
            (event("lead_id", None, 7), "folded under “Lead title”"),
            (event("lead_id", 7, None), "no longer folded under “Lead title”"),
            (event("lead_id", 8, 7), "folded under “Lead title” instead of “a deleted article”"),
            (event("provider_id", 3, 4), "outlet “Herald” → “a deleted outlet”"),
            (event("missing", False, True), "withdrawn: its document is missing"),
            (event("published_at", "2020-06-09T08:00:00+00:00", None), "publication time 9 Jun 2020, 10:00 CEST → –"),
            (event("published_at", "nonsense", {"a": 1}), "publication time nonsense → {'a': 1}"),
            (event("pin quality", None, {}), "pinned quality"),
            (event("pin published", {}, None), "unpinned state"),
            (event("pin heat", {"wish": 3}, {"wish": 4}), "what its document says as heat: 3 → 4"),
            (event("created"), "added"),
            (event("deleted", {"columns": {}}), "deleted"),
            (
                event("related", [{"web_url": "a", "title": "One"}], [{"web_url": "b", "title": "Two"}]),
                "coverage: 1 added (“Two”), 1 removed (“One”)",
            ),
            (
                event("images", "nonsense", [{"url": "https://x.example/1.jpg"}]),
                "pictures: 1 added (https://x.example/1.jpg)",
            ),
        ],
    )
    def test_an_event_in_words(self, settings, given, words):
        settings.TIME_ZONE = "Europe/Berlin"
        names = NameLookup(articles={7: "Lead title"}, providers={3: "Herald"})

        assert [line.words for line in describe_changes([given], names)] == [words]

    def test_a_state_comes_with_its_reason_and_without_what_it_says_already(self):
        events = [
            event("published", True, False),
            event("spike_reason", "", "paywall"),
            event("state", "published", "spiked"),
            event("pin published", None, {}),
            event("pin heat", None, {}),
        ]

        assert [line.words for line in describe_changes(events, NameLookup())] == [
            "spiked: paywall (was published)",
            "pinned state, heat",
        ]

    @pytest.mark.parametrize("field", ["dialect", "extra", "layout", "engagement", "pairings"])
    def test_the_form_of_documents_is_not_told(self, field):
        assert describe_changes([event(field, 1, 2)], NameLookup()) == []

    @pytest.mark.parametrize(
        ("verb", "number", "clause"),
        [
            ("score", 3, "scored 3 articles"),
            ("take_out", 1, "took 1 article out of its story"),
            ("undo", 1, "undid operation 5: 1 article"),
            ("policy", 0, "changed the policy"),
        ],
    )
    def test_a_deed_in_words(self, verb, number, clause):
        assert describe_operation(Operation(verb=verb, articles=number, undoes_id=5)) == clause


@pytest.mark.django_db
class TestReading:
    def test_it_says_who_did_what_when_and_why(self, client):
        ana = member("editor")
        article = builders.article("Storm over Rome", quality=40)
        operation = operations.score(article, quality=65, by=Actor(ana, Via.ADMIN, "the regulator answered")).operation
        Operation.objects.update(at=datetime(2020, 6, 9, 8, 0, tzinfo=UTC))
        client.force_login(ana)

        page = client.get(HISTORY).content.decode()

        for words in ("Scored 1 article", "<strong>ana</strong>", "through the admin", "the regulator answered"):
            assert words in page
        for words in ("Storm over Rome", "quality 40 → 65", "Tuesday, 9 June 2020", "08:00 UTC"):
            assert words in page
        assert f'href="/admin/desk/operations/{operation.pk}/"' in page

    def test_an_undone_operation_says_by_whom(self, admin_client):
        ana = User.objects.create_user("ana")
        operation = operations.hold(builders.article()).operation
        undone = operations.undo(operation, by=Actor(ana)).operation

        page = admin_client.get(HISTORY).content.decode()

        text = " ".join(page.split())
        assert f'<span class="chip">Undone</span> by ana: <a href="/admin/desk/operations/{undone.pk}/">' in text
        assert f'Undoes <a href="/admin/desk/operations/{operation.pk}/">' in text

    def test_many_articles_are_named_up_to_three(self, admin_client):
        for number in range(5):
            builders.article(f"Story {'ABCDE'[number]}")
        operations.hold(Article.objects.all())

        page = admin_client.get(HISTORY)

        assert [row.label for row in page.context["entries"][0].rows] == ["Story A", "Story B", "Story C"]
        assert "and 2 more" in page.content.decode()

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["spike", "hold", "score"]),
            ("person=ana", ["hold", "score"]),
            ("person=gone", ["spike"]),
            ("person=nobody-like-that", []),
            ("kind=score", ["score"]),
            ("person=ana&kind=hold", ["hold"]),
            ("day=2020-06-09", ["score"]),
            ("day=2020-06-10", ["hold"]),
            ("day=banana", ["spike", "hold", "score"]),
            ("day=0001-01-01", ["spike", "hold", "score"]),
            ("day=9999-12-31", ["spike", "hold", "score"]),
            ("kind=nonsense", ["spike", "hold", "score"]),
            ("person=%00", ["spike", "hold", "score"]),
            ("kind=%00&day=%00&before=%00", ["spike", "hold", "score"]),
            ("before=-1", ["spike", "hold", "score"]),
            ("before=99999999999999999999999", ["spike", "hold", "score"]),
            ("before=9223372036854775807", ["spike", "hold", "score"]),
            ("before=%C2%B2", ["spike", "hold", "score"]),
            ("person=" + "x" * 3000, ["spike", "hold", "score"]),
        ],
    )
    def test_filters_and_nonsense(self, admin_client, settings, query, found):
        settings.TIME_ZONE = "Europe/Berlin"
        ana, gone = User.objects.create_user("ana"), User.objects.create_user("gone")
        article = builders.article(quality=40)
        days = [datetime(2020, 6, 9, 21, 59, tzinfo=UTC), datetime(2020, 6, 9, 22, 0, tzinfo=UTC), builders.MORNING]
        deeds = [
            operations.score(article, quality=50, by=Actor(ana)),
            operations.hold(article, by=Actor(ana)),
            operations.spike(article, by=Actor(gone)),
        ]
        for done, day in zip(deeds, days, strict=True):
            Operation.objects.filter(pk=done.operation.pk).update(at=day.replace(year=2019) if day == days[2] else day)
        gone.delete()

        page = admin_client.get(f"{HISTORY}?{query}")

        assert page.status_code == 200
        assert [entry.operation.verb for entry in page.context["entries"]] == found
        assert ("was ignored" in page.content.decode()) == any(
            word in query for word in ("banana", "0001", "9999", "nonsense", "%00", "xxx")
        ) or "before" in query

    def test_pages_follow_each_other_without_gap(self, admin_client, monkeypatch):
        monkeypatch.setattr(history_views, "PAGE_SIZE", 3)
        article = builders.article(quality=1)
        for quality in range(2, 7):
            operations.score(article, quality=quality)

        for address in (HISTORY, f"/admin/desk/articles/{article.pk}/history/"):
            first = admin_client.get(address)
            second = admin_client.get(f"{address}?before={first.context['older']}")
            shown = [entry.operation.pk for page in (first, second) for entry in page.context["entries"]]
            assert shown == list(Operation.objects.values_list("pk", flat=True))
            assert len(first.context["entries"]) == 3
            assert second.context["older"] is None

    def test_a_big_operation_is_paged_by_article(self, admin_client):
        for _ in range(60):
            builders.article()
        operation = operations.hold(Article.objects.all()).operation
        address = f"/admin/desk/operations/{operation.pk}/"

        first = admin_client.get(address)
        second = admin_client.get(f"{address}?after={first.context['following']}")

        rows = [row.pk for page in (first, second) for row in page.context["rows"]]
        assert rows == list(Article.objects.order_by("pk").values_list("pk", flat=True))
        assert all(line.words == "held (was published)" for line in [first.context["rows"][0].changes[0]])
        assert admin_client.get(f"{address}?after=nonsense-%00").status_code == 200

    def test_few_and_many_cost_the_same_queries(self, admin_client, django_assert_num_queries):
        def grow(number: int) -> Article:
            lead = builders.article(f"Lead {number}", quality=90)
            article = builders.article(quality=50, provider=builders.provider(f"P{number}", f"{number}.example"))
            operations.edit(article, title="New", provider=builders.provider(f"Q{number}", f"q{number}.example"))
            operations.fold_into(article, lead)
            operations.undo(operations.hold(lead).operation)
            operations.delete(Article.objects.filter(pk=builders.article().pk))
            return article

        article = grow(0)
        addresses = {HISTORY: 8, f"/admin/desk/articles/{article.pk}/history/": 6}
        for address, number in addresses.items():
            with django_assert_num_queries(number):
                admin_client.get(address)
        for number in range(1, 4):
            grow(number)
            operations.edit(article, excerpt=f"Words {number}")
        operation = operations.spike(Article.objects.all()).operation
        for address, number in addresses.items():
            with django_assert_num_queries(number):
                admin_client.get(address)
        for each in (operation, operations.score(article, quality_step=1).operation):
            with django_assert_num_queries(8):
                admin_client.get(f"/admin/desk/operations/{each.pk}/")
        with django_assert_num_queries(3):
            assert len(timeline("article", article.pk)) > 4
        assert history_views.PAGE_SIZE == 50

    def test_a_timeline_is_newest_first_and_as_long_as_asked(self):
        article = builders.article(quality=1)
        for quality in range(2, 7):
            operations.score(article, quality=quality)

        assert [entry.changes[0].words for entry in timeline("article", article.pk, 2)] == ["heat 5 → 6", "heat 4 → 5"]
        assert timeline("article", 10**6) == []

    def test_the_history_of_a_deleted_article_stays(self, admin_client):
        article = builders.article("Storm over Rome")
        operations.score(article, quality=50)
        operations.delete(Article.objects.all())

        page = admin_client.get(f"/admin/desk/articles/{article.pk}/history/")

        text = page.content.decode()
        assert "History of “Storm over Rome”" in text
        assert "its history stays" in text
        assert "quality 80 → 50" in text
        assert "restore/" not in text
        assert admin_client.get("/admin/desk/articles/999999/history/").status_code == 404
        assert admin_client.get(f"/admin/desk/articles/{2**70}/history/").status_code == 404
        assert admin_client.get(f"/admin/desk/operations/{2**70}/").status_code == 404

    def test_hostile_text_is_escaped_everywhere(self, admin_client):
        outlet = builders.provider(SCRIPT, "x.example")
        lead = builders.article(SCRIPT, quality=90)
        article = builders.article("Calm", topics=["AI"])
        builders.topic(SCRIPT)
        operations.edit(article, title=f"Calm {SCRIPT}", excerpt=SCRIPT, provider=outlet, by=Actor(reason=SCRIPT))
        operations.set_topics(article, [SCRIPT])
        operations.fold_into(article, lead)
        operation = operations.edit_reference(outlet, {"name": f"{SCRIPT}2"}).operation

        addresses = [
            HISTORY,
            f"{HISTORY}?person={SCRIPT}&day={SCRIPT}&kind={SCRIPT}",
            f"/admin/desk/articles/{article.pk}/history/",
            f"/admin/desk/providers/{outlet.pk}/history/",
            *(f"/admin/desk/operations/{pk}/" for pk in Operation.objects.values_list("pk", flat=True)),
        ]
        for address in addresses:
            page = admin_client.get(address).content.decode()
            assert SCRIPT not in page, address
            assert "alert(1)" in page, address
        page = undo(admin_client, operation, reason=SCRIPT)
        assert SCRIPT not in page.content.decode()
        assert escape(SCRIPT) in page.content.decode()


@pytest.mark.django_db
class TestRights:
    def test_only_staff_who_may_see_operations(self, client):
        article = builders.article()
        operation = operations.hold(article).operation
        event = operation.events.first()
        pages = [HISTORY, f"/admin/desk/operations/{operation.pk}/", f"/admin/desk/articles/{article.pk}/history/"]
        pages.append(f"/admin/desk/providers/{article.provider_id}/history/")
        posts = [
            f"/admin/desk/operations/{operation.pk}/undo/",
            f"/admin/desk/articles/{article.pk}/restore/{event.pk}/",
        ]
        for address in pages:
            assert "/login/" in client.get(address).url
        for address in posts:
            assert "/login/" in client.post(address).url
            assert client.get(address).status_code == 405
        client.force_login(User.objects.create_user("guest", is_staff=True))
        assert [client.get(address).status_code for address in pages] == [403] * 4
        assert [client.post(address).status_code for address in posts] == [403] * 2
        assert Operation.objects.count() == 1

    @pytest.mark.parametrize(
        ("group", "act", "status"),
        [
            ("contributor", lambda row: operations.edit(row, title="New"), 200),
            ("contributor", lambda row: operations.publish(row), 403),
            ("contributor", lambda row: operations.score(row, quality=50), 403),
            ("contributor", lambda row: operations.edit(row, title="New", quality=61), 403),
            ("contributor", lambda row: operations.edit_reference(row.provider, {"name": "New"}), 403),
            ("editor", lambda row: operations.score(row, quality=90), 200),
            ("editor", lambda row: operations.spike(row), 200),
            ("editor", lambda row: operations.publish(row), 403),
            ("publisher", lambda row: operations.publish(row), 200),
            ("publisher", lambda row: operations.edit_reference(row.provider, {"name": "New"}), 200),
            ("publisher", lambda row: operations.undo(operations.publish(row).operation), 200),
            ("editor", lambda row: operations.undo(operations.publish(row).operation), 403),
        ],
    )
    def test_undoing_asks_for_the_right_to_all_that_was_done(self, client, group, act, status):
        operation = act(builders.article(quality=60)).operation
        client.force_login(member(group))
        address = f"/admin/desk/operations/{operation.pk}/"

        page = client.get(address)
        assert (f"{address}undo/" in page.content.decode()) == (status == 200)
        assert undo(client, operation).status_code == status
        assert operation.undone_by.exists() == (status == 200)

    @pytest.mark.parametrize(("act", "needed"), UNDONE_BY)
    def test_undoing_takes_exactly_the_rights_to_what_was_done(self, act, needed):
        lead = builders.article(quality=60, topics=["AI"])
        builders.related(builders.folded(lead), lead)
        operations.rescore(Article.objects.all())
        act(Article.objects.get(pk=lead.pk))
        operation = Operation.objects.first()

        def may(granted: set[str]) -> bool:
            holder = type("Holder", (), {"has_perm": lambda self, wanted: wanted in granted})()
            return operations.can_undo(holder, operation)

        assert {right for right in ALL_RIGHTS if not may(ALL_RIGHTS - {right})} == set(needed)
        assert may(set(needed))

    def test_nobody_undoes_the_taking_down_of_a_picture(self):
        article = builders.article()
        builders.picture(article)
        operation = operations.take_down(article, article.images.get().url).operation
        assert not operations.can_undo(User.objects.create_superuser("root"), operation)

    def test_taking_from_the_site_what_somebody_published_by_a_form_needs_the_right(self, client):
        article = builders.article(quality=60)
        with unit_of_work("edit"):
            operations.edit(article, title="New")
            operations.publish(article)
        client.force_login(member("contributor"))

        assert undo(client, Operation.objects.get()).status_code == 403

    @pytest.mark.parametrize(
        ("group", "field", "status"),
        [
            ("contributor", "title", 200),
            ("contributor", "quality", 403),
            ("editor", "quality", 200),
            ("editor", "state", 403),
        ],
    )
    def test_restoring_a_field_asks_for_its_right(self, client, group, field, status):
        article = builders.article("Storm", quality=80)
        operations.edit(article, title="Gale", quality=10)
        client.force_login(member(group))
        event = Event.objects.filter(field=field).get()
        address = f"/admin/desk/articles/{article.pk}/restore/{event.pk}/"
        assert (address in client.get(f"/admin/desk/articles/{article.pk}/history/").content.decode()) == (
            status == 200
        )
        assert client.post(address, follow=True).status_code == status

    @pytest.mark.parametrize(
        ("right", "fields"),
        [
            (EDIT, "title excerpt web_url published_at provider_id type category tags topics"),
            (permissions.SCORE, "quality heat state spike_reason"),
            (permissions.PUBLISH, "publish_at unpublish_at pick_until removed"),
            (permissions.FOLD, "lead_id"),
            ("articles.change_articleimage", "images"),
            ("articles.change_relatedlink", "related"),
        ],
    )
    def test_each_field_is_restored_by_its_right(self, right, fields):
        assert {restore_permission(event(field)) for field in fields.split()} == {right}


@pytest.mark.django_db
class TestUndo:
    def test_it_restores_and_lists_what_others_changed_since(self, admin_client):
        article = builders.article("Storm", quality=60)
        operation = operations.edit(article, title="Gale", excerpt="Wind.").operation
        operations.edit(article, title="Hurricane", by=Actor(User.objects.create_user("ana")))

        page = undo(admin_client, operation, reason="a slip")

        article.refresh_from_db()
        undone = Operation.objects.first()
        assert (article.title, article.excerpt) == ("Hurricane", "What happened, in a sentence or two.")
        assert article.pins == ["title"]  # it is ana's decision now
        assert (undone.undoes, undone.reason, undone.who, undone.via) == (operation, "a slip", "admin", "desk")
        assert page.redirect_chain[-1][0] == f"/admin/desk/operations/{undone.pk}/"
        assert messages_of(page) == [
            "Undone: excerpt of “Hurricane” restored.",
            "Left unchanged: title of “Gale” (edited by ana since).",
        ]

    def test_what_nobody_can_restore_is_said(self, admin_client):
        article = builders.article("Storm", quality=60)
        operation = operations.score(article, quality=50).operation
        operations.delete(Article.objects.all())

        page = undo(admin_client, operation)

        assert messages_of(page)[0] == "Nothing could be restored."
        assert "quality of “Storm” (the article was deleted since)" in messages_of(page)[1]
        assert not operation.undone_by.exists()

    def test_once_only(self, admin_client):
        article = builders.article()
        operation = operations.hold(article).operation
        operations.undo(operation, by=Actor(User.objects.create_user("ana")))
        operations.hold(article)

        page = undo(admin_client, operation)

        article.refresh_from_db()
        assert article.state == "held"
        assert messages_of(page) == [
            f"Nothing was undone: operation {operation.pk} was already undone by ana; undo that to redo it."
        ]
        assert "undo/" not in page.content.decode()

    @pytest.mark.parametrize(
        ("wanted", "goes"),
        [
            ("/admin/articles/article/", True),
            ("https://evil.example/", False),
            ("//evil.example/", False),
            ("/\\evil.example", False),
            ("javascript:alert(1)", False),
            ("history", False),
        ],
    )
    def test_it_goes_back_only_to_this_site(self, admin_client, wanted, goes):
        operation = operations.hold(builders.article()).operation

        answer = admin_client.post(f"/admin/desk/operations/{operation.pk}/undo/", {"next": wanted})

        assert (answer.url == wanted) == goes
        assert answer.url.startswith("/admin/")

    @pytest.mark.parametrize("reason", ["nul\0", "x" * 301])
    def test_a_reason_that_cannot_be_kept_undoes_nothing(self, admin_client, reason):
        operation = operations.hold(builders.article()).operation

        page = undo(admin_client, operation, reason=reason)

        assert messages_of(page)[0].startswith("Nothing was undone. The reason:")
        assert not operation.undone_by.exists()

    def test_many_articles_are_undone_after_a_look_at_the_effect(self, admin_client):
        for _ in range(51):
            builders.article()
        operation = operations.hold(Article.objects.all()).operation
        operations.spike(Article.objects.first(), by=Actor(User.objects.create_user("ana")))
        before = Operation.objects.count()

        page = undo(admin_client, operation, reason="too many")
        assert "<strong>50 articles</strong>" in page.content.decode()
        assert "spiked by ana since" in page.content.decode()
        assert 'value="too many"' in page.content.decode()
        assert (Operation.objects.count(), Article.objects.filter(state="held").count()) == (before, 50)

        page = undo(admin_client, operation, confirmed="yes")
        assert messages_of(page)[0] == "Undone: 50 articles are as they were before."
        assert Article.objects.filter(state="published").count() == 50

    def test_undoing_an_import_says_how_many_articles_it_deletes(self, admin_client, monkeypatch):
        monkeypatch.setattr(history_views, "CONFIRM_ABOVE", 1)
        with unit_of_work(Verb.IMPORT) as uow:
            uow.record_created([builders.article().pk, builders.article().pk])
        operation = Operation.objects.get()

        page = undo(admin_client, operation)
        assert "<strong>2</strong> of them were created by it and will be deleted" in page.content.decode()
        assert Article.objects.count() == 2
        undo(admin_client, operation, confirmed="yes")
        assert Article.objects.count() == 0

    def test_a_deleted_article_comes_back(self, admin_client):
        builders.article("Storm")
        operation = operations.delete(Article.objects.all()).operation

        assert messages_of(undo(admin_client, operation)) == ["Undone: “Storm” is back."]
        assert messages_of(undo(admin_client, Operation.objects.first())) == ["Undone: “Storm” is deleted."]


@pytest.mark.django_db
class TestRestore:
    def test_texts_scores_topics_state_outlet_and_time(self, admin_client):
        article = builders.article("Storm", quality=80, topics=["AI"])
        outlet, when = article.provider, article.published_at
        builders.topic("Health")
        operations.edit(
            article,
            title="Gale",
            quality=10,
            provider=builders.provider("Herald", "herald.example"),
            published_at=datetime(2020, 1, 1, tzinfo=UTC),
        )
        operations.set_topics(article, ["Health"])
        operations.spike(article, "paywall")
        operations.reopen(article)

        for field in ("title", "quality", "provider_id", "published_at", "topics", "state"):
            page = restore(admin_client, article, field)
            assert messages_of(page)[0].startswith("Restored: "), (field, messages_of(page))

        article.refresh_from_db()
        topics = [item.tag.name for item in article.article_topics.all()]
        assert (article.title, article.quality, article.provider, article.published_at) == ("Storm", 80, outlet, when)
        assert (article.decision, topics) == ("spiked: paywall", ["AI"])
        assert Operation.objects.first().who == "admin"

    def test_stories_schedules_and_coverage(self, admin_client):
        lead = builders.article(quality=90)
        article = builders.article(quality=50)
        operations.fold_into(article, lead)
        operations.take_out(article)
        later = datetime(2999, 1, 1, tzinfo=UTC)
        operations.schedule(lead, publish_at=later)
        operations.schedule(lead)

        for row, field in ((article, "lead_id"), (lead, "publish_at")):
            page = restore(admin_client, row, field)
            assert messages_of(page)[0].startswith("Restored: "), messages_of(page)

        article.refresh_from_db()
        lead.refresh_from_db()
        assert (article.lead, lead.publish_at) == (lead, later)
        operations.edit_related_rows(lead, "related", write=lambda: lead.related_links.all().delete())
        restore(admin_client, lead, "related")
        assert lead.related_links.get().target == article

    @pytest.mark.parametrize(
        ("act", "field", "reason"),
        [
            (lambda row: operations.mark_missing([row.pk], missing=True), "missing", "undo the whole operation"),
            (lambda row: operations.pin(row, "title"), "pin title", "undo the whole operation"),
            (
                lambda row: operations.fold_into(row, builders.article(quality=99)),
                "heat",
                "has its heat from its story",
            ),
            (
                lambda row: (
                    operations.schedule(row, publish_at=datetime(2999, 1, 1, tzinfo=UTC)),
                    operations.hold(row),
                ),
                "publish_at",
                "publish it first",
            ),
        ],
    )
    def test_what_cannot_be_set_that_way_is_refused(self, admin_client, act, field, reason):
        article = builders.article("Storm", quality=80)
        act(article)
        before = Operation.objects.count()

        page = restore(admin_client, article, field)

        assert messages_of(page)[0].startswith("Not restored: “Storm” ")
        assert reason in messages_of(page)[0]
        assert Operation.objects.count() == before

    def test_what_others_changed_since_the_page_was_loaded_is_not_overwritten(self, admin_client):
        article = builders.article("Storm")
        operations.edit(article, title="Gale")
        page = admin_client.get(f"/admin/desk/articles/{article.pk}/history/").content.decode()
        event = Event.objects.get(field="title")
        operations.edit(article, title="Hurricane")
        assert 'name="version" value="2"' in page

        address = f"/admin/desk/articles/{article.pk}/restore/{event.pk}/"
        page = admin_client.post(address, {"version": "2"}, follow=True)

        article.refresh_from_db()
        assert article.title == "Hurricane"
        assert "check it and try again" in messages_of(page)[0]

    def test_an_event_of_another_article_is_not_found(self, admin_client):
        operations.edit(builders.article(), title="Gale")
        other = builders.article()

        event = Event.objects.first()
        assert admin_client.post(f"/admin/desk/articles/{other.pk}/restore/{event.pk}/").status_code == 404


@pytest.mark.django_db
class TestOutletsAndTopics:
    def test_the_admin_of_outlets_writes_history_and_leads_to_it(self, admin_client):
        outlet = builders.provider("Courier", "courier.example")
        address = f"/admin/providers/provider/{outlet.pk}/"
        empty = {"logos-TOTAL_FORMS": "0", "logos-INITIAL_FORMS": "0"}
        sent = {"name": "The Courier", "domain": outlet.domain, "weight": "5", **empty}

        admin_client.post(f"{address}change/", sent)
        page = admin_client.get(f"{address}history/", follow=True)

        operation = Operation.objects.get()
        assert page.redirect_chain == [(f"/admin/desk/providers/{outlet.pk}/history/", 302)]
        assert (operation.verb, operation.via, operation.who) == ("edit", "admin", "admin")
        assert [line.words for line in page.context["entries"][0].changes] == [
            "name Courier → The Courier",
            "weight 0 → 5",
        ]
        undo(admin_client, operation)
        outlet.refresh_from_db()
        assert (outlet.name, outlet.weight) == ("Courier", 0)

    def test_a_list_of_outlets_is_saved_as_one_operation(self, admin_client):
        for name in ("A", "B"):
            builders.provider(name, f"{name}.example")
        ids = list(Provider.objects.order_by("name").values_list("pk", flat=True))
        sent = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "_save": "Save"}
        sent |= {f"form-{place}-id": str(pk) for place, pk in enumerate(ids)}
        sent |= {f"form-{place}-registered": "on" for place in range(2)}

        admin_client.post("/admin/providers/provider/", sent)

        assert list(Event.objects.values_list("field", "after")) == [("registered", True)] * 2
        assert Operation.objects.count() == 1

    def test_the_admin_of_topics_writes_history(self, admin_client):
        parent, topic = builders.topic("Science"), builders.topic("AI", slug="ai")
        sent = {"name": "AI", "parent": parent.pk, "weight": "0", "keywords": "robot\nlearning"}
        sent |= {"images": "", "hashtags": "", "services": "[]", "registry_name": "", "shortname": ""}

        admin_client.post(f"/admin/articles/topic/{topic.pk}/change/", sent)

        operation = Operation.objects.get()
        page = admin_client.get(f"/admin/desk/operations/{operation.pk}/")
        assert [line.words for line in page.context["rows"][0].changes] == [
            "parent – → “Science”",
            "keywords: + robot, + learning",
        ]
        undo(admin_client, operation)
        topic.refresh_from_db()
        assert (topic.parent, topic.keywords) == (None, [])

    def test_an_added_topic_is_an_operation_and_goes_again_unless_it_is_used(self, admin_client):
        sent = {"name": "AI", "slug": "ai", "weight": "0", "services": "[]"}
        admin_client.post("/admin/articles/topic/add/", sent)
        operation = Operation.objects.get()
        article = builders.article(topics=["AI"])

        page = undo(admin_client, operation)
        assert messages_of(page)[-1] == "Left unchanged: “AI” (it is in use now)."
        article.article_topics.all().delete()
        undo(admin_client, operation)
        assert not Topic.objects.exists()

    def test_undoing_never_breaks_what_must_be_unique_or_a_tree(self, admin_client):
        outlet, science, ai = builders.provider("Courier"), builders.topic("Science"), builders.topic("AI")
        renamed = operations.edit_reference(outlet, {"name": "Herald"}).operation
        builders.provider("Courier")
        operations.edit_reference(ai, {"parent": science})
        moved = operations.edit_reference(ai, {"parent": None}).operation
        operations.edit_reference(science, {"parent": ai})

        assert "This outlet is there already" in messages_of(undo(admin_client, renamed))[1]
        assert "already stands below" in messages_of(undo(admin_client, moved))[1]

    def test_nothing_changed_is_no_operation(self):
        outlet = builders.provider("Courier")

        assert operations.edit_reference(outlet, {"name": "Courier"}).operation is None
        assert Operation.objects.count() == 0

    def test_the_admin_page_of_an_article_leads_to_its_history(self, admin_client):
        article = builders.article()

        answer = admin_client.get(f"/admin/articles/article/{article.pk}/history/")

        assert answer.url == f"/admin/desk/articles/{article.pk}/history/"
        assert admin_client.get("/admin/articles/article/nonsense/history/").status_code in (302, 404)
