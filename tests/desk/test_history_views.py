"""The history pages: reading the log, and undoing operations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils.html import escape

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.desk import history_views
from articles.desk.history_queries import timeline
from articles.models import Article, Event, Operation, Topic, Verb, Via
from providers.models import Provider
from tests import builders
from tests.desk.helpers import HISTORY, member, messages_of, undo
from tests.documents import write_demo_documents

SCRIPT = "<script>alert(1)</script>"


@pytest.mark.django_db
class TestHistory:
    def test_it_says_who_did_what_when_and_why(self, client):
        ana = member("editor")
        article = builders.article("Storm over Rome", quality=40)
        operation = operations.score(article, quality=65, by=Actor(ana, Via.ADMIN, "the regulator answered")).operation
        Operation.objects.update(at=datetime(2020, 6, 9, 8, 0, tzinfo=UTC))
        client.force_login(ana)

        page = client.get(HISTORY).content.decode()

        for words in ("Scored 1 story", "<strong>ana</strong>", "via the admin", "the regulator answered"):
            assert words in page
        for words in ("Storm over Rome", "quality 40 → 65", "Tuesday, 9 June 2020", "08:00 UTC"):
            assert words in page
        assert f'href="/admin/desk/operations/{operation.pk}/"' in page

    def test_an_undone_operation_says_by_whom(self, admin_client):
        ana = User.objects.create_superuser("ana")
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

    @pytest.mark.slow
    def test_filters_work_and_invalid_ones_are_ignored(self, admin_client, settings):
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

        for query, expected in (
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
        ):
            page = admin_client.get(f"{HISTORY}?{query}")

            assert page.status_code == 200
            assert [entry.operation.verb for entry in page.context["entries"]] == expected, query
            ignored = any(word in query for word in ("banana", "0001", "9999-", "nonsense", "%00", "xxx"))
            assert ("was ignored" in page.content.decode()) == ignored, query

    @pytest.mark.slow
    def test_pages_follow_each_other_without_gap(self, admin_client, monkeypatch):
        monkeypatch.setattr(history_views, "PAGE_SIZE", 3)
        article = builders.article(quality=1)
        for quality in range(2, 7):
            operations.score(article, quality=quality)

        for url in (HISTORY, f"/admin/desk/articles/{article.pk}/history/"):
            first = admin_client.get(url)
            second = admin_client.get(f"{url}?before={first.context['older']}")
            shown = [entry.operation.pk for page in (first, second) for entry in page.context["entries"]]
            assert shown == list(Operation.objects.values_list("pk", flat=True))
            assert len(first.context["entries"]) == 3
            assert second.context["older"] is None

    @pytest.mark.slow
    def test_a_big_operation_is_paged_by_article(self, admin_client):
        for _ in range(60):
            builders.article()
        operation = operations.hold(Article.objects.all()).operation
        url = f"/admin/desk/operations/{operation.pk}/"

        first = admin_client.get(url)
        second = admin_client.get(f"{url}?after={first.context['following']}")

        rows = [row.pk for page in (first, second) for row in page.context["rows"]]
        assert rows == list(Article.objects.order_by("pk").values_list("pk", flat=True))
        assert all(line.words == "held (was published)" for line in [first.context["rows"][0].changes[0]])
        assert admin_client.get(f"{url}?after=nonsense-%00").status_code == 200

    @pytest.mark.systematic
    def test_few_and_many_cost_the_same_queries(self, admin_client, count_queries):
        def grow(number: int) -> Article:
            lead = builders.article(f"Lead {number}", quality=90)
            article = builders.article(quality=50, provider=builders.provider(f"P{number}", f"{number}.example"))
            operations.edit(article, title="New", provider=builders.provider(f"Q{number}", f"q{number}.example"))
            operations.fold_into(article, lead)
            operations.undo(operations.hold(lead).operation)
            operations.delete(Article.objects.filter(pk=builders.article().pk))
            return article

        def cost(url: str) -> int:
            with count_queries() as queries:
                assert admin_client.get(url).status_code == 200
            return len(queries)

        article = grow(0)
        one = operations.score(Article.objects.all(), quality_step=1).operation
        urls = [HISTORY, f"/admin/desk/articles/{article.pk}/history/"]
        few = [cost(url) for url in [*urls, f"/admin/desk/operations/{one.pk}/"]]
        for number in range(1, 4):
            grow(number)
            operations.edit(article, excerpt=f"Words {number}")
        many = operations.score(Article.objects.all(), quality_step=1).operation
        assert [cost(url) for url in [*urls, f"/admin/desk/operations/{many.pk}/"]] == few
        assert history_views.PAGE_SIZE == 50

    def test_a_timeline_is_newest_first_and_as_long_as_requested(self):
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
        assert "its history is kept" in text
        assert "quality 80 → 50" in text
        assert "restore/" not in text
        assert admin_client.get("/admin/desk/articles/999999/history/").status_code == 404
        assert admin_client.get(f"/admin/desk/articles/{2**70}/history/").status_code == 404
        assert admin_client.get(f"/admin/desk/operations/{2**70}/").status_code == 404

    @pytest.mark.slow
    def test_hostile_text_is_escaped_everywhere(self, admin_client):
        outlet = builders.provider(SCRIPT, "x.example")
        lead = builders.article(SCRIPT, quality=90)
        article = builders.article("Calm", topics=["AI"])
        builders.topic(SCRIPT)
        operations.edit(article, title=f"Calm {SCRIPT}", excerpt=SCRIPT, provider=outlet, by=Actor(reason=SCRIPT))
        operations.set_topics(article, [SCRIPT])
        operations.fold_into(article, lead)
        operation = operations.edit_reference(outlet, {"name": f"{SCRIPT}2"}).operation

        urls = [
            HISTORY,
            f"{HISTORY}?person={SCRIPT}&day={SCRIPT}&kind={SCRIPT}",
            f"/admin/desk/articles/{article.pk}/history/",
            f"/admin/desk/providers/{outlet.pk}/history/",
            *(f"/admin/desk/operations/{pk}/" for pk in Operation.objects.values_list("pk", flat=True)),
        ]
        for url in urls:
            page = admin_client.get(url).content.decode()
            assert SCRIPT not in page, url
            assert "alert(1)" in page, url
        page = undo(admin_client, operation, reason_text=SCRIPT)
        assert SCRIPT not in page.content.decode()
        assert escape(SCRIPT) in page.content.decode()


@pytest.mark.django_db
class TestUndo:
    @pytest.mark.slow
    def test_it_restores_and_lists_what_others_changed_since(self, admin_client):
        article = builders.article("Storm", quality=60)
        operation = operations.edit(article, title="Gale", excerpt="Wind.").operation
        operations.edit(article, title="Hurricane", by=Actor(User.objects.create_user("ana")))

        page = undo(admin_client, operation, reason_text="a slip")

        article.refresh_from_db()
        undone = Operation.objects.first()
        assert (article.title, article.excerpt) == ("Hurricane", "What happened, in a sentence or two.")
        assert article.pins == ["title"]  # it is ana's decision now
        assert (undone.undoes, undone.reason, undone.who, undone.via) == (operation, "a slip", "admin", "desk")
        assert page.redirect_chain[-1][0] == f"/admin/desk/operations/{undone.pk}/"
        assert messages_of(page) == [
            "Undone: excerpt of “Hurricane” restored.",
            "Left unchanged: title of “Gale” (edited by ana since then).",
        ]

    def test_fields_that_cannot_be_restored_are_named(self, admin_client):
        article = builders.article("Storm", quality=60)
        operation = operations.score(article, quality=50).operation
        operations.delete(Article.objects.all())

        page = undo(admin_client, operation)

        assert messages_of(page)[0] == "Nothing could be restored."
        assert "quality of “Storm” (the article was deleted since)" in messages_of(page)[1]
        assert not operation.undone_by.exists()

    @pytest.mark.slow
    def test_an_undo_that_changes_nothing_says_why(self, admin_client):
        lead, other = builders.article("Lead", quality=90), builders.article("Other", quality=80)
        follower = builders.folded(lead, "Follower")
        folded = operations.fold_into(follower, lead).operation
        operations.fold_into(follower, other)
        builders.pin(lead, "title")
        renamed = operations.edit(lead, title="Renamed").operation
        operations.edit(lead, title="Lead")

        pages = [undo(admin_client, operation) for operation in (folded, renamed)]

        assert [messages_of(page) for page in pages] == [
            ["Nothing could be restored. “Follower”: folded by the system since then."],
            ["Nothing was changed: everything was as before already."],
        ]

    def test_once_only(self, admin_client):
        article = builders.article()
        operation = operations.hold(article).operation
        operations.undo(operation, by=Actor(User.objects.create_superuser("ana")))
        operations.hold(article)

        page = undo(admin_client, operation)

        article.refresh_from_db()
        assert article.state == "held"
        assert messages_of(page) == [
            f"Nothing was undone. Operation {operation.pk} was already undone by ana; undo that to redo it."
        ]
        assert "undo/" not in page.content.decode()

    @pytest.mark.parametrize(
        ("next_url", "is_followed"),
        [
            ("/admin/articles/article/", True),
            ("https://evil.example/", False),
            ("//evil.example/", False),
            ("/\\evil.example", False),
            ("javascript:alert(1)", False),
            ("history", False),
        ],
    )
    def test_undo_redirects_only_within_this_site(self, admin_client, next_url, is_followed):
        operation = operations.hold(builders.article()).operation

        answer = admin_client.post(f"/admin/desk/operations/{operation.pk}/undo/", {"next": next_url})

        assert (answer.url == next_url) == is_followed
        assert answer.url.startswith("/admin/")

    @pytest.mark.parametrize("reason", ["nul\0", "x" * 301])
    def test_a_reason_that_cannot_be_kept_undoes_nothing(self, admin_client, reason):
        operation = operations.hold(builders.article()).operation

        page = undo(admin_client, operation, reason_text=reason)

        assert messages_of(page)[0].startswith("Nothing was undone. Your reason")
        assert not operation.undone_by.exists()

    @pytest.mark.slow
    def test_many_articles_are_undone_after_a_look_at_the_effect(self, admin_client):
        for _ in range(51):
            builders.article()
        operation = operations.hold(Article.objects.all()).operation
        operations.spike(Article.objects.first(), by=Actor(User.objects.create_user("ana")))
        before = Operation.objects.count()

        page = undo(admin_client, operation, reason_text="too many")
        assert "<strong>50 articles</strong>" in page.content.decode()
        assert "1 field: spiked by ana since then" in page.content.decode()
        assert 'value="too many"' in page.content.decode()
        text = " ".join(page.content.decode().split())
        assert '<h2>50 stories would appear on the site</h2> <ul class="sample"><li>Story number' in text
        assert (Operation.objects.count(), Article.objects.filter(state="held").count()) == (before, 50)

        page = undo(admin_client, operation, confirmed="yes")
        done, *seen, more, _ = messages_of(page)
        assert done == "Undone: 50 of 51 stories are as they were before."
        assert len(seen) == 5
        assert (seen[0].startswith("Readers see “Story number"), more) == (True, "And 45 more appeared or disappeared.")
        assert Article.objects.filter(state="published").count() == 50

    @pytest.mark.slow
    def test_the_button_of_an_undo_says_that_it_deletes(self, admin_client, tmp_path):
        write_demo_documents(tmp_path / "news", stories=17)
        call_command("import_articles", str(tmp_path / "news"), verbosity=0)

        page = undo(admin_client, Operation.objects.get(verb="import"))

        text = " ".join(page.content.decode().split())
        assert '<button type="submit" class="do stop">Undo and delete 51 articles</button>' in text
        assert Article.objects.count() == 51

    @pytest.mark.slow
    def test_all_count_as_restored_if_some_were_before(self, admin_client):
        """Seen: "5573 of 5575", when all had come back; undo had nothing left to do on two of them."""
        first, second = builders.article(), builders.article()
        operation = operations.edit(first, title="Gale").operation
        with unit_of_work(Verb.EDIT) as uow:
            uow.load([first.pk])[0].excerpt = "Wind."
            uow.load([second.pk])[0].excerpt = "Wind."
        both = Operation.objects.first()
        operations.edit(second, excerpt="What happened, in a sentence or two.")

        assert messages_of(undo(admin_client, both)) == ["Undone: 2 articles are as they were before."]
        assert not operation.undone_by.exists()

    @pytest.mark.slow
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

    @pytest.mark.slow
    def test_a_deleted_article_is_restored(self, admin_client):
        builders.article("Storm")
        operation = operations.delete(Article.objects.all()).operation

        assert messages_of(undo(admin_client, operation)) == [
            "Undone: “Storm” is back.",
            "Readers see “Storm” now.",
        ]
        assert messages_of(undo(admin_client, Operation.objects.first())) == [
            "Undone: “Storm” is deleted.",
            "Readers no longer see “Storm” by itself.",
        ]


@pytest.mark.django_db
class TestOutletsAndTopics:
    def test_the_admin_of_outlets_writes_history_and_leads_to_it(self, admin_client):
        outlet = builders.provider("Courier", "courier.example")
        url = f"/admin/providers/provider/{outlet.pk}/"
        empty = {"logos-TOTAL_FORMS": "0", "logos-INITIAL_FORMS": "0"}
        sent = {"name": "The Courier", "domain": outlet.domain, "weight": "5", **empty}

        admin_client.post(f"{url}change/", sent)
        page = admin_client.get(f"{url}history/", follow=True)

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
            "parent set to “Science”",
            "keywords: + robot, + learning",
        ]
        undo(admin_client, operation)
        topic.refresh_from_db()
        assert (topic.parent, topic.keywords) == (None, [])

    @pytest.mark.slow
    def test_adding_a_topic_can_be_undone_unless_it_is_used(self, admin_client):
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

        assert "There is already an outlet" in messages_of(undo(admin_client, renamed))[1]
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


@pytest.mark.django_db
def test_a_fold_is_of_the_folded_article_and_not_of_its_lead(publisher):
    by = Actor(User.objects.get(), Via.DESK)
    operations.fold_into(builders.article("Member"), builders.article("Lead"), by=by)
    assert "folded 1 article; 1 more changed" in " ".join(publisher.get(HISTORY).content.decode().split()).lower()
