"""The URLs of the public site."""

from django.urls import path
from django.views.generic import TemplateView

from articles.desk import preview_views, story_views
from articles.feeds import views as feeds
from articles.public import archive_views, converters, search_page, site_files, views  # noqa: F401  registers the converters
from articles.sitemaps import views as sitemaps

urlpatterns = [
    path("", views.front, name="front"),
    path("about/", views.about, name="about"),
    path("pages/<segment:slug>/", views.site_page, name="site_page"),
    path("look/<colour:light>-<colour:dark>.css", views.look_stylesheet, name="look_stylesheet"),
    path("latest/", views.latest, name="latest"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("archive/", archive_views.index, name="archive_index"),
    path("archive/<year:year>/", archive_views.year, name="archive_year"),
    path("archive/<month:month>/", archive_views.month, name="archive_month"),
    path("archive/<day:day>/", archive_views.day, name="archive"),
    path("archive/<day:day>/feed.<feed_format:form>", feeds.day, name="day_feed"),
    path("top/<period:period>/", views.top, name="top"),
    path("top/<period:period>/feed.<feed_format:form>", feeds.top, name="top_feed"),
    path("feeds/", views.follow, name="follow"),
    path("feeds/top.<feed_format:form>", feeds.front, name="front_feed"),
    path("topics/", views.topics, name="topics"),
    path("places/", views.places, name="places"),
    path("places/<place_code:code>/", views.place, name="place"),
    path("places/<place_code:code>/feed.<feed_format:form>", feeds.place, name="place_feed"),
    path("feeds/latest.<feed_format:form>", feeds.latest, name="latest_feed"),
    path("topics/<segment:slug>/feed.<feed_format:form>", feeds.topic, name="topic_feed"),
    path("providers/<segments:domain>/feed.<feed_format:form>", feeds.provider, name="provider_feed"),
    path("search/", search_page.results, name="search"),
    path("search/feed.<feed_format:form>", feeds.search_results, name="search_feed"),
    path("topics/<segment:slug>/", views.topic, name="topic"),
    path("providers/", views.providers, name="providers"),
    path("providers/<segments:domain>/", views.provider, name="provider"),
    path("news/<segment:name>/edit", story_views.edit_link, name="story_edit"),
    path("news/<segment:name>/", views.story, name="story"),
    path("news/<segment:name>/feed.<feed_format:form>", feeds.story, name="story_feed"),
    path("preview/<segment:token>/", preview_views.signed_preview, name="preview"),
    path("preview/<segment:token>/media/<segments:path>", preview_views.signed_media, name="preview_media"),
    path("favicon.ico", site_files.favicon, name="favicon"),
    path("apple-touch-icon.png", site_files.home_screen_icon, name="home_screen_icon"),
    path(".well-known/security.txt", site_files.security_txt, name="security_txt"),
    path("media/<segments:path>", views.media, name="media"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemaps/lists.xml", sitemaps.lists, name="sitemap_lists"),
    path("sitemaps/<segment:section>.xml", sitemaps.stories, name="sitemap_stories"),
    path("news-sitemap.xml", sitemaps.news, name="news_sitemap"),
    path(
        "robots.txt",
        TemplateView.as_view(template_name="robots.txt", content_type="text/plain; charset=utf-8"),
        name="robots",
    ),
]
