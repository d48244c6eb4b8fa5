"""Version 2 of the API: stories with their coverage, outlets, topics, search; only what readers see; JSON errors."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from articles import operations
from articles.api.v2 import schemas
from articles.models import Article, Topic
from tests import builders

pytestmark = pytest.mark.django_db
STORIES = "/api/v2/stories/"
MINUTE = timedelta(minutes=1)


def get(client, url, status=200):
    response = client.get(url)
    assert response.status_code == status, (url, response.content)
    return response.json()


def walk(client, url, key="stories"):
    """Return what a list holds, page by page, as its `next` leads."""
    pages = []
    while url:
        page = get(client, url)
        assert list(page) == [key, "next"]
        pages.append(page[key])
        url = page["next"] and page["next"].removeprefix("http://testserver")
    return pages


def names(client, query=""):
    return [story["name"] for page in walk(client, f"{STORIES}{query}") for story in page]


def newsroom():
    """Return a lead with a member, coverage that we don't have, and a link that repeats; and another story."""
    post = builders.provider("Post", "post.example", language="de")
    lead = builders.article(
        "Storm &amp; flood", language="pt", name="2020-06-09-storm", topics=["Weather"], quality=90, tags=["PT"]
    )
    builders.folded(lead, "Flood at the coast", name="2020-06-09-flood", provider=post)
    herald = {"title": "Gale warning", "web_url": "https://www.herald.example/gale"}
    builders.related(lead, **herald)
    builders.related(lead, **herald, repeated=True)
    builders.related(lead, web_url="", title="Only heard", provider=lead.provider)
    other = builders.article("Bridge", name="2020-06-09-bridge", topics=["Ports"], quality=80)
    builders.related(lead, other)
    builders.picture(lead, alt="Waves", attribution="Ana")
    return lead, other


def test_a_story_has_its_coverage_once_and_counts_outlets_as_its_page_does(client):
    lead, other = newsroom()

    story = get(client, f"{STORIES}{lead.name}/")

    assert list(story) == list(schemas.Story.model_fields)
    assert (story["name"], story["title"], story["places"]) == (lead.name, "Storm & flood", ["PT"])
    assert story["url"] == f"http://testserver/news/{lead.name}/"
    assert story["source_url"] == lead.web_url
    assert story["outlet"] == {"name": "The Courier", "domain": "courier.example"}
    assert (story["language"], story["coverage"][0]["language"]) == ("pt", "de")
    assert story["topics"] == [{"name": "Weather", "slug": "weather"}]
    assert (story["picture"]["alt"], story["picture"]["credit"]) == ("Waves", "Ana")
    assert story["picture"]["url"].startswith("http://testserver/media/pictures/")
    reports = [(report["title"], report["outlet"]["domain"], report["name"]) for report in story["coverage"]]
    assert reports == [
        ("Flood at the coast", "post.example", "2020-06-09-flood"),
        ("Gale warning", "herald.example", None),
        ("Only heard", "courier.example", None),
    ]
    assert [report["source_url"] for report in story["coverage"]][1:] == ["https://www.herald.example/gale", None]
    assert [link["name"] for link in story["see_also"]] == [other.name]
    assert story["outlets"] == 3
    assert "3 outlets" in client.get("/latest/").content.decode()

    assert story["outlets_headline"] is None
    operations.edit(lead, title="Ours")
    story = get(client, f"{STORIES}{lead.name}/")
    assert (story["title"], story["outlets_headline"]) == ("Ours", "Storm & flood")
    assert story in get(client, STORIES)["stories"]
    assert not {"quality", "secured", "pins", "state"} & set(story)


@pytest.mark.slow
def test_a_folded_article_leads_to_its_story_and_what_is_hidden_is_nowhere(client):
    lead, _ = newsroom()
    answer = client.get(f"{STORIES}2020-06-09-flood/")
    assert (answer.status_code, answer["Location"]) == (301, f"http://testserver{STORIES}{lead.name}/")
    assert get(client, answer["Location"].removeprefix("http://testserver"))["name"] == lead.name

    herald = builders.provider("Hidden Herald", "hidden.example")
    for why, values in builders.HIDDEN.items():
        builders.article("Hidden words", name=f"hidden-{why}", topics=["Hidden"], provider=herald, **values)
    hidden_lead = builders.article("Hidden words", name="hidden-lead", published=False)
    builders.folded(hidden_lead, "Hidden member", name="hidden-member", topics=["Hidden"], provider=herald)
    lists = ["stories/", "stories/?order=front", "stories/?topic=hidden", "stories/?outlet=hidden.example", "outlets/"]
    for path in ("", *lists, "topics/", "openapi.json", "search/?q=hidden", "search/?q=hidden&order=relevance"):
        body = client.get(f"/api/v2/{path}").content.decode()
        assert "idden" not in body, path
    hidden = [
        f"stories/{name}/" for name in Article.objects.filter(name__startswith="hidden").values_list("name", flat=True)
    ]
    for path in (*hidden, "outlets/hidden.example/", "topics/hidden/"):
        answer = client.get(f"/api/v2/{path}")
        unknown = client.get("/api/v2/stories/unknown/").content.decode()
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert answer.content.decode().replace(path, "stories/unknown/") == unknown


