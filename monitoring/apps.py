from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from monitoring import checks, security_log, sentry  # noqa: F401 importing checks registers them

        security_log.connect_signals()
        sentry.init()
