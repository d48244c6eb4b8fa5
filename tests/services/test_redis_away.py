"""Without Redis the site is slower, and nothing else: stopped, hung, and back again."""

import time

import pytest

from tests.servers import Site, wait_until

pytestmark = [pytest.mark.services, pytest.mark.faults]
PAGES = ["/", "/latest/", "/topics/", "/search/?q=light", "/feeds/latest.rss", "/sitemap.xml", "/api/news/index.json"]
AT_ONCE_SECONDS = 1.5  # on a busy machine; without the pause each request would cost as many waits as it has calls


@pytest.fixture(scope="module")
def site(tmp_path_factory, redis):
    found = Site(tmp_path_factory.mktemp("site"), {"CACHE_URL": redis.url, "SEARCH_RATE": "1000"})
    found.set_up()
    found.manage("import_articles", "seeds/news")
    found.sign_in()
    found.serve()
    yield found
    found.close()


def keys(redis) -> set[str]:
    import redis as client

    with client.Redis(port=redis.port, socket_timeout=5) as connection:
        return {key.decode() for key in connection.scan_iter()}


def visit(site: Site) -> list[float]:
    """Ask for everything that a reader and an editor need, and return how long each took."""
    took = []
    for path in [*PAGES, *PAGES, f"/search/?q=light+{time.monotonic_ns()}"]:  # the last one is not cached yet
        start = time.monotonic()
        assert site.get(path).status == 200, path
        took.append(time.monotonic() - start)
    for path in ("/admin/", "/admin/desk/"):
        start = time.monotonic()
        assert site.ask_as_editor("GET", path).status == 200, "the editor is still signed in"
        took.append(time.monotonic() - start)
    return took


def kinds(redis) -> set[str]:
    return {key.partition(":")[0] for key in keys(redis)}


def test_pages_and_rates_are_cached_there(site, redis):
    visit(site)
    assert {"", "pages"} <= kinds(redis)


@pytest.mark.parametrize("how", ["stopped", "hung"])
def test_the_site_works_without_redis_and_uses_it_again(site, redis, how):
    visit(site)
    if how == "stopped":
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
        if how == "stopped":
            redis.start()
        else:
            redis.pause(go_on=True)
    before = keys(redis)

    wait_until(lambda: visit(site) and keys(redis) - before, 15, "the site uses Redis again")
    wait_until(lambda: site.get("/readyz").json()["status"] == "ready", 15, "it is ready again, in each process")
    assert "Traceback" not in site.log()
    assert site.log().count("The cache is down") >= 1


def test_an_editor_who_signs_out_meanwhile_stays_signed_out(site, redis):
    site.sign_in()
    kept = dict(site.cookies)
    assert site.ask_as_editor("GET", "/admin/").status == 200
    redis.pause()
    try:
        assert site.ask_as_editor("POST", "/admin/logout/", csrfmiddlewaretoken="c" * 32).status in (200, 302)
        site.cookies = kept
        assert site.ask_as_editor("GET", "/admin/").status == 302
    finally:
        redis.pause(go_on=True)
    try:
        assert site.ask_as_editor("GET", "/admin/").status == 302
    finally:
        site.sign_in()
