"""Security headers of every response, errors and files included."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

NO_STORE = "max-age=0, no-cache, no-store, must-revalidate, private"
# Features that no page uses, and no frame may use. The video player keeps autoplay, fullscreen and the like.
PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), usb=(), xr-spatial-tracking=()"
)


def content_security_policy(*, images: list[str], scripts: str) -> str:
    """Return a policy without inline scripts or styles (OWASP ASVS 5.0.0, 3.4.3)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            f"img-src {' '.join(images)}",
            "connect-src 'self'",
            "frame-src https://www.youtube-nocookie.com",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class HeadersMiddleware:
    """Add the headers that a response lacks. It runs outermost, so that error responses get them too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        images = settings.CSP_IMG_SOURCES
        always = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Permissions-Policy": PERMISSIONS_POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        same_origin = {"Cross-Origin-Resource-Policy": "same-origin"}
        readers = {"Content-Security-Policy": content_security_policy(images=images, scripts="'none'")}
        # The admin's stylesheets draw their icons from data: URLs.
        staff = {"Content-Security-Policy": content_security_policy(images=[*images, "data:"], scripts="'self'")}
        self.readers = always | same_origin | readers
        self.staff = always | same_origin | staff | {"X-Robots-Tag": "noindex"}
        # Feed readers show our pictures in their own pages.
        self.files = always | readers | {"Cross-Origin-Resource-Policy": "cross-origin"}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_staff_page = request.path_info.startswith(f"/{settings.ADMIN_PATH}")
        for name, value in self._headers(request, is_staff_page).items():
            response.headers.setdefault(name, value)
        if is_staff_page:
            response.headers["Cache-Control"] = NO_STORE
        return response

    def _headers(self, request: HttpRequest, is_staff_page: bool) -> dict[str, str]:
        if is_staff_page:
            return self.staff
        is_file = request.path_info.startswith((settings.STATIC_URL, settings.MEDIA_URL))
        return self.files if is_file else self.readers
