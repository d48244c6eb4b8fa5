"""The API matches its OpenAPI description."""

import json

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from articles.models import ArticleImage
from config.wsgi import application
from tests import builders

pytestmark = pytest.mark.thorough

NAME = "2020-06-09-bridge"
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
PLAIN = {"Accept-Encoding": "identity"}  # the client of WSGI applications unpacks nothing
BOUNDED = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


def newsroom():
    """Store what each response can hold: topics, pictures, coverage, a video, more than one page."""
    builders.topic("AI", registry_name="00-ai.yaml", services=[["news", "https://n.example/"]])
    builders.topic(
        "Robots", registry_name="01-robots.yaml", parent=builders.topic("AI"), images=["https://n.example/1"]
    )
    article = builders.article(name=NAME, topics=["AI"])
    ArticleImage.objects.create(article=article, url="https://n.example/1.jpg", width=1, height=1)
    ArticleImage.objects.create(article=article, url="/logo.jpg", kind="logo")
    builders.folded(article, name="2020-06-09-member")
    builders.related(article, builders.article(quality=None, heat=None, type="video"))
    builders.picture(article, "https://n.example/2.jpg")
    for _ in range(30):
        builders.article(topics=["AI"])


@pytest.fixture
def application_with_stories(db):
    """Return an application that leaves a test its connection, as Django's own client does."""
    newsroom()
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield application
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def described(application_with_stories):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", application_with_stories)


@pytest.fixture
def described_v2(application_with_stories):
    return schemathesis.openapi.from_wsgi("/api/v2/openapi.json", application_with_stories)


LIST_PATHS = [
    "/api/changes",
    "/api/news/index.json",
    "/api/news/page/{number}/index.json",
    "/api/news/{name}/index.json",
    "/api/news/{name}/page/{number}/index.json",
    "/api/topics/index.json",
]


WITH_RULES = [url for url in LIST_PATHS if "{number}" in url or url == "/api/changes"]
ASKED = [
    *((url, GenerationMode.POSITIVE) for url in LIST_PATHS),
    *((url, GenerationMode.NEGATIVE) for url in WITH_RULES),
]


@pytest.mark.parametrize(("url", "mode"), ASKED)
def test_generated_requests_are_answered_as_described(described, url, mode):
    """Whatever is asked, as described or, where that is possible, against it."""

    @BOUNDED
    @given(case=described[url]["GET"].as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(checks=CHECKS, headers=PLAIN)

    ask()


@pytest.mark.parametrize(
    ("url", "parts", "query", "status"),
    [
        ("/api/news/index.json", {}, {}, 200),
        ("/api/news/page/{number}/index.json", {"number": 2}, {}, 200),
        ("/api/news/{name}/index.json", {"name": NAME}, {}, 200),
        ("/api/news/{name}/index.json", {"name": "ai"}, {}, 200),
        ("/api/news/{name}/index.json", {"name": "x"}, {}, 404),
        ("/api/news/{name}/page/{number}/index.json", {"name": "ai", "number": 2}, {}, 200),
        ("/api/topics/index.json", {}, {}, 200),
        ("/api/changes", {}, {}, 200),
        ("/api/changes", {}, {"limit": 1}, 200),
        ("/api/changes", {}, {"since": "x"}, 400),
    ],
)
def test_real_responses_match_the_description(described, url, parts, query, status):
    answer = (
        described[url]["GET"].Case(path_parameters=parts, query=query).call_and_validate(checks=CHECKS, headers=PLAIN)
    )

    assert answer.status_code == status


def test_the_description_is_valid_openapi_without_aliases(described):
    described.validate()
    assert sorted(described.raw_schema["paths"]) == LIST_PATHS
    assert "quality" not in json.dumps(described.raw_schema)


V2_PATHS = [
    "/api/v2/outlets/",
    "/api/v2/outlets/{domain}/",
    "/api/v2/search/",
    "/api/v2/stories/",
    "/api/v2/stories/{name}/",
    "/api/v2/topics/",
    "/api/v2/topics/{slug}/",
]
V2_ASKED = [
    *((url, GenerationMode.POSITIVE) for url in V2_PATHS),
    *((url, GenerationMode.NEGATIVE) for url in V2_PATHS if "{" not in url),
]


@pytest.mark.parametrize(("url", "mode"), V2_ASKED)
def test_generated_requests_to_version_2_are_answered_as_described(described_v2, url, mode):
    @BOUNDED
    @given(case=described_v2[url]["GET"].as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(checks=CHECKS, headers=PLAIN)

    ask()


def test_real_responses_of_version_2_match_the_description(described_v2):
    described_v2.validate()
    assert sorted(described_v2.raw_schema["paths"]) == V2_PATHS
    for url, parts, query, status in [
        ("/api/v2/stories/", {}, {}, 200),
        ("/api/v2/stories/", {}, {"order": "front"}, 200),
        ("/api/v2/stories/", {}, {"topic": "ai", "outlet": "courier.example", "since": "2020-01-01T00:00:00Z"}, 200),
        ("/api/v2/stories/", {}, {"cursor": "x"}, 400),
        ("/api/v2/stories/{name}/", {"name": NAME}, {}, 200),
        ("/api/v2/stories/{name}/", {"name": "x"}, {}, 404),
        ("/api/v2/outlets/", {}, {"limit": 1}, 200),
        ("/api/v2/outlets/{domain}/", {"domain": "courier.example"}, {}, 200),
        ("/api/v2/topics/", {}, {}, 200),
        ("/api/v2/topics/{slug}/", {"slug": "robots"}, {}, 404),
        ("/api/v2/topics/{slug}/", {"slug": "ai"}, {}, 200),
        ("/api/v2/search/", {}, {"q": "story"}, 200),
        ("/api/v2/search/", {}, {"q": "-"}, 400),
    ]:
        case = described_v2[url]["GET"].Case(path_parameters=parts, query=query)
        assert case.call_and_validate(checks=CHECKS, headers=PLAIN).status_code == status, (url, query)
