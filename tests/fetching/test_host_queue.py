"""The order of requests."""

from typing import NamedTuple

from fetching.host_queue import HostQueue


class Request(NamedTuple):
    url: str
    host: str


def queue_of(*urls, clock=lambda: 0.0):
    """Return a queue of requests whose URLs are a host and a number: `a1`."""
    return HostQueue([Request(url, url[0]) for url in urls], clock)


def taken(requests):
    return [request.url for request in iter(requests.take, None)]


def test_requests_keep_their_order_with_one_at_a_time_per_host():
    requests = queue_of("a1", "a2", "b1", "a3", "c1")
    assert taken(requests) == ["a1", "b1", "c1"]
    requests.release("b")
    assert taken(requests) == []
    requests.release("a")
    assert taken(requests) == ["a2"]
    requests.release("a")
    assert taken(requests) == ["a3"]
    requests.release("a")
    assert taken(requests) == []


def test_released_hosts_take_their_place_in_the_order():
    requests = queue_of("a1", "b1", "a2", "b2")
    assert taken(requests) == ["a1", "b1"]
    requests.release("b")
    requests.release("a")
    assert taken(requests) == ["a2", "b2"]


def test_a_host_is_left_alone_during_its_delay():
    now = [0.0]
    requests = queue_of("a1", "b1", "a2", "a3", clock=lambda: now[0])
    assert taken(requests) == ["a1", "b1"]
    assert requests.seconds_to_next() is None
    requests.release("a", delay=30)
    assert (taken(requests), requests.seconds_to_next()) == ([], 30)
    now[0] = 29.0
    assert (taken(requests), requests.seconds_to_next()) == ([], 1)
    now[0] = 30.0
    assert (taken(requests), requests.seconds_to_next()) == (["a2"], None)


def test_a_dropped_host_is_not_waited_for():
    requests = queue_of("a1", "a2", "a3", "b1")
    assert taken(requests) == ["a1", "b1"]
    requests.release("a", delay=30)
    requests.drop_host("a")
    assert (taken(requests), requests.seconds_to_next()) == ([], None)
    requests.release("a")
    assert taken(requests) == []


def test_a_host_without_further_requests_is_not_waited_for():
    requests = queue_of("a1")
    assert taken(requests) == ["a1"]
    requests.release("a", delay=30)
    assert requests.seconds_to_next() is None
