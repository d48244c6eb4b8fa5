"""The table of contents of the site's addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/desk/", include("articles.desk.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("articles.api.urls")),
    path("", include("articles.urls")),
]
handler500 = "config.errors.failed"
