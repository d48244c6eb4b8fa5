"""Reset the second factor of a user who has lost it together with the recovery codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from accounts import second_factor


class Command(BaseCommand):
    help = "Removes a user's second factor and ends all of the user's sessions. The password stays."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}. The admin lists all users under People.")
        second_factor.reset(user)
        self.stdout.write(f"{username} now has no second factor and is signed out everywhere.")
