"""The HTTP client for sources, which says who asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from articles.public.site_url import site_url
from fetching.address_check import AllowedNetwork
from fetching.client import HttpClient
from sources.fetcher import make_client


def source_client(**options: Any) -> HttpClient:
    """Return the client, with the site's URL for those who want to complain."""
    site = site_url()
    allowed = [AllowedNetwork.parse(text) for text in settings.FETCH_SERVERS]
    return make_client(f"Newsfold (+{site})" if site else "Newsfold", allowed_networks=allowed, **options)
