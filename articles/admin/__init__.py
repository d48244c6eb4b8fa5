"""The admin site: wiring and forms. What editors decide goes through `articles.operations`."""

import taggit.admin  # noqa: F401 it registers taggit's own tags, of which we use none
from django.contrib import admin
from taggit.models import Tag

from . import articles, policy, providers, site_look, site_pages, topics

__all__ = ["articles", "policy", "providers", "site_look", "site_pages", "topics"]

admin.site.unregister(Tag)
