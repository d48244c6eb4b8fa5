#!/usr/bin/env python
"""Run Newsfold's commands: `python manage.py help` lists them."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.variables import start_up_message


def main() -> None:
    """Run a command, or say in one sentence which setting is missing or wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, ValueError, KeyError) as error:
        if settings.configured and not isinstance(error, ImproperlyConfigured):
            raise  # the command's own
        sys.exit(start_up_message(error))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
