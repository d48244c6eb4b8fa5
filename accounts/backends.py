"""Check passwords of possible names only; load a session's user with the flags that sessions and codes need."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

from .models import USERNAME_MAX, with_session_flags


class OneQueryBackend(ModelBackend):
    def authenticate(self, request: Any, username: Any = None, password: Any = None, **kwargs: Any) -> Any:
        """Return the user with this name and password, else None; for a name that nobody can have, without a hash."""
        if username is not None and len(username) > USERNAME_MAX:
            return None
        return super().authenticate(request, username, password, **kwargs)

    def get_user(self, user_id: Any) -> Any:
        """Return the active user with the values of `with_session_flags`, else None. One query."""
        user = with_session_flags(get_user_model()._default_manager.filter(pk=user_id)).first()
        return user if user is not None and self.user_can_authenticate(user) else None
