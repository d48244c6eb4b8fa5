from django.http import HttpResponse
from django.urls import path

from . import views

urlpatterns = [
    path("", views.front),
    path("topics/<slug:slug>/", views.topic, name="topic"),
    path("providers/<path:domain>/", views.provider, name="provider"),
    path("news/<str:name>/", views.story, name="story"),
    path("latest/", views.latest, name="latest"),
    path("media/<path:path>", lambda request, path: HttpResponse(), name="media"),
]
