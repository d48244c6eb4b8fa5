"""The tag of Newsfold's system checks, which look at the machine and the settings.

Django's own checks look at the program: they load all modules, take half a second and are run before a release. A
command that runs every minute asks for ours alone: `requires_system_checks = [CHECK_TAG]`.
"""

from __future__ import annotations

from django.core.checks import CheckMessage, Error

CHECK_TAG = "newsfold"


def error_if(is_wrong: bool, id: str, text: str, hint: str) -> list[CheckMessage]:
    """Return what a check returns: an error, or nothing."""
    return [Error(text, hint=hint, id=id)] if is_wrong else []
