"""The checks of single values that documents, forms, the desk and models share."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from articles.rules import values


@pytest.mark.parametrize(
    "text", ["Storm", "A\x97B", "x\ufeffy", "\U0010f003\x97", "👀", "<PFE.N>", "a" * 300, "ends in NBSP\xa0"]
)
def test_a_line_of_real_documents_is_accepted(text):
    values.check_line(text, 300)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" \xa0\u3000", "is empty"),
        ("\u200b\u200d\ufeff", "is empty"),
        ("\u3164\u115f\u2800\u00ad\ufe0f\U000e0020", "is empty"),
        ("a\tb", "single line"),
        ("a\nb", "single line"),
        ("a\rb", "single line"),
        ("a\0b", "U+0000"),
        ("a\x1bb", "U+001B"),
        ("a\ud800b", "U+D800"),
        ("a" * 301, "301 characters; 300 are allowed"),
        (["a"], "must be text"),
    ],
)
def test_a_line_is_refused_with_the_problem(text, problem):
    with pytest.raises(values.InvalidValueError, match=problem.replace("+", r"\+")):
        values.check_line(text, 300)


@pytest.mark.parametrize(
    "url", ["https://", "https:///x", "https://a:pw@host/", "http://host:0/", "javascript:alert(1)", "host/x", "//h/x"]
)
def test_what_is_no_web_url_is_refused(url):
    with pytest.raises(values.InvalidValueError):
        values.check_url(url)


def test_years_are_counted_in_utc():
    values.check_time(datetime(1900, 1, 1, tzinfo=UTC))
    values.check_time(datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC))
    for moment in (
        datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2200, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    ):
        with pytest.raises(values.InvalidValueError, match="between the years 1900 and 2199"):
            values.check_time(moment)


@pytest.mark.parametrize(
    "services",
    [
        "x",
        {},
        [["a"]],
        ["a"],
        [[["a"], "https://a.example/"]],
        [["a", "javascript:alert(1)"]],
        [["a\0", "https://a.example/"]],
        [["a", "https://a.example/"]] * 2,
        [[f"a{number}", "https://a.example/"] for number in range(101)],
    ],
)
def test_services_are_pairs_of_a_name_and_a_url(services):
    with pytest.raises(values.InvalidValueError):
        values.check_services(services)


@pytest.mark.parametrize("name", ["../x.yaml", "/etc/x.yaml", ".x.yaml", "a/b.yaml", "topics", "x.exe", "a\\b.md"])
def test_a_registry_file_name_leads_nowhere_else(name):
    with pytest.raises(values.InvalidValueError):
        values.check_file_name(name)


def test_a_body_has_no_carriage_returns_because_it_is_written_unescaped():
    values.check_body("\nTwo\n---\nlines\n")
    with pytest.raises(values.InvalidValueError):
        values.check_body("a\rb")
