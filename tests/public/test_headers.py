"""Headers and cookies: each on every kind of response, as production sends them."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse

from articles.models import Article, PictureAddress
from config import urls as site_urls
from config.middleware import HeadersMiddleware
from tests import builders
from tests.public.paths import OPEN

pytestmark = pytest.mark.django_db

YEAR = 365 * 24 * 3600
FORBIDDEN = ("camera", "microphone", "display-capture", "geolocation", "payment", "usb", "midi")
FORBIDDEN += ("accelerometer", "gyroscope", "magnetometer", "xr-spatial-tracking")
PICTURE_URL = "https://pictures.example/headers.jpg"
KEY = PictureAddress.digest_of(PICTURE_URL)[:32]
PICTURE = f"pictures/{KEY[:2]}/{KEY}/640.jpg"


@pytest.fixture
def https(settings):
    """The settings that HTTPS=true makes, with static files in their place and pages that fail."""
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = YEAR
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.BROWSER_COOKIE_NAME = "__Host-browser"
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    settings.ROOT_URLCONF = failing_urls()
    settings.API_RATE = 1
    return settings


def failing_urls() -> ModuleType:
    """Return the site's addresses and some where views fail as views may."""
    module = ModuleType("failing_urls")

    def raising(error: Exception) -> Callable[..., HttpResponse]:
        def view(request: object) -> HttpResponse:
            raise error

        return view

    module.urlpatterns = [  # type: ignore[attr-defined]
        path("fails/400/", raising(BadRequest("no"))),
        path("fails/500/", raising(RuntimeError("s3cret"))),
        path("fails/503/", raising(OperationalError("s3cret"))),
        *site_urls.urlpatterns,
    ]
    module.handler500 = site_urls.handler500  # type: ignore[attr-defined]
    return module


def ask(https, method: str, url: str, **kwargs) -> HttpResponse:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    return getattr(client, method)(url, secure=True, **kwargs)


def searched_too_often(https) -> HttpResponse:
    https.SEARCH_RATE = 1
    client_address = {"REMOTE_ADDR": "203.0.113.201"}
    return [ask(https, "get", "/search/?q=a", **client_address) for _ in range(2)][1]


def api_asked_too_often(https) -> HttpResponse:
    return [ask(https, "get", "/api/topics/", REMOTE_ADDR="203.0.113.202") for _ in range(2)][1]


def picture(https) -> HttpResponse:
    return ask(https, "get", f"/media/{PICTURE}")


def kept(https) -> HttpResponse:
    tag = ask(https, "get", "/latest/")["ETag"]
    return ask(https, "get", "/latest/", headers={"If-None-Match": tag})


def plain(https) -> HttpResponse:
    return Client().get("/latest/")


def refused_at_the_door(https) -> HttpResponse:
    return Client().get("/", headers={"Host": "elsewhere.example"})  # before any other middleware sees it


def desk(https) -> HttpResponse:
    return signed_in(https).get(reverse("desk"), secure=True)


def refused_at_the_desk(https) -> HttpResponse:
    return signed_in(https, rights=False).get(reverse("desk"), secure=True)


def signed_in(https, rights=True) -> Client:
    make = User.objects.create_superuser if rights else User.objects.create_user
    client = Client()
    client.force_login(make("ana", is_staff=True))
    return client


def requested(method: str, url: str, **kwargs) -> Callable[..., HttpResponse]:
    return lambda https: ask(https, method, url, **kwargs)


ANSWERS: dict[str, tuple[Callable[..., HttpResponse], int]] = {
    "page": (requested("get", "/"), 200),
    "story": (requested("get", "/news/2020-06-09-open/"), 200),
    "feed": (requested("get", "/feeds/latest.rss"), 200),
    "JSON feed": (requested("get", "/feeds/latest.json"), 200),
    "sitemap": (requested("get", "/sitemap.xml"), 200),
    "robots": (requested("get", "/robots.txt"), 200),
    "API": (requested("get", "/api/topics/index.json", REMOTE_ADDR="203.0.113.203"), 200),
    "API, unknown": (requested("get", "/api/nothing", REMOTE_ADDR="203.0.113.204"), 404),
    "API, preflight": (requested("options", "/api/topics/index.json"), 204),
    "API, too often": (api_asked_too_often, 429),
    "search, too often": (searched_too_often, 429),
    "picture": (picture, 200),
    "picture, unknown": (requested("get", "/media/pictures/ab/nothing.jpg"), 404),
    "static file": (requested("get", "/static/articles/site.css"), 200),
    "static file, unknown": (requested("get", "/static/nothing.css"), 404),
    "not modified": (kept, 304),
    "folded, so redirected": (requested("get", "/news/2020-06-09-folded/"), 301),
    "slash added": (requested("get", "/latest"), 301),
    "plain HTTP, so redirected": (plain, 301),
    "plain HTTP, unknown host": (refused_at_the_door, 400),
    "unknown host": (requested("get", "/", headers={"Host": "elsewhere.example"}), 400),
    "bad request": (requested("get", "/fails/400/"), 400),
    "no token": (requested("post", "/admin/login/"), 403),
    "no right": (refused_at_the_desk, 403),
    "unknown page": (requested("get", "/nothing/"), 404),
    "wrong method": (requested("post", "/latest/"), 405),
    "unsafe method": (requested("trace", "/latest/"), 405),
    "failure": (requested("get", "/fails/500/"), 500),
    "away": (requested("get", "/fails/503/"), 503),
    "login": (requested("get", "/admin/login/"), 200),
    "login needed": (requested("get", "/admin/"), 302),
    "admin, unknown": (requested("get", "/admin/nothing/"), 302),
    "desk": (desk, 200),
}


