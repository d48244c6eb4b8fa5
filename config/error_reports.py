"""The settings that Django's debug page masks."""

import re

from django.views.debug import SafeExceptionReporterFilter


class SecretsFilter(SafeExceptionReporterFilter):
    """Mask URLs of services too: they hold passwords, and the page lists the environment of the process."""

    hidden_settings = re.compile(
        rf"{SafeExceptionReporterFilter.hidden_settings.pattern}|COOKIE|DSN|DATABASE_URL|CACHE_URL|REPLICA_URL|STORAGE",
        re.IGNORECASE,
    )
