"""Fetch pictures from hostile servers, which run on this machine and are exempted from the address check."""

import gzip
import ipaddress
import resource
import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from urllib3.exceptions import NewConnectionError

from fetching import client
from fetching.address_check import AllowedNetwork
from fetching.client import FetchError, retry_after
from pictures.fetcher import PictureFetcher
from pictures.sniffing import MAX_BYTES
from tests.hostile import answer, endlessly, picture, redirect, serving, silence

SECONDS = 0.5  # in place of 20
SLACK = 3.0  # additional seconds on a busy machine
JPEG = picture()
TLS = client.default_tls()  # loading the trust store takes longer than most of these tests
HOST = "pictures.example"


class Names:
    """A name server that returns the answers of each name in turn, and repeats the last one."""

    def __init__(self, **answers):
        self.answers = {"pictures": [["127.0.0.1"]]} | answers
        self.requests = []

    def __call__(self, host, port):
        self.requests.append(host)
        name, _, rest = host.partition(".")
        if rest != "example":
            return client.resolve(host, port)
        answers = self.answers[name]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ipaddress.ip_address(address) for address in addresses]


@pytest.fixture
def server():
    with serving() as started:
        yield started


@pytest.fixture
def canary():
    """Fail if anything connects to this server, which listens on every address of this machine at an allowed port."""
    with serving() as started:
        yield started
        assert started.connections == 0


def fetcher(server, canary=None, names=None, **options):
    allowed = [AllowedNetwork(ipaddress.ip_network("127.0.0.1"), frozenset({server.port}))]
    if canary:
        allowed.append(AllowedNetwork(ipaddress.ip_network("203.0.113.7"), frozenset({canary.port})))
    return PictureFetcher(
        allowed_networks=allowed, resolver=names or Names(), **{"seconds": SECONDS, "tls": TLS} | options
    )


def picture_url(server, path="/picture"):
    return f"http://{HOST}:{server.port}{path}"


def fetch(server, reply, **options):
    server.answers["/picture"] = reply
    return fetcher(server, **options).fetch(picture_url(server))


def refusal(server, reply, **options):
    """Return the error for `reply`."""
    with pytest.raises(FetchError) as failure:
        fetch(server, reply, **options)
    return failure.value


