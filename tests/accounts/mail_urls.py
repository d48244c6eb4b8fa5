"""The URLs of a site that sends mails."""

from django.urls import include, path

from config.urls import urlpatterns as of_site

urlpatterns = [path("admin/", include("accounts.password_reset_urls")), *of_site]
