from django.apps import AppConfig
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

import texts


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Newsroom")

    def ready(self) -> None:
        from articles import checks  # noqa: F401 importing checks registers them
        from articles.db import query_planning
        from articles.exchange import document_size
        from articles.images import fetch_queue
        from articles.page_cache import versions
        from articles.search.sqlite import connect_signals

        texts.translate_with(lambda context, text: pgettext(context, text) if context else gettext(text))
        versions.connect_signals(self)
        fetch_queue.connect_signals()
        connect_signals()
        query_planning.connect_signals()
        document_size.connect()
