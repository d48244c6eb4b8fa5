"""Templates stay readable."""

from django.conf import settings

LINE_MAX = 140  # characters


def test_no_line_is_too_long():
    templates = [path for path in (settings.BASE_DIR / "templates").rglob("*") if path.is_file()]
    assert len(templates) > 50
    long = [
        f"{path.relative_to(settings.BASE_DIR)}:{number}"
        for path in templates
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > LINE_MAX
    ]
    assert not long