@pytest.fixture
def in_time():
    """Fail a test that takes longer than the deadline of its requests."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SECONDS + SLACK


# Valid pictures


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("JPEG", "IMAGE/JPG; charset=utf-8"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
        ("JPEG", ""),
        ("PNG", "application/octet-stream"),
        ("WEBP", "binary/octet-stream; charset=binary"),
    ],
)
def test_a_picture_of_each_format_is_returned_unchanged(server, format, content_type):
    data = picture(format)
    fetched = fetch(server, answer(data, content_type=content_type))
    assert fetched == data
    assert server.paths == ["/picture"]


def test_content_length_is_optional_and_bodies_may_be_chunked(server):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (JPEG[:100], JPEG[100:])) + b"0\r\n\r\n"
    whole = answer(JPEG, Content_Length=None)
    chunked = answer(chunks, Content_Length=None, Transfer_Encoding="chunked")
    assert fetch(server, whole) == fetch(server, chunked) == JPEG


def test_a_request_identifies_the_site_and_sends_nothing_else(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    server.answers["/start"] = answer(b"", 302, Location="/a b?x=1", Set_Cookie="a=b; Path=/")
    server.answers["/a%20b?x=1"] = answer(JPEG)
    fetcher(server, agent="Newsfold (+https://news.example/)").fetch(picture_url(server, "/start"))
    lines = server.requests[1].splitlines()
    assert lines[0] == "GET /a%20b?x=1 HTTP/1.1"
    assert sorted(lines[1:-1]) == [
        "Accept-Encoding: identity",
        "Accept: image/avif,image/webp,image/jpeg,image/png,image/gif",
        "Connection: close",
        f"Host: {HOST}:{server.port}",
        "User-Agent: Newsfold (+https://news.example/)",
    ]


@pytest.mark.parametrize(
    ("status", "location"),
    [
        *((status, "/there") for status in (301, 302, 303, 307, 308)),
        *((302, location) for location in ("there", "../there", "?there", "//{host}/there", "http://{host}/there")),
        *((302, location) for location in ("/straße", b"/stra\xc3\x9fe", b"/\xe4")),
    ],
)
def test_redirects_are_followed_within_the_rules(server, status, location):
    location = location if isinstance(location, bytes) else location.format(host=f"{HOST}:{server.port}")
    for path in ("/deep/there", "/there", "/deep/picture?there", "/stra%C3%9Fe", "/%C3%A4"):
        server.answers[path] = answer(JPEG)
    server.answers["/deep/picture"] = redirect(location, status)
    assert fetcher(server).fetch(picture_url(server, "/deep/picture")) == JPEG
    assert len(server.paths) == 2


def test_at_most_five_redirects_are_followed(server):
    for number in range(6):
        server.answers[f"/{number}"] = redirect(f"/{number + 1}")
    server.answers["/6"] = answer(JPEG)
    assert fetcher(server).fetch(picture_url(server, "/1")) == JPEG
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        fetcher(server).fetch(picture_url(server, "/0"))
    assert "/6" not in server.paths[6:]


def test_a_loop_of_redirects_ends(server):
    assert "redirects more than 5 times" in str(refusal(server, redirect("/picture")))
    assert len(server.requests) == 6


# Internal addresses


INSIDE = [
    "http://127.0.0.1:{port}/",
    "http://127.0.0.2:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:0:127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://inside.example:{port}/",
    "http://mixed.example:{port}/",
    "http://mapped.example:{port}/",
    "http://six.example:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://user:word@203.0.113.7:{port}/",
    "http://203.0.113.7:{port}@127.0.0.1/",
    "http://127.0.0.1:{port}\\@203.0.113.7/",
    "//127.0.0.1:{port}/",
    "\\\\127.0.0.1:{port}\\",
    "https://127.0.0.1:{port}/",
    "HTTP://LOCALHOST:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "file:///etc/passwd",
    "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
    "javascript:alert(1)",
    "http://203.0.113.7:22/",
    "http://[",
    "http://",
    "",
]
REASONS = ("leads to the IP address", "redirects to", "redirects more", "doesn't say where to", "responds with 404")
REFUSALS = "has a URL that|redirects to a URL that|leads to the IP address"
NAMES = {
    "inside": [["127.0.0.1"]],
    "mixed": [["203.0.113.7", "127.0.0.1"]],
    "mapped": [["::ffff:127.0.0.1"]],
    "six": [["::1"]],
}


@pytest.mark.parametrize("location", INSIDE)
def test_no_redirect_leads_to_an_internal_address(server, canary, location):
    reply = redirect(location.format(port=canary.port))
    failure = refusal(server, reply, canary=canary, names=Names(**NAMES))
    assert any(reason in str(failure) for reason in REASONS)


@pytest.mark.parametrize("url", [url for url in INSIDE if not url.startswith(("\\", "//"))])
def test_no_url_of_a_document_leads_to_an_internal_address(server, canary, url):
    with pytest.raises(FetchError, match=REFUSALS):
        fetcher(server, canary, Names(**NAMES)).fetch(url.format(port=canary.port))


@pytest.mark.parametrize("hop", range(1, 6))
def test_every_redirect_is_checked(server, canary, hop):
    for number in range(hop):
        server.answers[f"/{number}"] = redirect(f"/{number + 1}")
    server.answers[f"/{hop}"] = redirect(f"http://127.0.0.1:{canary.port}/")
    with pytest.raises(FetchError, match=REFUSALS if hop < 5 else f"{REFUSALS}|more than 5 times"):
        fetcher(server, canary).fetch(picture_url(server, "/0"))


def test_a_name_is_resolved_once_and_the_checked_address_is_used(server, canary, monkeypatch):
    """The second answer of the name server is the address of the canary, with the port of the server."""
    names = Names(pictures=[["127.0.0.1"], ["127.0.0.2"]])
    monkeypatch.setattr(socket, "getaddrinfo", literals_only(socket.getaddrinfo))
    assert fetch(server, answer(JPEG), names=names) == JPEG
    assert names.requests == [HOST]
    assert "leads to the IP address 127.0.0.2, which is not on the public internet" in str(
        refusal(server, answer(JPEG), names=names)
    )
    assert len(server.requests) == 1


def test_a_name_is_resolved_and_checked_again_after_a_redirect(server):
    names = Names(pictures=[["127.0.0.1"], ["127.0.0.2"]])
    assert "127.0.0.2" in str(refusal(server, redirect("/picture"), names=names))
    assert (names.requests, len(server.requests)) == ([HOST, HOST], 1)


@pytest.mark.parametrize("order", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"]])
def test_a_name_with_one_internal_address_is_rejected(server, order):
    assert "10.0.0.1" in str(refusal(server, answer(JPEG), names=Names(pictures=[order])))
    assert server.connections == 0


def literals_only(getaddrinfo):
    def look_up(host, *rest, **options):
        ipaddress.ip_address(host)  # raises ValueError if a name is resolved a second time
        return getaddrinfo(host, *rest, **options)

    return look_up


@pytest.mark.slow
def test_the_next_address_is_tried_if_one_refuses_the_connection(server):
    server.answers["/picture"] = answer(JPEG)
    allowed = [
        AllowedNetwork(ipaddress.ip_network("127.0.0.0/24"), frozenset({server.port})),
        AllowedNetwork.parse("[::1]:1"),
    ]
    with socket.create_server(("127.0.0.9", 0)) as other:
        port = other.getsockname()[1]
    names = Names(pictures=[["127.0.0.9", "127.0.0.1"]])
    allowed.append(AllowedNetwork(ipaddress.ip_network("127.0.0.0/24"), frozenset({port})))
    with pytest.raises(FetchError, match="can't be reached: Connection refused") as failure:
        PictureFetcher(allowed_networks=allowed, resolver=names, seconds=SECONDS, tls=TLS).fetch(
            f"http://{HOST}:{port}/"
        )
    assert failure.value.host_down
    assert (
        PictureFetcher(allowed_networks=allowed, resolver=Names(pictures=[["127.0.0.1"]])).fetch(picture_url(server))
        == JPEG
    )


def test_three_addresses_of_a_host_are_tried(monkeypatch):
    tried = []
    monkeypatch.setattr(client, "HTTPConnection", lambda host, *_, **__: tried.append(host) or Refusing())
    four = [f"127.0.0.{number}" for number in range(1, 5)]
    with pytest.raises(FetchError, match="can't be reached"):
        PictureFetcher(allowed_networks=[AllowedNetwork.parse("127.0.0.0/24")], resolver=Names(pictures=[four])).fetch(
            f"http://{HOST}/"
        )
    assert tried == four[:3]


class Refusing:
    """A connection that fails, by being refused unless `error` says otherwise."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error or NewConnectionError(self, "refused")

    def connect(self) -> None:
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize("names", [Names(pictures=[[]]), lambda host, port: literals_only(None)("no address")])
def test_a_name_without_an_address_is_a_temporary_failure(server, names):
    failure = refusal(server, answer(JPEG), names=names)
    assert "has no IP address" in str(failure)
    assert failure.host_down


