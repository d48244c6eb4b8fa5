"""The entry point for WSGI servers such as gunicorn."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import resolve

from config.site_request import SiteRequest
from config.variables import start_up_message

WORKER_BOOT_ERROR = 3  # gunicorn stops at this code, and would start its process again after others

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("NEWSFOLD_SERVES", "true")  # a server keeps a pool of database connections, a command doesn't

try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"{start_up_message(error)}\n")
    sys.exit(WORKER_BOOT_ERROR)
application.request_class = SiteRequest
resolve("/")  # loads all views now, so that no reader waits for it
