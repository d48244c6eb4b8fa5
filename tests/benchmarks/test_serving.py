"""The measurement of what pages cost compares ours with plain Django, and not with itself."""

import subprocess
import sys

import pytest

from benchmarks.serving import ROOT, environment

PROGRAM = """
from benchmarks.plain_django.wsgi import application
from django.conf import settings
from django.template import engines
print(settings.ROOT_URLCONF, type(engines["django"]).__module__)
"""


@pytest.mark.integration
def test_plain_django_starts_with_its_own_pages(tmp_path):
    started = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=environment(tmp_path, "dummycache://"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert started.stdout.split() == ["benchmarks.plain_django.urls", "django.template.backends.django"], started.stderr
