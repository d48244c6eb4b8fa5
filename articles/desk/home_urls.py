"""The URL of the newsroom's home, which is that of the admin."""

from django.urls import path

from . import home_views

urlpatterns = [path("", home_views.home, name="home")]
