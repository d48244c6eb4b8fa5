"""Storage of Django's messages in a cookie whose name no subdomain can set (the __Host- prefix)."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class MessagesCookie(CookieStorage):
    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        return "__Host-messages" if settings.HTTPS else "messages"


class MessagesStorage(FallbackStorage):
    """Keep messages in the cookie, and those too long for it in the session."""

    storage_classes = (MessagesCookie, SessionStorage)