# Limits


SLOW = {
    "nothing": silence,
    "dripping status": endlessly(b"", b"H", 0.05),
    "dripping headers": endlessly(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.05),
    "dripping body": endlessly(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG, b"x", 0.05),
    "dripping chunks": endlessly(
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05
    ),
    "dripping trailers": endlessly(
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", 0.05
    ),
    "half a body": lambda connection: (connection.sendall(answer(JPEG)[:-9]), silence(connection)),
    "endless continue": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
}


@pytest.mark.integration
@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW)
def test_a_slow_response_ends_at_the_deadline(server, reply):
    failure = refusal(server, reply)
    assert str(failure) == f"takes longer than {SECONDS} s"
    assert failure.host_down


@pytest.mark.integration
@pytest.mark.usefixtures("in_time")
def test_redirects_share_one_deadline(server):
    for number in range(6):
        pause = threading.Event()
        server.answers[f"/{number}"] = lambda connection, number=number, pause=pause: (
            pause.wait(0.2),
            connection.sendall(redirect(f"/{number + 1}")),
        )
    with pytest.raises(FetchError, match="takes longer than"):
        fetcher(server).fetch(picture_url(server, "/0"))


@pytest.mark.integration
@pytest.mark.usefixtures("in_time")
def test_resolving_a_name_ends_at_the_deadline(server):
    pause = threading.Event()
    failure = refusal(server, answer(JPEG), names=lambda host, port: pause.wait(5))
    assert "takes longer than" in str(failure)
    pause.set()


