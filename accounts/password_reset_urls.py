"""The URLs of forgotten passwords, under the admin's path. The admin's sign-in links to `admin_password_reset`."""

from django.urls import path

from . import password_reset as views

urlpatterns = [
    path("password-reset/", views.AskForLink.as_view(), name="admin_password_reset"),
    path("password-reset/sent/", views.LinkSent.as_view(), name="password_reset_done"),
    path("password-reset/<uidb64>/<token>/", views.SetPassword.as_view(), name="password_reset_confirm"),
    path("password-reset/done/", views.PasswordSet.as_view(), name="password_reset_complete"),
]
