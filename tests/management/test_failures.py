"""Commands that are stopped, or whose database fails, say in sentences what remains."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from articles import operations
from articles.management.commands import check_record, export_articles, ping_hub


@pytest.mark.parametrize(
    ("command", "where", "what", "remains"),
    [
        ("export_articles", export_articles, "exported_articles", "what is written already stays."),
        ("rescore_articles", operations, "rescore", "Nothing was changed. Run the same command again."),
        ("check_record", check_record, "find_differences", "Run the same command again."),
        ("ping_hub", ping_hub, "load_state", "The next run continues with the rest."),
    ],
)
@pytest.mark.parametrize(
    ("error", "reason", "code"),
    [(OperationalError("gone\na row"), "The database failed: gone\n", 1), (KeyboardInterrupt(), "Stopped. ", 130)],
)
def test_a_command_that_ends_early_says_why_and_what_remains(
    monkeypatch, settings, tmp_path, command, where, what, remains, error, reason, code
):
    settings.WEBSUB_HUB, settings.SITE_URL = "https://hub.example/", "https://news.example"
    settings.WEBSUB_STATE = tmp_path / "websub.json"

    def fail(*args, **options):
        raise error

    monkeypatch.setattr(where, what, fail)

    with pytest.raises(CommandError) as caught:
        call_command(command, *([tmp_path] if command == "export_articles" else []))

    assert str(caught.value).startswith(reason)
    assert str(caught.value).endswith(remains)
    assert caught.value.returncode == code