def test_lists_go_on_where_they_were_whatever_comes_in(client):
    stories = [builders.article(topics=["AI", "Robots"][: 1 + number % 2]) for number in range(5)]
    newest_first = [story.name for story in reversed(stories)]
    first = get(client, f"{STORIES}?limit=2")
    builders.article(name="2020-06-09-newer", published_at=builders.MORNING + timedelta(days=1))
    Article.objects.filter(name=newest_first[1]).update(public=False)  # the one at which the next page starts

    following = walk(client, first["next"].removeprefix("http://testserver"))

    assert [story["name"] for story in first["stories"]] == newest_first[:2]
    assert [[story["name"] for story in page] for page in following] == [newest_first[2:4], newest_first[4:]]


def test_a_place_is_found_by_the_code_that_its_story_states(client):
    story = builders.article(topics=["AI"], tags=["UK"])
    assert get(client, STORIES)["stories"][0]["places"] == ["UK"]
    for query in ("?place=UK", "?place=GB", "?place=UK&topic=ai"):
        assert names(client, query) == [story.name], query


@pytest.mark.slow
def test_filters_combine(client):
    post = builders.provider("Post", "post.example")
    parent = builders.topic("Tech")
    builders.topic("AI", parent=parent)
    times = [builders.MORNING + number * MINUTE for number in range(6)]
    of = dict(
        enumerate(
            builders.article(
                name=f"2020-06-09-n{n}", published_at=at, topics=["AI"][: n % 2], tags=["US-CA"][: n % 3 == 0]
            )
            for n, at in enumerate(times)
        )
    )
    Article.objects.filter(pk=of[0].pk).update(provider=post)
    builders.related(of[3], provider=post)
    builders.related(of[4], provider=post)

    def found(query):
        return "".join(name[-1] for name in names(client, query))

    at = {number: time.strftime("%Y-%m-%dT%H:%M:%SZ") for number, time in enumerate(times)}
    cases = {
        "": "543210",
        "?topic=ai": "531",
        "?topic=tech": "531",
        "?topic=unknown": "",
        "?outlet=post.example": "430",
        "?outlet=post.example&topic=ai": "3",
        "?place=US": "30",
        "?place=US-CA&topic=ai": "3",
        "?place=US&outlet=post.example": "30",
        "?place=GB": "",
        f"?since={at[2]}": "5432",
        f"?until={at[2]}": "10",
        f"?since={at[1]}&until={at[4]}": "321",
        f"?since={at[1]}&until={at[4]}&topic=ai": "31",
        f"?since={at[1]}&outlet=post.example": "43",
        f"?until={at[2]}".replace("Z", "%2B00:00"): "10",
    }
    for query, expected in cases.items():
        assert found(query) == expected, query
        assert found(f"{query}{'&' if query else '?'}limit=1") == expected, query


def test_the_front_is_the_order_of_the_front_page(client):
    for heat in (80, 300, 90):
        builders.article(f"Heat {heat}", quality=heat, provider=builders.provider(f"P{heat}", f"p{heat}.example"))
    operations.pick(Article.objects.get(heat=90), timezone.now() + timedelta(hours=1))

    front = [story["heat"] for story in get(client, f"{STORIES}?order=front")["stories"]]

    assert front == [90, 300, 80]


def test_outlets_and_topics_are_those_with_stories(client):
    newsroom()
    Topic.objects.filter(name="Weather").update(parent=builders.topic("Nature"))

    outlets = [outlet for page in walk(client, "/api/v2/outlets/?limit=1", "outlets") for outlet in page]
    assert [(outlet["domain"], outlet["names"]) for outlet in outlets] == [
        ("courier.example", ["The Courier"]),
        ("herald.example", ["Herald"]),
        ("post.example", ["Post"]),
    ]
    assert get(client, "/api/v2/outlets/post.example/") == outlets[2]
    assert len(get(client, urlsplit(outlets[2]["stories_url"])._replace(scheme="", netloc="").geturl())["stories"]) == 1

    topics = {topic["slug"]: topic for page in walk(client, "/api/v2/topics/?limit=1", "topics") for topic in page}
    assert list(topics) == ["nature", "ports", "weather"]
    assert (topics["nature"]["children"], topics["weather"]["parent"]) == (["weather"], "nature")
    assert get(client, "/api/v2/topics/weather/") == topics["weather"]


