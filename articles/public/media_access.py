"""Which stored files readers may fetch: those that something published shows, at this moment."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from articles.models import Article, ArticleImage, PictureAddress, RelatedLink, shown_to_readers
from articles.models.image import ArticleImageQuerySet
from pictures.files import PICTURES, SITE
from providers.models import ProviderLogo
from website.models import SiteLook, SitePage


def is_shown_to_readers(name: str) -> bool:
    """Return whether a published story shows this file, a published outlet, or the site itself. At most two queries."""
    folder, _, rest = name.partition("/")
    if folder == SITE:
        return _shows_site_file(name)
    if folder == PICTURES:
        return _shows_picture(name, ArticleImage.objects.filter(shown_to_readers("article__")))
    stories = Article.objects.filter(shown_to_readers(), provider=OuterRef("provider")).order_by()
    coverage = RelatedLink.objects.coverage().filter(shown_to_readers("article__"), provider=OuterRef("provider"))
    is_file = Q(file=name)
    if rest.count("/") == 2:  # another rendition of the logo, in the same folder
        is_file |= Q(file__startswith=name.rpartition("/")[0] + "/")
    return ProviderLogo.objects.filter(is_file).filter(Exists(stories) | Exists(coverage.order_by())).exists()


def _shows_site_file(name: str) -> bool:
    look, key = SiteLook.current(), name.split("/")[2:3]
    if name in look.files:
        return True
    picture = f"picture:{key[0]}-" if key else ""
    return bool(picture) and (
        picture in look.footer_text or SitePage.objects.published().filter(body__contains=picture).exists()
    )


def is_picture_of(name: str, article_id: int) -> bool:
    """Return whether the article lists the picture in this file, whatever its state."""
    return name.startswith(f"{PICTURES}/") and _shows_picture(name, ArticleImage.objects.filter(article=article_id))


def _shows_picture(name: str, images: ArticleImageQuerySet) -> bool:
    key = name.split("/")[2]
    listed = images.pictures().at_outer_url().order_by()
    return PictureAddress.objects.held().filter(Exists(listed), picture__key=key).exists()
