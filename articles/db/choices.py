"""Choices of fields from labels of `articles.rules`, translated when they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import lazy

_shown = lazy(str, str)


def choices_of(labels: Mapping[Any, object]) -> list[tuple[str, Any]]:
    return [(str(value), _shown(label)) for value, label in labels.items()]