@pytest.mark.slow
def test_search_finds_stories_and_their_coverage(client):
    newsroom()
    for query, expected in {
        "q=storm": ["2020-06-09-storm"],
        "q=gale": ["2020-06-09-storm"],
        "q=gale&order=relevance": ["2020-06-09-storm"],
        "q=storm&topic=ports": [],
        "q=gale&outlet=herald.example": ["2020-06-09-storm"],
        "q=storm&since=2021-01-01T00:00:00Z": [],
        "q=storm&until=2021-01-01T00:00:00Z&order=relevance": ["2020-06-09-storm"],
    }.items():
        pages = walk(client, f"/api/v2/search/?{query}")
        assert [story["name"] for page in pages for story in page] == expected, query
    for number in range(3):
        builders.article(f"Needle {number}")
    for order in ("latest", "relevance"):
        pages = walk(client, f"/api/v2/search/?q=needle&order={order}&limit=2")
        assert [len(page) for page in pages] == [2, 1]


def test_what_can_not_be_understood_is_refused_with_what_to_do(client):
    builders.article()
    for path, where in {
        "stories/?limit=0": "limit",
        "stories/?limit=51": "limit",
        "stories/?order=best": "order",
        "stories/?cursor=x": "cursor",
        "stories/?order=front&cursor=x": "cursor",
        "stories/?order=front&topic=ai": "topic",
        "stories/?order=front&limit=10": "limit",
        "stories/?since=yesterday": "since",
        "stories/?since=2020-06-09T08:00:00": "since",
        "stories/?until=0001-01-01T00:00:00%2B23:00": "until",
        "stories/?until=9999-12-31T23:59:59-23:00": "until",
        "stories/?topics=ai": "topics",
        "stories/?place=Portugal": "place",
        "stories/?topic=a%00": "topic",
        "stories/x/?a=1": "a",
        "search/": "q",
        "search/?q=%20%2D": "q",
        "search/?q=a&order=relevance&cursor=-1": "cursor",
        "outlets/?limit=x": "limit",
        "topics/?after=x": "after",
    }.items():
        answer = client.get(f"/api/v2/{path}")
        problem = answer.json()
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), path
        assert list(problem) == list(schemas.Problem.model_fields)
        assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", "Bad Request", 400)
        assert problem["where"] == where, path
        assert problem["hint"]
    for path in ("x", "stories/%00/", "outlets/%00/", "topics/a/b/", "stories/%ED%A0%80/"):
        assert get(client, f"/api/v2/{path}", 404)["title"] == "Not Found"
    assert client.post(STORIES).json()["title"] == "Method Not Allowed"
    assert client.get("/api/v2/stories").status_code == 301


def test_responses_are_cached_limited_and_open_to_scripts_of_any_site(client, settings):
    builders.article()
    first = client.get(f"{STORIES}?limit=5")
    assert first["Access-Control-Allow-Origin"] == "*"
    assert client.head(STORIES).status_code == 200
    again = client.get(f"{STORIES}?limit=5", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    operations.edit(Article.objects.get(), title="Changed")
    changed = client.get(f"{STORIES}?limit=5", headers={"If-None-Match": first["ETag"]})
    assert changed.json()["stories"][0]["title"] == "Changed"

    settings.SEARCH_RATE = 1
    found = [client.get(url, REMOTE_ADDR="203.0.113.77") for url in ("/search/?q=a", "/api/v2/search/?q=a", STORIES)]
    assert [answer.status_code for answer in found] == [200, 429, 200]
    assert int(found[1]["Retry-After"]) > 0
    assert found[1].json()["title"] == "Too Many Requests"


@pytest.mark.slow
def test_the_number_of_queries_is_the_same_for_few_and_many(client, count_queries):
    paths = ["stories/", "stories/?order=front", "stories/?topic=ai", "stories/?outlet=courier.example", "outlets/"]
    paths += [
        "topics/",
        "stories/?topic=ai&outlet=courier.example",
        "search/?q=story",
        "stories/one/",
        "topics/ai/",
        "",
    ]
    paths += ["stories/?place=US"]
    costs = []
    for number in (1, 12):
        for place in range(number):
            name = "one" if number == 1 else f"story-{place}"
            lead = builders.article(name=name, topics=["AI", f"T{place}"], tags=["US"])
            for reporter in range(number):
                builders.folded(lead, provider=builders.provider(f"P{place}", f"p{place}-{reporter}.example"))
            builders.picture(lead)
        cost = {}
        client.get("/api/v2/search/?q=story&limit=1")  # PostgreSQL parses words and examines a sample of stories once
        for path in paths:
            with count_queries() as queries:
                assert client.get(f"/api/v2/{path}").status_code == 200, path
            cost[path] = len(queries)
        costs.append(cost)
    assert costs[0] == costs[1]
    assert costs[0]["stories/"] <= 5, costs


@pytest.mark.slow
def test_the_page_for_people_has_examples_that_work(client):
    assert "An example" not in client.get("/api/v2/").content.decode()
    newsroom()
    html = client.get("/api/v2/").content.decode()
    examples = {part.split('"')[0].replace("&amp;", "&") for part in html.split('<a href="http://testserver/api')[1:]}
    assert len(examples) >= 8
    for path in examples:
        get(client, f"/api{path}")
    for schema in (schemas.StoriesAsked, schemas.SearchAsked):
        assert all(f"<code>{name}</code>" in html for name in schema.model_fields)
    assert 'href="/api/v2/"' in client.get("/about/").content.decode()
