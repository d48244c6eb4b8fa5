"""The entry point for WSGI servers such as gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

from config.site_request import SiteRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("NEWSFOLD_SERVES", "true")  # a server keeps a pool of database connections, a command doesn't

application = get_wsgi_application()
application.request_class = SiteRequest
resolve("/")  # loads all views now, so that no reader waits for it
