"""Every line that a server logs has the configured format."""

import json
import socket

import pytest

from tests.servers import Site, wait_until

pytestmark = [pytest.mark.services, pytest.mark.integration]


NO_REQUEST = b'GET /latest/?token=hunter2"\x1b[2J\r\nHost: localhost\r\n\r\n'  # without a version


def test_each_log_line_is_a_json_object_without_secrets(tmp_path):
    site = Site(tmp_path, {"LOG_FORMAT": "json"})
    try:
        site.set_up()
        site.serve()
        with socket.create_connection(("127.0.0.1", site.port), timeout=10) as client:
            client.sendall(NO_REQUEST)
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")
        assert site.http.request("HEAD", f"http://127.0.0.1:{site.port}/about/").status == 200
        wait_until(lambda: "Invalid request" in site.log(), 10, "gunicorn logs an invalid request")
    finally:
        site.close()

    assert "hunter2" not in site.log()
    lines = [json.loads(line) for line in site.log().splitlines()]
    messages = [line["message"] for line in lines if line["logger"] == "gunicorn.error"]
    assert not [line for line in lines if line["logger"] == "gunicorn.http.wsgi"]  # HEAD is not logged as unusual
    for start in ("Starting gunicorn", "Booting worker", "Invalid request", "Worker exiting", "Shutting down"):
        assert any(message.startswith(start) for message in messages), start
    assert len(messages) == len(set(messages))  # by one handler
