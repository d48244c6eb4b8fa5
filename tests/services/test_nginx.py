"""The shipped nginx configurations in front of the site, with Debian's nginx."""

import resource
import select
import socket
import time
from contextlib import ExitStack

import pytest
import urllib3

from tests.servers import UNTRUSTED_TLS, Nginx, Site
from tests.services.conftest import require

pytestmark = [
    pytest.mark.services,
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]
SILENT, HALF_HEADERS, HALF_BODIES = 3000, 1000, 100
ANSWER_SECONDS = 1.0
SETTINGS = {"BEHIND_PROXY": "true", "HTTPS": "true", "ALLOWED_HOSTS": "localhost,127.0.0.1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    require("nginx")
    site = Site(tmp_path_factory.mktemp("site"), SETTINGS | {"LOG_ACCESS": "true"})
    site.set_up()
    site.manage("import_articles", "seeds/news")
    site.serve()
    yield site
    site.close()


@pytest.fixture(scope="module", params=["nginx.conf", "nginx-compose.conf"])
def nginx(request, site):
    nginx = Nginx(site.port, request.param)
    assert "test is successful" in nginx.check()
    assert "warn" not in nginx.check()
    nginx.start()
    yield nginx
    nginx.close()


@pytest.fixture
def client():
    with urllib3.PoolManager(ssl_context=UNTRUSTED_TLS, retries=False, timeout=20) as client:
        yield client


def last_logged(site, path):
    """Return the line of the access log for a path."""
    return next(line for line in reversed(site.log().splitlines()) if f" {path} " in line)


def test_readers_get_pages_over_tls_and_are_redirected_to_it(client, nginx):
    response = client.request("GET", f"{nginx.url}/latest/", redirect=False)
    if nginx.url.startswith("https"):
        assert response.status == 200
        assert "Content-Security-Policy" in response.headers
        assert client.request("GET", f"http://127.0.0.1:{nginx.plain_port}/", redirect=False).status == 301
    else:  # with HTTPS=true only the proxy is trusted about TLS
        claimed = client.request("GET", f"{nginx.url}/latest/", headers={"X-Forwarded-Proto": "https"}, redirect=False)
        assert (response.status, claimed.status) == (301, 301)
        assert response.headers["Location"] == f"https://127.0.0.1:{nginx.port}/latest/"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X_Forwarded_For", "x_forwarded-for"])
def test_clients_cannot_forge_the_ip_address_used_for_rate_limits(client, nginx, site, name):
    path = f"/nowhere/{name}/{nginx.port}/"
    client.request("GET", nginx.url + path, headers={name: "203.0.113.7"}, redirect=False)
    assert "client=127.0.0.1" in last_logged(site, path)


def test_request_ids_come_from_the_proxy(client, nginx):
    response = client.request("GET", f"{nginx.url}/healthz", headers={"X-Request-ID": "chosen-by-a-client"})
    assert response.status == 200
    assert len(response.headers["X-Request-ID"]) == 32


def test_request_bodies_are_limited(client, nginx):
    assert client.request("POST", f"{nginx.url}/latest/", body=b"x" * 21_000_000, redirect=False).status == 413


def test_a_form_is_accepted_from_the_sites_own_origin_only(client, nginx):
    """The site compares the origin with `Host`, port included, which nginx has to pass on."""
    if nginx.url.startswith("http:"):
        pytest.skip("the site of this test requires TLS")
    login = f"{nginx.url}/admin/login/"
    cookie = client.request("GET", login).headers["Set-Cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "X-CSRFToken": cookie.partition("=")[2]}
    fields = {"username": "nobody", "password": "nothing"}
    for origin, status in ((nginx.url, 200), ("https://elsewhere.example", 403)):
        headers |= {"Origin": origin, "Referer": f"{origin}/"}
        assert client.request("POST", login, fields=fields, headers=headers).status == status


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/%6detrics", "//readyz", "/x/../metrics"])
def test_metrics_and_readiness_are_not_public(client, nginx, path):
    assert client.request("GET", nginx.url + path, redirect=False, preload_content=True).status == 404
    assert client.request("GET", f"{nginx.url}/healthz", redirect=False).status == 200


def test_other_host_names_get_no_answer(client, nginx):
    if nginx.url.startswith("http:"):
        assert (
            client.request("GET", f"{nginx.url}/latest/", headers={"Host": "x.example"}, redirect=False).status == 400
        )
        return
    for url in (nginx.url, f"http://127.0.0.1:{nginx.plain_port}"):
        with pytest.raises(urllib3.exceptions.ProtocolError):
            client.request("GET", f"{url}/latest/", headers={"Host": "x.example"}, redirect=False)


def test_a_client_that_sends_too_many_requests_is_told_so(nginx):
    """500 requests on one connection, at once: 200 are let through."""
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as connection:
        if nginx.url.startswith("https"):
            connection = UNTRUSTED_TLS.wrap_socket(connection)
        request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{nginx.port}\r\n"
        connection.sendall((request + "\r\n").encode() * 499 + (request + "Connection: close\r\n\r\n").encode())
        answers = b""
        while part := connection.recv(65_536):
            answers += part
    assert answers.count(b"HTTP/1.1 200 ") >= 150
    assert answers.count(b"HTTP/1.1 429 ") >= 150


class Crowd:
    """Clients that connect and send nothing, half of the headers, or half of a body."""

    def __init__(self, nginx, stack):
        self.nginx, self.stack = nginx, stack
        self.connections = []

    def connect(self, number, start=b""):
        for _ in range(number):
            connection = self.stack.enter_context(socket.create_connection(("127.0.0.1", self.nginx.port), timeout=10))
            if start:
                connection = self.stack.enter_context(UNTRUSTED_TLS.wrap_socket(connection))
                connection.sendall(start)
            self.connections.append(connection)

    def still_connected(self):
        """Return how many connections nginx hasn't closed."""
        poll = select.poll()
        for connection in self.connections:
            poll.register(connection, select.POLLRDHUP)
        return len(self.connections) - len(poll.poll(0))


@pytest.fixture
def many_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.faults
def test_thousands_of_silent_and_slow_clients_delay_no_page(client, site, many_files):
    nginx = Nginx(site.port)
    nginx.start()
    host = f"Host: 127.0.0.1:{nginx.port}\r\n".encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nusername="
    try:
        with ExitStack() as stack:
            crowd = Crowd(nginx, stack)
            crowd.connect(HALF_BODIES, b"POST /admin/login/ HTTP/1.1\r\n" + host + form)
            crowd.connect(HALF_HEADERS, b"GET / HTTP/1.1\r\n" + host + b"User-Agent: ")
            crowd.connect(SILENT)
            assert crowd.still_connected() == SILENT + HALF_HEADERS + HALF_BODIES
            took = []
            for number in range(5):
                start = time.monotonic()
                assert client.request("GET", f"{nginx.url}/?{number}").status == 200
                took.append(time.monotonic() - start)
            assert crowd.still_connected() > SILENT
            assert max(took) < ANSWER_SECONDS
        assert "worker_connections are not enough" not in nginx.log()
    finally:
        nginx.close()
