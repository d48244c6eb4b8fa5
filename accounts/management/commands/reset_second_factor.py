"""Let somebody in again who has lost the second factor and its recovery codes."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from accounts import second_factor


class Command(BaseCommand):
    help = "Takes the second factor from a user and ends the user's sessions. The password stays."

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, *args, username, **options):
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}. The admin lists them under Users.")
        second_factor.take_away(user)
        self.stdout.write(f"{username} has no second factor now and is signed out everywhere.")
