"""The entry point for WSGI servers such as gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("NEWSFOLD_SERVES", "true")  # settings give a server a pool of connections, a command one
application = get_wsgi_application()
