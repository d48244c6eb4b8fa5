"""The site's URL configuration."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path(settings.ADMIN_PATH, include("articles.desk.home_urls")),  # in place of the admin's own index
    path(f"{settings.ADMIN_PATH}desk/", include("articles.desk.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/v2/", include("articles.api.v2.urls")),
    path("api/", include("articles.api.urls")),
    path("", include("articles.urls")),
]
if settings.SENDS_MAIL:
    urlpatterns.insert(0, path(settings.ADMIN_PATH, include("accounts.password_reset_urls")))
handler403 = "config.error_views.permission_denied"
handler404 = "config.error_views.page_not_found"
handler500 = "config.error_views.server_error"
