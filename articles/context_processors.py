"""What every public template may use."""

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .models import ArticleTopic, Topic, shown_to_readers

SECTIONS = 8


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_TAGLINE": settings.SITE_TAGLINE,
        "sections": SimpleLazyObject(sections),  # no query on pages without the menu
    }


def sections() -> list[Topic]:
    """Return the topics for the menu, at most 8: those below a root, else the roots. One query."""
    told = ArticleTopic.objects.filter(shown_to_readers("content_object__"), tag=OuterRef("pk"))
    upper = list(Topic.objects.filter(Exists(told), parent__parent=None).only("name", "shortname", "slug", "parent"))
    return ([topic for topic in upper if topic.parent_id] or upper)[:SECTIONS]
