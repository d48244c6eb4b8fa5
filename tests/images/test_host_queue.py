"""Whose turn it is when pictures are fetched."""

from articles.images.host_queue import Line, Wanted


def line(*urls, clock=lambda: 0.0):
    """A line of pictures that are named by their host and a number: `a1`."""
    return Line([Wanted(url, url[0]) for url in urls], clock)


def taken(line):
    found = []
    while picture := line.take():
        found.append(picture.url)
    return found


def test_pictures_come_in_their_order_one_at_a_time_for_each_host():
    pictures = line("a1", "a2", "b1", "a3", "c1")
    assert taken(pictures) == ["a1", "b1", "c1"]
    pictures.give_back("b")
    assert taken(pictures) == []
    pictures.give_back("a")
    assert taken(pictures) == ["a2"]
    pictures.give_back("a")
    assert taken(pictures) == ["a3"]
    pictures.give_back("a")
    assert taken(pictures) == []


def test_the_order_holds_again_when_a_host_comes_back():
    pictures = line("a1", "b1", "a2", "b2")
    assert taken(pictures) == ["a1", "b1"]
    pictures.give_back("b")
    pictures.give_back("a")
    assert taken(pictures) == ["a2", "b2"]


def test_a_host_rests_as_long_as_it_wishes():
    now = [0.0]
    pictures = line("a1", "b1", "a2", "a3", clock=lambda: now[0])
    assert taken(pictures) == ["a1", "b1"]
    assert pictures.pause() is None
    pictures.give_back("a", rest=30)
    assert (taken(pictures), pictures.pause()) == ([], 30)
    now[0] = 29.0
    assert (taken(pictures), pictures.pause()) == ([], 1)
    now[0] = 30.0
    assert (taken(pictures), pictures.pause()) == (["a2"], None)


def test_a_host_that_is_left_is_not_waited_for():
    pictures = line("a1", "a2", "a3", "b1")
    assert taken(pictures) == ["a1", "b1"]
    pictures.give_back("a", rest=30)
    pictures.leave("a")
    assert (taken(pictures), pictures.pause()) == ([], None)
    pictures.give_back("a")
    assert taken(pictures) == []


def test_a_host_without_further_pictures_is_not_waited_for():
    pictures = line("a1")
    assert taken(pictures) == ["a1"]
    pictures.give_back("a", rest=30)
    assert pictures.pause() is None
