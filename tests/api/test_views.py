"""The JSON API: URLs, pages, only public articles, and JSON errors."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles import operations
from articles.api import items
from articles.models import Article, ArticleImage
from tests import builders
from tests.documents import CANONICAL, document

POWERAPPS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "powerapps"
NEWS = "/api/news/index.json"


def names(client, path=NEWS):
    response = client.get(path)
    return [item["path"] for item in response.json()["value"]] if response.status_code == 200 else response.status_code


@pytest.mark.django_db
class TestFiles:
    @pytest.mark.systematic
    @pytest.mark.skipif(not POWERAPPS.is_dir(), reason="needs the real documents")
    def test_the_files_of_a_real_site_are_reproduced(self, client):
        call_command("import_articles", str(POWERAPPS / "news"), verbosity=0)
        files = sorted((POWERAPPS / "api").rglob("index.json"))

        different = [
            file
            for file in files
            if client.get(f"/api/{file.relative_to(POWERAPPS / 'api')}").content != file.read_bytes()
        ]

        assert (len(files), different) == (19, [])
        assert client.get("/api/news/page/19/index.json").status_code == 404

    @pytest.mark.parametrize(
        ("path", "page"),
        [
            *(
                (path, 1)
                for path in ("news/", "news/index.json", "news/page/1/", "news/page1/", "news/page1/index.json")
            ),
            *((path, 2) for path in ("news/page/2/", "news/page/2/index.json", "news/page2/", "news/page2/index.json")),
            *((f"news/ai/{path}", 1) for path in ("", "index.json", "page/1/", "page1/", "page1/index.json")),
            *((f"news/ai/{path}", 2) for path in ("page/2/", "page/2/index.json", "page2/", "page2/index.json")),
        ],
    )
    def test_each_page_has_the_urls_of_a_file_server(self, client, settings, path, page):
        settings.API_PAGE_SIZE = settings.API_TOPIC_PAGE_SIZE = 2
        for _ in range(3):
            builders.article(topics=["AI"])

        response = client.get(f"/api/{path}")

        assert (response.json()["page"], response.json()["nextPage"]) == (page, 2 if page == 1 else None)
        assert len(response.json()["value"]) == 3 - page
        assert response["Content-Type"] == "application/json"
        assert client.head(f"/api/{path}").status_code == 200
        if not path.endswith("index.json"):
            assert client.get(f"/api/{path.removesuffix('/')}").status_code == 301

    def test_articles_are_newest_first_with_ties_by_file_name(self, client):
        for name in ("a", "a-b", "a0"):
            builders.article(name=f"2020-06-09-{name}", published_at=builders.MORNING)
        builders.article(name="2020-06-08-newest", published_at=builders.MORNING + timedelta(hours=1))

        assert [path.removeprefix("_news/2020-06-0") for path in names(client)] == [
            *("8-newest.md", "9-a-b.md", "9-a.md", "9-a0.md")
        ]

    @pytest.mark.parametrize(("articles", "last"), [(0, 1), (2, 1), (4, 2), (5, 3)])
    def test_a_full_last_page_has_no_next_page_and_none_follows(self, client, settings, articles, last):
        settings.API_PAGE_SIZE = settings.API_TOPIC_PAGE_SIZE = 2
        builders.topic("AI", registry_name="00-ai.yaml")
        for _ in range(articles):
            builders.article(topics=["AI"])

        for feed in ("/api/news/", "/api/news/ai/"):
            pages = [client.get(f"{feed}page/{number}/index.json") for number in range(1, last + 2)]
            assert [page.status_code for page in pages] == [200] * last + [404]
            assert [page.json()["nextPage"] for page in pages[:-1]] == [*range(2, last + 1), None]
            assert sum(len(page.json()["value"]) for page in pages[:-1]) == articles

    @pytest.mark.parametrize("size", [1, 2, 3, 5])
    def test_schedules_dont_shift_pages(self, client, settings, size):
        """Numbered pages are counted off an index in which articles stand too that a schedule keeps off the site."""
        settings.API_PAGE_SIZE = size
        now = timezone.now()
        for number in range(24):
            values = {}
            if number % 3 == 0:
                values["publish_at"] = now + timedelta(hours=1)
            if number % 7 == 0:
                values = {"unpublish_at": now - timedelta(hours=1)}
            same = builders.MORNING + timedelta(minutes=number // 4)
            builders.article(**values, name=f"2020-06-09-n{number * 7 % 24}", published_at=same)
        expected = [
            f"_news/{name}.md" for name in Article.objects.public().newest_first().values_list("name", flat=True)
        ]

        paths, number = [], 1
        while number:
            page = client.get(f"/api/news/page/{number}/index.json").json()
            paths += [item["path"] for item in page["value"]]
            assert len(page["value"]) == size or page["nextPage"] is None
            number = page["nextPage"]

        assert paths == expected
        assert 0 < len(paths) < 24

    def test_a_single_article_is_its_item_without_white_space(self, client, tmp_path):
        text = document(CANONICAL, featuredContent=None) if "featuredContent" in CANONICAL else CANONICAL
        (tmp_path / "2020-06-09-harbour-bridge-closes-for-repairs.md").write_text(text)
        call_command("import_articles", str(tmp_path), verbosity=0)
        path = "/api/news/2020-06-09-harbour-bridge-closes-for-repairs/"

        response = client.get(f"{path}index.json")

        assert response.content == client.get(path).content == items.dump_document(client.get(NEWS).json()["value"][0])
        assert response.json()["excerpt"] == 'The bridge will be shut for "three" weeks,\nthe port says.'
        for secret in ("AAAA;BBBB", "secured", "quality", '"published"', "related", "Port city"):
            assert secret not in response.content.decode()

    def test_topics_are_the_registry_in_its_order(self, client):
        energy = builders.topic("Energy", slug="energy", shortname="En", registry_name="00-energy.yaml")
        builders.topic(
            "Wind",
            slug="wind-power",
            parent=energy,
            registry_name="01-wind.yaml",
            images=["https://n.example/wind.jpg"],
            services=[["news", "https://n.example/api/news/wind-power/"]],
        )
        builders.topic("Secret")  # named by documents only

        response = client.get("/api/topics/index.json")

        assert response.content == client.get("/api/topics/").content == items.dump_list(response.json())
        assert response.json() == {
            "value": [
                {"name": "Energy", "shortname": "En", "id": "energy", "services": []},
                {
                    "name": "Wind",
                    "shortname": "Wind",
                    "id": "wind-power",
                    "parent": "Energy",
                    "images": ["https://n.example/wind.jpg"],
                    "services": [{"name": "news", "endpoint": "https://n.example/api/news/wind-power/"}],
                },
            ]
        }

    def test_a_topic_has_its_own_articles_only(self, client):
        energy = builders.topic("Energy", registry_name="00-energy.yaml")
        builders.topic("Wind", parent=energy, registry_name="01-wind.yaml")
        both, below = builders.article(topics=["Energy", "Wind"]), builders.article(topics=["Wind"])

        assert names(client, "/api/news/energy/") == [f"_news/{both.name}.md"]
        assert names(client, "/api/news/wind/") == [f"_news/{below.name}.md", f"_news/{both.name}.md"]

    def test_settings_decide_edition_page_sizes_and_urls(self, client, settings):
        settings.API_EDITION, settings.API_TIME_ZONE = "2021", "America/Los_Angeles"
        settings.API_PAGE_SIZE, settings.API_TOPIC_PAGE_SIZE = 1, 2
        settings.API_SOURCE_URL = "https://n.example/api/news/{name}/index.json"
        builders.article(topics=["AI"])
        newest = builders.article(topics=["AI"], name="2020-07-01-x", published_at=datetime(2020, 7, 1, 12, tzinfo=UTC))

        [item] = client.get(NEWS).json()["value"]

        assert item["publishedDateTime"] == "2020-07-01T05:00:00-07:00"
        assert item["content"] == "\r\n"
        assert item["sourceUrl"] == f"https://n.example/api/news/{newest.name}/index.json"
        assert len(client.get("/api/news/ai/").json()["value"]) == 2


HOUR = timedelta(hours=1)
HIDDEN = {
    "undecided": {"quality": 20},
    "held": {"published": False, "state": "held"},
    "spiked": {"published": False, "state": "spiked", "spike_reason": "other"},
    "folded": {"heat": -1, "published": False},
    "removed": {"removed": True},
    "missing": {"missing": True},
    "scored, but not decided": {"published": None},
    "not begun": {"publish_at": timezone.now() + HOUR},
    "over": {"unpublish_at": timezone.now() - HOUR},
    "begun and over": {"publish_at": timezone.now() - 2 * HOUR, "unpublish_at": timezone.now() - HOUR},
    "still coming in": {"staged": True},
}


@pytest.mark.django_db
class TestWhatIsPublic:
    @pytest.mark.slow
    def test_unpublished_articles_are_nowhere(self, client):
        hidden = [builders.article(f"Hidden: {why}", topics=["Hidden topic"], **HIDDEN[why]) for why in HIDDEN]

        pages = ["news/", "news/page/1/", "news/page/2/", "news/hidden-topic/", "topics/", "changes", "openapi.json"]
        own = [f"news/{article.name}/{page}" for article in hidden for page in ("", "page/1/")]
        for path in (*pages, *own):
            body = client.get(f"/api/{path}").content.decode().replace(f"/api/{path}", "")
            assert not re.findall("idden.{0,20}", body), path
            assert not [article.title for article in hidden if article.name in body], path

    def test_the_url_of_an_unpublished_article_answers_like_an_unknown_one(self, client):
        unknown = client.get("/api/news/2020-06-09-never/")
        assert unknown.status_code == 404

        for hidden in [builders.article(why, **HIDDEN[why]) for why in HIDDEN]:
            response = client.get(f"/api/news/{hidden.name}/")
            assert response.status_code == 404, hidden.title
            assert response.content.replace(hidden.name.encode(), b"2020-06-09-never") == unknown.content, hidden.title

    def test_unscored_articles_follow_the_policy(self, client):
        article = builders.article(quality=None, heat=None)
        assert names(client) == [f"_news/{article.name}.md"]
        assert client.get(NEWS).json()["value"][0]["heat"] is None

        operations.change_policy({"publish_unscored": False})
        assert names(client) == []

    def test_published_articles_within_their_schedule_are_there(self, client):
        now = timezone.now()
        article = builders.article(publish_at=now - HOUR, unpublish_at=now + HOUR)
        assert names(client) == [f"_news/{article.name}.md"]

    def test_a_topic_exists_if_it_is_registered_or_has_published_articles(self, client):
        builders.topic("Registered", registry_name="00-registered.yaml")
        builders.article(topics=["Told"])
        builders.article(topics=["Untold"], quality=20)

        assert names(client, "/api/news/registered/") == []
        assert len(names(client, "/api/news/told/")) == 1
        assert names(client, "/api/news/untold/") == 404
        assert names(client, "/api/news/registered/page/2/") == 404


@pytest.mark.django_db
class TestManners:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "x",
            "news/page/0/",
            "news/page/00/",
            "news/page/01/",
            "news/page/-1/",
            "news/page/2/",
            "news/page/999999999/",
            "news/page/9999999999999999999999/",
            "news/page/%D9%A1/",
            "news/page/",
            "news/pagex/",
            "news/%00/",
            "news/a%00b/page/1/",
            "news/%FF/",
            "news/%ED%A0%80/",
            "news/\N{ZERO WIDTH SPACE}/",
            "news/2020-06-09-x.md/",
            "news/../../admin/",
            "news/ai'%20OR%201=1/",
            f"news/{'x' * 5000}/",
        ],
    )
    def test_a_missing_url_gives_a_json_error(self, client, path):
        response = client.get(f"/api/{path}")

        assert response.status_code == 404
        assert response["Content-Type"] == "application/json"
        assert response.json().keys() == {"status", "where", "what", "hint"}

    @pytest.mark.parametrize("query", ["?page=2", "?utm_source=%00", "?a=%ED%A0%80&a=1", "?" + "x" * 2000])
    def test_static_files_ignore_query_strings(self, client, query):
        builders.article()
        assert client.get(NEWS + query).content == client.get(NEWS).content

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_the_api_is_read_only(self, client, method):
        response = getattr(client, method)(NEWS)

        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
        assert response.json()["hint"] == "Use GET, HEAD or OPTIONS."

    @pytest.mark.parametrize("path", [NEWS, "/api/news", "/api/news/x/", "/api/x", "/api/openapi.json"])
    @pytest.mark.parametrize("method", ["get", "head", "post", "options"])
    def test_scripts_of_any_site_may_read_every_response(self, client, method, path):
        response = getattr(client, method)(path)

        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Content-Security-Policy" in response
        assert not response.cookies

    def test_preflight_requests_are_answered(self, client):
        headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}

        response = client.options(NEWS, headers=headers | {"Access-Control-Request-Headers": "if-none-match"})

        assert response.status_code == 204
        assert response["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert response["Access-Control-Allow-Headers"] == "*"
        assert int(response["Access-Control-Max-Age"]) > 0

    def test_other_pages_are_not_open_to_scripts(self, client):
        assert "Access-Control-Allow-Origin" not in client.get("/")

    def test_a_server_error_is_json_too(self, client, monkeypatch):
        client.raise_request_exception = False
        monkeypatch.setattr("articles.api.queries.load_edition", lambda: 1 / 0)
        builders.article()

        response = client.get(NEWS)

        assert (response.status_code, response.json()["status"]) == (500, 500)
        assert response["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize(
        "path", ["news/", "news/page/2/", "news/ai/", "news/ai/page/2/", "news/2020-06-09-one/", "topics/"]
    )
    def test_the_number_of_queries_is_the_same_for_one_article_and_for_many(
        self, client, settings, count_queries, path
    ):
        builders.article(name="2020-06-09-one", topics=["AI"])
        costs = []
        for page_size in (1, 4):
            settings.API_PAGE_SIZE = settings.API_TOPIC_PAGE_SIZE = page_size
            for number in range(2 * page_size):
                name = f"{page_size} {number}"
                article = builders.article(topics=["AI", f"T{name}"], provider=builders.provider(f"P{name}"))
                ArticleImage.objects.create(article=article, url="https://courier.example/1.jpg")
            with count_queries() as queries:
                assert client.get(f"/api/{path}").status_code == 200
            costs.append(len(queries))
        assert costs[0] == costs[1]
