"""The project's settings with the plain pages in place of ours."""

from pathlib import Path

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.plain_django.urls"
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("articles.")]  # noqa: F405
TEMPLATES[0]["DIRS"] = [Path(__file__).parent / "templates"]  # noqa: F405
TEMPLATES[0]["OPTIONS"]["context_processors"] = ["django.template.context_processors.request"]  # noqa: F405
