"""The options of the site's own clients, from its settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from .address_check import AllowedNetwork


def client_options() -> dict[str, Any]:
    """Return who asks, with the site's URL for those who want to complain, and what FETCH_SERVERS allows."""
    site = settings.SITE_URL.rstrip("/")
    return {
        "agent": f"Newsfold (+{site})" if site else "Newsfold",
        "allowed_networks": [AllowedNetwork.parse(text) for text in settings.FETCH_SERVERS],
    }
