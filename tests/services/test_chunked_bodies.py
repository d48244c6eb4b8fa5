"""Bodies without a length, through a real gunicorn."""

import socket

import pytest

from tests.servers import Site

pytestmark = [pytest.mark.services, pytest.mark.integration]

HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: {type}\r\n\r\n"
UPLOAD = "multipart/form-data; boundary=x"
SENT_MAX = 8_000_000  # bytes that the buffers of the connection take
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"), {})
    site.set_up()
    site.serve()
    yield site
    site.close()


def sent_until_refused(client):
    """Return how many bytes were taken before the connection was closed."""
    for number in range(2_000):
        try:
            client.sendall(CHUNK)
        except ConnectionError:
            return number * len(CHUNK)
    return 2_000 * len(CHUNK)


@pytest.mark.parametrize("path", ["/about/", "/admin/login/", "/admin/articles/article/add/"])
def test_a_chunked_body_is_refused_and_not_read(site, path):
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(HEAD.format(path=path, type=UPLOAD).encode())
        assert client.recv(100).startswith(b"HTTP/1.1 411 ")
        assert sent_until_refused(client) < SENT_MAX
