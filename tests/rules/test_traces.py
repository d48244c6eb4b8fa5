import pytest

from articles.rules.traces import StoryTraces, without_reports

PAGE = "https://www.courier.example/flood"
TRACES = StoryTraces(ids=frozenset({7}), urls=frozenset({PAGE}), titles=frozenset({"Flood", "Flood at the port"}))


def link(target_id=None, web_url="", title="Another"):
    return {"target_id": target_id, "web_url": web_url, "title": title}


@pytest.mark.parametrize(
    ("item", "is_its_report"),
    [
        (link(7), True),
        (link(8), False),
        (link(8, PAGE), False),  # another article of the same page
        (link(None, PAGE), True),
        (link(None, "http://courier.example/flood/?utm_source=feed"), True),
        (link(None, "https://www.courier.example/other", "Flood"), False),  # the same headline elsewhere
        (link(None, "", "Flood"), True),
        (link(None, "", "Flood at the port"), True),
        (link(None, "", "Ebb"), False),
    ],
)
def test_a_link_is_a_report_of_a_story_by_key_page_or_title(item, is_its_report):
    other = link(None, "https://herald.example/1", "Herald's")
    left = [other] if is_its_report else [item, other]

    assert TRACES.is_its_report(item, TRACES.url_keys) == is_its_report
    assert without_reports([item, other], TRACES) == left
    assert without_reports({"columns": {}, "lists": {"related": [item, other], "tags": ["x"]}}, TRACES) == {
        "columns": {},
        "lists": {"related": left, "tags": ["x"]},
    }


@pytest.mark.parametrize("value", [None, [], "text", ["AI"], [[1, True]], {"wish": "x"}, [{"url": "x"}]])
def test_other_values_of_the_log_stay(value):
    assert without_reports(value, TRACES) == value


def test_a_page_is_looked_up_by_what_all_its_forms_contain():
    traces = StoryTraces(ids=frozenset(), urls=frozenset({PAGE, "https://www.x.example/"}), titles=frozenset())

    assert sorted(traces.url_parts) == ["/flood", "x.example"]
