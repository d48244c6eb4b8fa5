"""The addresses of the public site."""

from django.urls import path, register_converter
from django.views.generic import TemplateView

from articles.desk import preview_views
from articles.public import search_page, views
from articles.public.dates import DayConverter

from .feeds import views as feeds
from .sitemaps import views as sitemaps


class WordConverter:
    """A part of an address. No NUL, which PostgreSQL refuses to compare with."""

    regex = r"[^/\x00]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class WordsConverter(WordConverter):
    """The same with slashes: a domain may be a whole path (docs/format.md#provider)."""

    regex = r"[^\x00]+"


class FormConverter(WordConverter):
    """How a feed is written."""

    regex = "rss|atom|json"


register_converter(DayConverter, "day")
register_converter(FormConverter, "form")
register_converter(WordConverter, "word")
register_converter(WordsConverter, "words")

urlpatterns = [
    path("", views.front, name="front"),
    path("about/", views.about, name="about"),
    path("latest/", views.latest, name="latest"),
    path("archive/<day:day>/", views.archive, name="archive"),
    path("topics/", views.topics, name="topics"),
    path("feeds/latest.<form:form>", feeds.latest, name="latest_feed"),
    path("topics/<word:slug>/feed.<form:form>", feeds.topic, name="topic_feed"),
    path("providers/<words:domain>/feed.<form:form>", feeds.provider, name="provider_feed"),
    path("search/", search_page.results, name="search"),
    path("search/feed.<form:form>", feeds.found, name="search_feed"),
    path("topics/<word:slug>/", views.topic, name="topic"),
    path("providers/", views.providers, name="providers"),
    path("providers/<words:domain>/", views.provider, name="provider"),
    path("news/<word:name>/", views.story, name="story"),
    path("preview/<word:token>/", preview_views.signed_preview, name="preview"),
    path("media/<words:path>", views.media, name="media"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemaps/lists.xml", sitemaps.lists, name="sitemap_lists"),
    path("sitemaps/<word:section>.xml", sitemaps.stories, name="sitemap_stories"),
    path("news-sitemap.xml", sitemaps.news, name="news_sitemap"),
    path("robots.txt", TemplateView.as_view(template_name="robots.txt", content_type="text/plain"), name="robots"),
]
