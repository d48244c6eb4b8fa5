from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self):
        from monitoring import checks, security_log, sentry  # noqa: F401 importing checks registers them

        security_log.watch()
        sentry.start()
