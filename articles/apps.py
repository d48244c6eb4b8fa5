from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self):
        from articles import checks, stamps  # noqa: F401 importing checks registers them
        from articles.images import queue

        stamps.watch()
        queue.watch()
