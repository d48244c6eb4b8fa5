"""What a developer's error page leaves out, beside what Django does."""

import re

from django.views.debug import SafeExceptionReporterFilter


class SecretsFilter(SafeExceptionReporterFilter):
    """Masks addresses of services too: they hold passwords, and a process's environment is on the page."""

    hidden_settings = re.compile(
        rf"{SafeExceptionReporterFilter.hidden_settings.pattern}|COOKIE|DSN|DATABASE_URL|CACHE_URL|REPLICA_URL|STORAGE",
        re.IGNORECASE,
    )
