"""Arguments that commands refuse, with what is allowed in place of them."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("command", "option", "value", "allowed"),
    [
        *(("cache_images", "--limit", value, "a number from 1 to 1,000,000") for value in ("x", "0", "1.5", "9" * 30)),
        ("cache_images", "--workers", "65", "a number from 1 to 64"),
        ("fetch_sources", "--limit", "many", "a number from 1 to 1,000,000"),
        ("fetch_sources", "--now", "noon", "a time with its zone, such as 2026-03-04T12:00:00Z"),
        ("fetch_sources", "--now", "2026-02-30T12:00:00Z", "a time with its zone, such as 2026-03-04T12:00:00Z"),
        ("fetch_sources", "--now", "2026-03-04T12:00:00", "a time with its zone, such as 2026-03-04T12:00:00Z"),
        ("fetch_sources", "--now", "0001-01-01T00:00:00Z", "a time with its zone, such as 2026-03-04T12:00:00Z"),
        ("fetch_sources", "--now", "9999-12-31T23:00:00Z", "a time with its zone, such as 2026-03-04T12:00:00Z"),
        ("check_links", "--limit", "-1", "a number from 1 to 1,000,000"),
        *(
            ("suggest_stories", "--min-score", value, "a number from 0 to 1, such as 0.4")
            for value in ("x", "2", "nan")
        ),
    ],
)
def test_a_value_that_can_not_be_used_is_named_with_what_is_allowed(command, option, value, allowed):
    with pytest.raises(CommandError, match=f"argument {option}: {value!r} is not {allowed}"):
        call_command(command, f"{option}={value}")


@pytest.mark.parametrize(
    "arguments",
    [
        *((command, "") for command in ("backup", "export_articles", "import_sources", "read_feed", "restore")),
        ("cache_images", "--from="),
        ("import_articles", "documents", "--report="),
    ],
)
def test_an_empty_path_is_refused(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="'' is not a path; name the file or folder"):
        call_command(*arguments)
    assert not list(tmp_path.iterdir())