@pytest.mark.integration
@pytest.mark.usefixtures("in_time")
def test_a_connection_attempt_ends_at_the_deadline():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client_socket in waiting:  # fill the queue of pending connections
            client_socket.setblocking(False)
            client_socket.connect_ex(("127.0.0.1", port))
        with pytest.raises(FetchError, match="can't be reached|takes longer than"):
            PictureFetcher(allowed_networks=[AllowedNetwork.parse(f"127.0.0.1:{port}")], seconds=SECONDS).fetch(
                f"http://127.0.0.1:{port}/"
            )
        for client_socket in waiting:
            client_socket.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
LARGE = {
    "endless body": endlessly(HEAD + b"\r\n" + JPEG, b"x" * 500_000),
    "endless chunks": endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"7a120\r\n%s\r\n" % (b"x" * 500_000)),
    "claimed": HEAD + b"Content-Length: 15000001\r\n\r\n",
    "claimed beyond all": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "endless trailers": endlessly(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", (b"A: " + b"b" * 1000 + b"\r\n") * 500
    ),
}


@pytest.mark.parametrize("reply", LARGE.values(), ids=LARGE)
def test_a_response_that_is_too_large_is_not_read_to_its_end(server, reply):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failure = refusal(server, reply, seconds=10)
    assert "sends more than 15 MB" in str(failure)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80_000  # kilobytes


@pytest.mark.slow
def test_a_picture_of_the_maximum_size_is_accepted(server):
    data = JPEG + b"\0" * (MAX_BYTES - len(JPEG))
    assert len(fetch(server, answer(data), seconds=10)) == MAX_BYTES
    assert "15 MB" in str(refusal(server, answer(data + b"\0", Content_Length=None), seconds=10))


