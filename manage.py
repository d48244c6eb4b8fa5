#!/usr/bin/env python
"""Run Newsfold's commands: `python manage.py help` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        hint = ".env.example explains each of them."
        if "psycopg" in str(error):
            hint = "PostgreSQL needs its client: pip install -r config/requirements-services.txt"
        sys.exit(f"The settings can't be used: {error}. {hint}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
