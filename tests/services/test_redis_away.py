"""Without Redis, stopped or hanging, the site is only slower, and uses Redis again when it is back."""

import time

import pytest

from tests.servers import Site, wait_until

pytestmark = [pytest.mark.services, pytest.mark.faults]
PAGES = ["/", "/latest/", "/topics/", "/search/?q=light", "/feeds/latest.rss", "/sitemap.xml", "/api/news/index.json"]
AT_ONCE_SECONDS = 1.5  # on a busy machine; without the back-off each request would wait once per call


@pytest.fixture(scope="module")
def site(tmp_path_factory, redis):
    new_site = Site(tmp_path_factory.mktemp("site"), {"CACHE_URL": redis.url, "SEARCH_RATE": "1000"})
    new_site.set_up()
    new_site.manage("import_articles", "seeds/news")
    new_site.sign_in()
    new_site.serve()
    yield new_site
    new_site.close()


def keys(redis) -> set[str]:
    import redis as client

    with client.Redis(port=redis.port, socket_timeout=5) as connection:
        return {key.decode() for key in connection.scan_iter()}


def visit(site: Site) -> list[float]:
    """Get pages of readers and editors; return how long each took."""
    took = []
    for path in [*PAGES, *PAGES, f"/search/?q=light+{time.monotonic_ns()}"]:  # the last one is not cached yet
        start = time.monotonic()
        assert site.get(path).status == 200, path
        took.append(time.monotonic() - start)
    for path in ("/admin/", "/admin/desk/"):
        start = time.monotonic()
        assert site.request_as_editor("GET", path).status == 200, "the editor is still signed in"
        took.append(time.monotonic() - start)
    return took


def kinds(redis) -> set[str]:
    return {key.partition(":")[0] for key in keys(redis)}


def test_pages_and_rates_are_cached_in_redis(site, redis):
    visit(site)
    assert {"", "pages"} <= kinds(redis)


@pytest.mark.parametrize("failure", ["stopped", "hung"])
def test_the_site_works_without_redis_and_uses_it_again(site, redis, failure):
    visit(site)
    if failure == "stopped":
        redis.stop()
    else:
        redis.pause()
    try:
        took = sorted(visit(site))
        ready = site.get("/readyz")
        assert (ready.status, ready.json()["status"], ready.json()["checks"]["cache"]) == (200, "degraded", "away")
        assert took[len(took) // 2] < AT_ONCE_SECONDS / 3
        assert took[-1] < 2 * AT_ONCE_SECONDS
        visit(site)
    finally:
        if failure == "stopped":
            redis.start()
        else:
            redis.pause(resume=True)
    before = keys(redis)

    wait_until(lambda: visit(site) and keys(redis) - before, 15, "the site uses Redis again")
    wait_until(lambda: site.get("/readyz").json()["status"] == "ready", 15, "it is ready again, in each process")
    assert "Traceback" not in site.log()
    assert site.log().count("The cache is down") >= 1


def test_an_editor_who_signs_out_during_an_outage_stays_signed_out(site, redis):
    site.sign_in()
    cookies = dict(site.cookies)
    assert site.request_as_editor("GET", "/admin/").status == 200
    redis.pause()
    try:
        assert site.request_as_editor("POST", "/admin/logout/", csrfmiddlewaretoken="c" * 32).status in (200, 302)
        site.cookies = cookies
        assert site.request_as_editor("GET", "/admin/").status == 302
    finally:
        redis.pause(resume=True)
    try:
        assert site.request_as_editor("GET", "/admin/").status == 302
    finally:
        site.sign_in()