@pytest.mark.parametrize(
    "reply",
    [
        endlessly(HEAD, b"A: b\r\n" * 2000),
        endlessly(HEAD + b"A: ", b"b" * 10_000),
        endlessly(b"HTTP/1.1 200 ", b"b" * 10_000),
        HEAD + b"".join(b"A%d: %s\r\n" % (number, b"x" * 1000) for number in range(70)) + b"\r\n" + JPEG,
        endlessly(b"", b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" * 1000),
    ],
    ids=["lines", "a line", "the status", "70 kB in all", "continue"],
)
def test_headers_are_read_up_to_64_kilobytes(server, reply):
    failure = refusal(server, reply, seconds=5)
    assert "headers of more than 64 kB" in str(failure) or "breaks off the connection: got more than" in str(failure)


@pytest.mark.slow
def test_compressed_responses_are_rejected(server):
    bomb = gzip.compress(b"\xff\xd8\xff" + b"\0" * 50_000_000)
    for encoding in ("gzip", "deflate", "br", "gzip, gzip", "zstd"):
        failure = refusal(server, answer(bomb, Content_Encoding=encoding))
        assert f"sends a compressed file ({encoding})" in str(failure)
    assert fetch(server, answer(JPEG, Content_Encoding="identity")) == JPEG


# Invalid responses


BAD = {
    "a page": (answer(b"<html>", content_type="text/html"), "says that it is 'text/html'"),
    "no type, no picture": (answer(b"<html>", content_type=""), "sends no picture that we can read"),
    "any bytes, no picture": (
        answer(b"<svg/>", content_type="application/octet-stream"),
        "sends no picture that we can read",
    ),
    "svg": (answer(b"<svg xmlns='...'/>", content_type="image/svg+xml"), "says that it is 'image/svg"),
    "postscript": (answer(b"%!PS-Adobe-3.0 EPSF-3.0"), "says that it is JPEG, but sends something else"),
    "another format": (answer(picture("PNG")), "says that it is JPEG, but sends a PNG file"),
    "tiff": (answer(picture("TIFF"), content_type="image/tiff"), "says that it is 'image/tiff'"),
    "a page as a picture": (answer(b"<html><script>"), "says that it is JPEG, but sends something else"),
    "nothing": (answer(b""), "sends nothing"),
    "cut short": (answer(JPEG, Content_Length=len(JPEG) + 9), "breaks off"),
    "half a chunk": (answer(b"fff\r\n" + JPEG, Content_Length=None, Transfer_Encoding="chunked"), "breaks off"),
    "no chunk": (answer(b"jpeg\r\n" + JPEG, Content_Length=None, Transfer_Encoding="chunked"), "breaks off"),
    "no end": (
        answer(b"%x\r\n%s\r\n" % (len(JPEG), JPEG), Content_Length=None, Transfer_Encoding="chunked"),
        "breaks off",
    ),
    "no http": (JPEG + b"\r\n\r\n", "breaks off"),
    "closed": (b"", "breaks off"),
    "two lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n" + JPEG, "breaks off"),
    "no location": (answer(b"", 302), "redirects with 302, but doesn't say where to"),
    **{
        str(status): (answer(JPEG, status), f"responds with {status}")
        for status in (201, 204, 206, 300, 304, 400, 401, 403, 404, 408, 410, 418, 425, 429, 451, 500, 502, 503, 599)
    },
}


@pytest.mark.parametrize(("reply", "reason"), BAD.values(), ids=BAD)
def test_an_invalid_response_is_rejected_with_a_reason(server, reply, reason):
    failure = refusal(server, reply)
    assert reason in str(failure)
    assert failure.wait is None
    assert "\n" not in str(failure)
    assert len(str(failure)) < 300


@pytest.mark.parametrize("status", [404, 410, 429, 500, 502, 503, 504])
def test_a_failure_says_whether_it_is_permanent_and_whether_the_host_is_down(server, status):
    failure = refusal(server, answer(b"", status))
    assert failure.permanent == (status == 410)
    assert failure.host_down == (status in (429, 502, 503, 504))


def test_a_reset_connection_is_a_failure_of_the_host(server):
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    failure = refusal(server, reset)
    assert str(failure) == "breaks off the connection: Connection reset by peer"
    assert failure.host_down


# Retry-After


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("99999999999999999999", 7 * 24 * 3600),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=500), usegmt=True), 7 * 24 * 3600),
        ("Sun, 01 Mar 2026 12:05:00", 300),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Sun, 99 Mar 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(header, seconds):
    assert retry_after({"Retry-After": header}, NOW) == seconds


def test_a_failure_carries_the_delay_of_retry_after(server):
    assert refusal(server, answer(b"", 429, Retry_After=77)).wait == 77
    assert refusal(server, answer(b"", 503, Retry_After="never")).wait is None


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Create a certificate for pictures.example only; return its file and that of its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate_path = folder / "key.pem", folder / "certificate.pem"
    names = f"subjectAltName=DNS:{HOST}"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", f"/CN={HOST}", "-addext", names, "-keyout", str(key), "-out", str(certificate_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    return certificate_path, key


@pytest.fixture
def secure_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving({"/picture": answer(JPEG)}, tls=context) as started:
        yield started


