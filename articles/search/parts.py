"""What the schemas of both databases have in common."""

from __future__ import annotations

from typing import NamedTuple

EXCERPT_CHARACTERS = 20_000  # longer excerpts are no excerpts; one article may not fill the index or a tsvector (1 MB)
COVERAGE_CHARACTERS = 50_000  # 500 headlines

# Which links are shown as coverage, as `models.related.is_coverage()`: tests compare them. False, never unknown.
IS_SHOWN_TARGET = """({0}.heat IS NOT NULL AND {0}.heat = -1 AND {0}.staged IS NULL
        AND {0}.removed IS NOT TRUE AND NOT {0}.missing)"""
IS_COVERAGE = f"NOT link.repeated AND (link.target_id IS NULL OR {IS_SHOWN_TARGET.format('target')})"
TARGET_CHANGED = f"{IS_SHOWN_TARGET.format('OLD')} <> {IS_SHOWN_TARGET.format('NEW')}"


class IndexSchema(NamedTuple):
    """The statements that make, fill and drop an index, and the triggers that keep it up to date."""

    MAKE: tuple[str, ...]
    FILL: tuple[str, ...]
    FINISH: tuple[str, ...]
    DROP: tuple[str, ...]
    TRIGGERS: dict[str, str]
    CREATE_TRIGGERS: tuple[str, ...]
    DROP_TRIGGERS: tuple[str, ...]
