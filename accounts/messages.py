"""The cookie of what a page tells after a redirect, named so that no subdomain can set it."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class MessagesCookie(CookieStorage):
    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        return "__Host-messages" if settings.HTTPS else "messages"


class MessagesStorage(FallbackStorage):
    """What is too long for a cookie goes to the session."""

    storage_classes = (MessagesCookie, SessionStorage)
