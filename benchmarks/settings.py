"""The project's settings with the benchmarks' own command, `generate_articles`, which a serving site doesn't have."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
