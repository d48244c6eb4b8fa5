"""Metrics for Prometheus, for clients with the token, summed over all processes."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from articles import operations
from articles.models import Article, Operation, PictureAddress
from monitoring import gauges
from monitoring.request_counters import RequestCounters
from sources.models import Entry, Fetch, Source
from tests import builders

ROOT = settings.BASE_DIR
TOKEN = "a-token-of-these-tests"
COUNT = """
import sys
from pathlib import Path
from monitoring.request_counters import RequestCounters
counters = RequestCounters(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    counters.add("front", "GET", 200, 0.02)
counters.add("story", "BREW", 404, 3.0)
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def operator(settings, tmp_path):
    settings.METRICS_TOKEN = TOKEN
    settings.METRICS_DIR = tmp_path / "metrics"
    return Client()


def scrape(client: Client, token: str = TOKEN) -> dict[str, float]:
    response = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(response.content.decode())


def samples(text: str) -> dict[str, float]:
    metrics = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            metrics[" ".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))])] = (
                sample.value
            )
    return metrics


@pytest.mark.django_db
def test_without_a_token_the_url_does_not_exist(client):
    response, unknown = client.get("/metrics"), client.get("/metrically")
    assert response.status_code == 404
    assert response.content == unknown.content


@pytest.mark.parametrize(
    "header", ["", TOKEN, f"Basic {TOKEN}", "Bearer ", f"Bearer {TOKEN}x", "Bearer \xff", f"Bearer {TOKEN[:-1]}"]
)
def test_without_the_token_there_are_no_metrics(operator, header):
    response = operator.get("/metrics", headers={"authorization": header} if header else {})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert b"newsfold" not in response.content


@pytest.mark.django_db
def test_requests_are_counted_by_view_method_and_status(operator):
    operator.get("/latest/")
    operator.get("/latest/")
    operator.head("/latest/")
    operator.get("/nowhere/at/all")
    operator.get("/static/none.css")
    metrics = scrape(operator)
    counted = {name: value for name, value in metrics.items() if name.startswith("newsfold_request_seconds_count")}
    assert counted == {
        "newsfold_request_seconds_count method=GET status=2xx view=latest": 2,
        "newsfold_request_seconds_count method=HEAD status=2xx view=latest": 1,
        "newsfold_request_seconds_count method=GET status=4xx view=none": 1,
        "newsfold_request_seconds_count method=GET status=4xx view=static": 1,
    }
    assert metrics["newsfold_request_seconds_bucket le=10.0 method=GET status=2xx view=latest"] == 2
    assert scrape(operator)["newsfold_request_seconds_count method=GET status=2xx view=metrics"] == 1