@pytest.fixture
def stories(settings, tmp_path) -> Article:
    settings.MEDIA_ROOT = tmp_path
    copy = builders.picture(builders.article(), PICTURE_URL)
    default_storage.save(copy.rendition_name(640, "jpg"), ContentFile(b"\xff\xd8"))
    lead = builders.article("Storm", name="2020-06-09-open", topics=["Open"])
    builders.folded(lead, name="2020-06-09-folded")
    return lead


@pytest.mark.systematic
@pytest.mark.parametrize("what", ANSWERS)
def test_every_response_has_every_security_header(https, stories, what):
    answer, status = ANSWERS[what]
    response = answer(https)

    assert response.status_code == status
    headers = response.headers
    policy = policy_of(response)
    is_staffs, is_file = what.startswith(("login", "admin", "desk", "no token", "no right")), what.startswith("picture")
    assert policy["default-src"] == ["'none'"]
    if (what, status) != ("picture", 200):  # its own policy lets nothing at all
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
        assert policy["form-action"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
        assert policy["script-src"] == (["'self'"] if is_staffs else ["'none'"])
        assert policy["img-src"] == (["'self'", "data:"] if is_staffs else ["'self'"])
        assert policy["frame-src"] == ["https://www.youtube-nocookie.com"]
    assert not any("unsafe" in source or source == "*" for sources in policy.values() for source in sources)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert {f"{feature}=()" for feature in FORBIDDEN} <= set(headers["Permissions-Policy"].split(", "))
    assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if is_file or "static" in what else "same-origin")
    if not what.startswith("plain HTTP"):  # RFC 6797, 7.2: not there
        assert headers["Strict-Transport-Security"] == f"max-age={YEAR}; includeSubDomains; preload"
    if is_staffs:
        assert {"no-store", "private"} <= set(headers["Cache-Control"].split(", "))
        assert headers["X-Robots-Tag"] == "noindex"
    assert "s3cret" not in getattr(response, "content", b"").decode()


def policy_of(response: HttpResponse) -> dict[str, list[str]]:
    parts = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (part.split(" ") for part in parts)}


def test_the_examples_cover_every_status():
    assert {status for _, status in ANSWERS.values()} >= {200, 301, 302, 304, 400, 403, 404, 405, 429, 500, 503}


def test_pictures_may_come_from_a_storage_of_their_own(settings, client):
    settings.CSP_IMG_SOURCES = ["'self'", "https://pictures.example"]

    assert policy_of(client.get("/"))["img-src"] == ["'self'", "https://pictures.example"]
    assert policy_of(client.get("/admin/login/"))["img-src"] == ["'self'", "https://pictures.example", "data:"]


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Proto": "https"}, {"X-Forwarded-Ssl": "on"}, {"Forwarded": "proto=https"}]
)
def test_only_a_trusted_proxy_can_claim_tls(https, client, headers):
    answer = client.get("/latest/", headers=headers)
    assert (answer.status_code, answer.url) == (301, "https://testserver/latest/")
    https.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # as BEHIND_PROXY makes it
    assert client.get("/latest/", headers=headers).status_code == (200 if "X-Forwarded-Proto" in headers else 301)


@pytest.mark.parametrize("url", ["/", "/admin/login/", "/healthz/", "/metrics/all", "/x/healthz", "/readyz?x=/healthz"])
def test_only_probes_are_answered_over_plain_http(https, client, url):
    is_probe = url.partition("?")[0] in ("/healthz", "/readyz", "/metrics")
    assert (client.get(url).status_code == 301) != is_probe


def test_a_view_may_be_stricter(settings):
    headers = {"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer"}
    middleware = HeadersMiddleware(lambda request: HttpResponse(headers=headers))
    request = type("Request", (), {"path_info": "/", "is_secure": lambda self: False})()

    answer = middleware(request)

    assert {name: answer[name] for name in headers} == headers


# Cookies


@pytest.mark.slow
def test_the_public_gets_no_cookies(client, https, stories):
    https.API_RATE = 0
    for url in [*OPEN, "/nothing/", "/search/", "/static/articles/site.css", "/preview/x/"]:
        response = client.get(url, secure=True)

        assert not response.cookies, url
        assert "Cookie" not in response.headers.get("Vary", ""), url


def test_cookies_of_the_staff_are_protected(https):
    User.objects.create_superuser("ana", password="correct horse battery")
    client = Client()
    sent = {"username": "ana", "password": "correct horse battery"}
    answers = [
        client.get("/admin/login/", secure=True),
        client.post("/admin/login/", sent, secure=True),
        client.post(reverse("desk_save_view"), secure=True),  # says that a view needs a name
        client.post(reverse("desk_excerpts"), {"show": ""}, secure=True),
    ]

    cookies = {name: cookie for answer in answers for name, cookie in answer.cookies.items()}
    of_host = {"__Host-csrf", "__Host-session", "__Host-messages", "__Host-browser"}
    assert set(cookies) == of_host | {"desk-excerpts"}
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] in ("Lax", "Strict")
        assert (cookie["path"], cookie["domain"]) == ("/" if cookie.key in of_host else reverse("desk"), "")
    assert cookies["__Host-session"]["max-age"] == 8 * 3600
