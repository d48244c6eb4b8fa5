"""The entry point of plain Django; ours loads templates that it doesn't have."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.plain_django.settings"

application = get_wsgi_application()