@pytest.fixture
def trusting(certificate):
    context = client.default_tls()
    context.load_verify_locations(certificate[0])
    return context


@pytest.mark.integration
def test_a_host_with_a_certificate_for_its_name_is_trusted(secure_server, trusting):
    url = f"https://{HOST}:{secure_server.port}/picture"
    assert fetcher(secure_server, tls=trusting).fetch(url) == JPEG
    assert f"Host: {HOST}:{secure_server.port}\r\n" in secure_server.requests[0]


@pytest.mark.integration
@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_is_not_trusted(secure_server, trusting, host):
    names = Names(other=[["127.0.0.1"]])
    with pytest.raises(FetchError, match="can't be trusted: (Hostname|IP address) mismatch") as failure:
        fetcher(secure_server, tls=trusting, names=names).fetch(f"https://{host}:{secure_server.port}/picture")
    assert failure.value.host_down
    assert secure_server.requests == []


@pytest.mark.integration
def test_a_self_signed_certificate_is_not_trusted(secure_server):
    with pytest.raises(FetchError, match="can't be trusted: self-signed certificate"):
        fetcher(secure_server).fetch(f"https://{HOST}:{secure_server.port}/picture")
    assert secure_server.requests == []


@pytest.mark.integration
def test_a_host_without_tls_fails(server):
    server.answers["/picture"] = answer(JPEG)
    with pytest.raises(FetchError, match="breaks off|takes longer"):
        fetcher(server).fetch(f"https://{HOST}:{server.port}/picture")


@pytest.mark.integration
@pytest.mark.usefixtures("in_time")
def test_a_slow_response_over_tls_ends_at_the_deadline(secure_server, trusting):
    secure_server.answers["/picture"] = SLOW["dripping body"]
    with pytest.raises(FetchError, match="takes longer than"):
        fetcher(secure_server, tls=trusting).fetch(f"https://{HOST}:{secure_server.port}/picture")


# Conditional requests, redirects for good, compressed bodies


FEED = b"<rss>" + b"news " * 1000 + b"</rss>"


def feed_client(server, **options):
    allowed = [AllowedNetwork(ipaddress.ip_network("127.0.0.1"), frozenset({server.port}))]
    options = {"max_bytes": 100_000, "max_unpacked_bytes": 200_000, "seconds": SECONDS, "tls": TLS} | options
    return client.HttpClient(accept="*/*", allowed_networks=allowed, resolver=Names(), **options)


def request(server, path="/picture", headers=None, **options):
    return feed_client(server, **options).request(picture_url(server, path), headers)


def test_an_unchanged_file_has_no_body(server):
    server.answers["/picture"] = answer(b"", 304, Content_Length=None, ETag='"2"')

    response = request(server, headers={"If-None-Match": '"1"'})

    assert (response.status, response.body, response.headers["ETag"]) == (304, b"", '"2"')
    assert 'If-None-Match: "1"' in server.requests[0]
    assert "Accept-Encoding: gzip" in server.requests[0]


@pytest.mark.parametrize("location", [INSIDE[0], "//127.0.0.1:{port}/", "file:///etc/passwd"])
def test_a_look_at_a_link_leads_to_no_internal_address(server, canary, location):
    server.answers["/picture"] = redirect(location.format(port=canary.port))
    with pytest.raises(FetchError, match=REFUSALS):
        feed_client(server).probe(picture_url(server))


