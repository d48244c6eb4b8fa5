"""Load the user of a session together with the flags that sessions and the second factor need."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

from .models import with_session_flags


class OneQueryBackend(ModelBackend):
    def get_user(self, user_id: Any) -> Any:
        """Return the active user with `totp_id`, `requires_factor` and `signed_out_at`, else None. One query."""
        user = with_session_flags(get_user_model()._default_manager.filter(pk=user_id)).first()
        return user if user is not None and self.user_can_authenticate(user) else None