@pytest.mark.integration
def test_metrics_include_processes_that_have_ended(tmp_path):
    def start(count: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", COUNT, str(tmp_path), str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "counted\n"
        return process

    first, second = start(3), start(4)
    first.kill()
    first.wait(timeout=10)
    third = start(5)
    sums = {
        sample.name: sample.value
        for family in RequestCounters(tmp_path).collect()
        for sample in family.samples
        if sample.labels.get("view") == "front"
    }
    for process in (second, third):
        process.communicate("", timeout=10)
    assert sums["newsfold_request_seconds_count"] == 12
    assert sums["newsfold_request_seconds_sum"] == pytest.approx(12 * 0.02)


def test_unknown_http_methods_are_counted_together(tmp_path):
    counters = RequestCounters(tmp_path)
    for number in range(100):
        counters.add("front", f"BREW{number}", 405, 0.1)
    methods = {sample.labels["method"] for family in counters.collect() for sample in family.samples}
    assert methods == {"other"}


def test_an_unwritable_metrics_folder_only_stops_the_counting(settings, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    settings.METRICS_TOKEN, settings.METRICS_DIR = TOKEN, tmp_path / "file"
    assert Client().get("/healthz").status_code == 200
    assert "METRICS_DIR can't be written to" in caplog.text


@pytest.mark.django_db
def test_gauges_of_the_newsroom(operator):
    now = timezone.now()
    builders.article("On air", published_at=now - timedelta(minutes=30))
    lead = builders.article("Waiting", quality=None, heat=None, published=False)
    operations.spike(builders.article("Spiked"), "paywall")
    member = builders.folded(lead)
    Operation.objects.create(verb="import", via="command", at=now - timedelta(minutes=5))
    Article.objects.filter(pk=lead.pk).update(state_since=now - timedelta(hours=2))
    Article.objects.public().update(listed_at=now - timedelta(minutes=30))
    Article.objects.filter(pk=member.pk).update(state_since=now - timedelta(hours=9))
    for number, status in enumerate(("failed", "failed", "waiting")):
        url = f"https://pictures.example/{number}.jpg"
        digest = PictureAddress.digest_of(url)
        due = now if status == "waiting" else None
        PictureAddress.objects.create(url=url, digest=digest, status=status, next_try_at=due)
    metrics = scrape(operator)
    assert (metrics["newsfold_pictures_failed"], metrics["newsfold_pictures_due"]) == (2, 1)
    assert metrics["newsfold_database_up"] == 1
    assert metrics["newsfold_articles state=spiked"] == 1
    assert metrics["newsfold_articles state=published"] == 1
    assert metrics["newsfold_articles state=held"] == 0
    assert metrics["newsfold_queue_age_seconds"] == pytest.approx(7200, abs=60)
    assert metrics["newsfold_feed_age_seconds"] == pytest.approx(1800, abs=60)
    assert metrics["newsfold_import_age_seconds"] == pytest.approx(300, abs=60)
    assert metrics["newsfold_newest_document_age_seconds"] == pytest.approx(0, abs=60)


@pytest.mark.django_db
def test_gauges_of_sources(operator):
    now = timezone.now()
    source = Source.objects.create(name="Courier", url="https://courier.example/feed", fetched_at=now, last_ok_at=now)
    Source.objects.create(name="Herald", url="https://herald.example/feed", paused=True)
    Fetch.objects.create(source=source, at=now - timedelta(minutes=5), new=4)
    Fetch.objects.create(source=source, at=now - timedelta(hours=2), new=9)
    Entry.objects.create(
        source=source, title_key="t", fingerprint="f", first_seen_at=now, last_seen_at=now, outcome="held"
    )
    metrics = scrape(operator)
    assert [metrics[f"newsfold_sources state={state}"] for state in ("fine", "paused", "failing")] == [1, 1, 0]
    assert metrics["newsfold_source_entries outcome=held"] == 1
    assert metrics["newsfold_source_new_entries"] == 4
    assert metrics["newsfold_source_fetch_age_seconds"] == pytest.approx(7200, abs=60)


@pytest.mark.django_db
def test_an_empty_newsroom_has_no_ages(operator):
    metrics = scrape(operator)
    assert metrics["newsfold_articles state=undecided"] == 0
    assert not [name for name in metrics if name.endswith("_age_seconds")]


@pytest.mark.django_db
def test_counts_stop_at_a_maximum_and_every_query_has_a_limit(operator, monkeypatch, count_queries):
    monkeypatch.setattr(gauges, "COUNTED_MAX", 2)
    monkeypatch.setattr(gauges, "SAMPLE", 2)
    builders.article(heat=-1, published=False)
    with count_queries() as for_one:
        scrape(operator)
    for _ in range(4):
        builders.article(heat=-1, published=False)
    with count_queries() as queries:
        metrics = scrape(operator)
    assert metrics["newsfold_articles state=undecided"] == 3
    assert metrics["newsfold_queue_age_seconds"] < 60  # of the last article that was counted
    assert len(queries) == len(for_one)
    assert all("LIMIT" in query["sql"] or '"id" IN' in query["sql"] for query in queries.captured_queries)


def test_an_unavailable_database_is_a_metric(operator, monkeypatch):
    def fail(*args: object) -> object:
        raise OperationalError("away")

    monkeypatch.setattr(gauges, "_counts", fail)
    assert scrape(operator)["newsfold_database_up"] == 0


@pytest.mark.parametrize("token", ["short", "with spaces in between", "ümläute-sind-lang-genug"])
def test_a_weak_metrics_token_is_rejected(settings, token):
    settings.METRICS_TOKEN = token
    with pytest.raises(SystemCheckError, match="E041"):
        call_command("check")
