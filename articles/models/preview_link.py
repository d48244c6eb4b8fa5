"""Links that show a story to people without an account, before readers may see it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import signing
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from config.times import format_time

from .article import Article

LIFETIME = timedelta(hours=48)
KEPT_AFTER_END = timedelta(days=30)  # its page can say that it has ended
PERMISSION = "articles.change_article"  # to make and to revoke links
SALT = "articles.preview_link"


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def with_token(self, token: str) -> Self:
        """Return the link of a token, whether it works or not. Raises BadSignature."""
        return self.filter(key=signing.Signer(salt=SALT).unsign(token))

    def active(self) -> Self:
        """Return the links that work: neither expired nor revoked, by somebody who may still make them."""
        permitted = get_user_model()._default_manager.with_perm(
            PERMISSION, backend="django.contrib.auth.backends.ModelBackend"
        )
        makers = permitted.filter(is_active=True, is_staff=True)
        return self.filter(expires_at__gt=timezone.now(), maker__in=makers)

    def active_for(self, article: Article) -> Self:
        """Return the links of an article that work, with their makers."""
        return self.active().filter(article=article).select_related("maker")

    def make(self, article: Article, maker: User) -> PreviewLink:
        """Store a link that works from now on, and delete those that ended long ago."""
        now = timezone.now()
        self.filter(expires_at__lt=now - KEPT_AFTER_END).delete()
        key = secrets.token_hex(16)
        return self.create(article=article, maker=maker, key=key, created_at=now, expires_at=now + LIFETIME)

    def revoke(self) -> int:
        """End those links that haven't ended; return how many."""
        now = timezone.now()
        return self.filter(expires_at__gt=now).update(expires_at=now)


class PreviewLink(models.Model):
    """A link to the preview of an article. Its token is the signed key, so the table alone opens nothing."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="preview_links")
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ("expires_at", "pk")

    def __str__(self) -> str:
        return gettext("preview link until %(time)s") % {"time": format_time(self.expires_at)}

    @property
    def token(self) -> str:
        return signing.Signer(salt=SALT).sign(self.key)
