"""The name of the site for settings that take a function, because publishers change it while the site runs."""

from __future__ import annotations

from django.apps import apps


def totp_issuer(device: object) -> str:
    """Return the name that authenticator apps show for a new second factor."""
    name: str = apps.get_model("website", "SiteLook").current().site_name
    return name