OURS = {
    "another port": redirect("http://pictures.example:8443/"),
    "an internal address": redirect("http://127.0.0.1/"),
    "a user name": redirect("http://reader@pictures.example/"),
    "an app": redirect("outlet-app://story"),
    "a cookie wall": redirect("/picture"),
    "a challenge": answer(b"", 503, **{"cf-mitigated": "challenge"}),
    "slow": silence,
    "long headers": answer(b"", **{f"X-{number}": "y" * 900 for number in range(80)}),
    "many headers": answer(b"", **{f"X-{number}": "y" for number in range(101)}),
    "a long header": answer(b"", X="y" * 65_600),
}
THEIRS = {
    "not found": answer(b"", 404),
    "broken": answer(b"", 500),
    "busy": answer(b"", 503),
    "no target": answer(b"", 302),
    "no URL": redirect("http://[/"),
    "no HTTP": b"SSH-2.0\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("reply", OURS.values(), ids=OURS)
def test_a_look_that_our_own_limits_end_is_inconclusive(server, reply):
    server.answers["/picture"] = reply
    with pytest.raises(FetchError) as failure:
        feed_client(server).probe(picture_url(server))
    assert failure.value.is_inconclusive


@pytest.mark.parametrize("reply", THEIRS.values(), ids=THEIRS)
def test_a_look_that_the_server_lets_fail_is_conclusive(server, reply):
    server.answers["/picture"] = reply
    with pytest.raises(FetchError) as failure:
        feed_client(server).probe(picture_url(server))
    assert not failure.value.is_inconclusive


@pytest.mark.parametrize(("code", "is_inconclusive"), [(10, False), (18, False), (20, True), (21, True), (62, False)])
def test_a_certificate_without_its_issuer_is_inconclusive(server, monkeypatch, code, is_inconclusive):
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "certificate verify failed"
    monkeypatch.setattr(client, "HTTPSConnection", lambda *_, **__: Refusing(error))
    with pytest.raises(FetchError, match="certificate that can't be trusted") as failure:
        feed_client(server).probe(picture_url(server).replace("http:", "https:"))
    assert failure.value.is_inconclusive == is_inconclusive


@pytest.mark.parametrize("status", [200, 202, 203, 204, 206])
def test_a_page_that_is_there_with_another_success_is_there(server, status):
    server.answers["/picture"] = answer(b"", status)
    assert feed_client(server).probe(picture_url(server)) == status
    assert len(server.requests) == 1
    with pytest.raises(FetchError, match="responds with 404"):
        feed_client(server).probe(picture_url(server, "/gone"))


@pytest.mark.parametrize("headers", [None, {}])
def test_304_without_a_condition_is_no_success(server, headers):
    server.answers["/picture"] = answer(b"", 304)

    with pytest.raises(FetchError, match="responds with 304"):
        request(server, headers=headers)


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [([301], 1), ([308, 301], 2), ([301, 302], 1), ([302, 301], 0), ([307], 0), ([], 0)],
)
def test_a_move_for_good_ends_at_the_first_temporary_redirect(server, statuses, moved_to):
    paths = ["/picture", *(f"/{number}" for number in range(1, len(statuses) + 1))]
    for path, target, status in zip(paths, paths[1:], statuses, strict=False):
        server.answers[path] = redirect(target, status)
    server.answers[paths[-1]] = answer(FEED)

    response = request(server)

    assert response.moved_to == (picture_url(server, f"/{moved_to}") if moved_to else "")
    assert (response.url, response.body) == (picture_url(server, paths[-1]), FEED)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(b"0" * 300_000), "sends more than 0 MB"),
        (gzip.compress(FEED)[:-4], "an incomplete compressed file"),
        (b"<rss>", "can't be unpacked"),
    ],
    ids=["bomb", "incomplete", "plain"],
)
def test_a_compressed_file_that_is_a_bomb_or_broken_is_refused(server, body, reason):
    server.answers["/picture"] = answer(body, Content_Encoding="gzip")

    with pytest.raises(FetchError, match=reason):
        request(server)


def test_a_compressed_file_is_unpacked(server):
    server.answers["/picture"] = answer(gzip.compress(FEED), Content_Encoding="gzip")

    assert request(server).body == FEED


def test_a_server_that_lets_only_browsers_in_is_named(server):
    server.answers["/picture"] = answer(b"", 403, **{"cf-mitigated": "challenge"})

    with pytest.raises(FetchError, match="responds with 403 .it lets only browsers in") as failure:
        request(server)
    assert failure.value.status == 403
