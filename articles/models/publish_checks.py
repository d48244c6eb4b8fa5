"""The publish checks of stored articles, and the words for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.rules.publish_checks import Check, CheckedStory, CheckPolicy, failed_checks

from .article import Article
from .image import ArticleImage
from .link_check import LinkCheck
from .policy import SitePolicy
from .topic import ArticleTopic

LABELS: Mapping[Check, Any] = {
    Check.PICTURE: _("no picture"),
    Check.ALT_TEXT: _("no alternative text"),
    Check.NO_EXCERPT: _("no excerpt"),
    Check.LONG_EXCERPT: _("long excerpt"),
    Check.OLD: _("old"),
    Check.AHEAD: _("dated in the future"),
    Check.DUPLICATE: _("its URL is on the site already"),
    Check.TOPIC: _("no topic"),
    Check.DEAD_LINK: _("dead link"),
}


def checks_text(checks: Iterable[Check | str]) -> str:
    return ", ".join(str(LABELS[Check(check)]) for check in checks)


def failure_sentences(titles: Mapping[int, str], at_most: int) -> list[str]:
    """Return a sentence for each of the first articles, titles by key, that fail publish checks now."""
    if not titles:
        return []
    articles = list(Article.objects.filter(pk__in=list(titles)[:at_most]))
    failed = failed_checks_of(articles, SitePolicy.current_checks(), timezone.now())
    return [
        gettext("“%(title)s” fails publish checks: %(checks)s.")
        % {"title": titles[pk], "checks": checks_text(failed[pk])}
        for pk in titles
        if pk in failed
    ]


def failed_checks_of(articles: Sequence[Article], policy: CheckPolicy, now: datetime) -> dict[int, list[Check]]:
    """Return the failed checks of articles by key, without those that fail none. At most four queries."""
    ids = [article.pk for article in articles]
    with_topic = set(
        ArticleTopic.objects.filter(content_object__in=ids).order_by().values_list("content_object", flat=True)
    )
    alt_texts: dict[int, str] = {}
    for pk, alt in ArticleImage.objects.pictures().filter(article__in=ids).values_list("article", "alt"):
        alt_texts.setdefault(pk, alt)
    twins = _twins_on_site(articles, now)
    dead = dict(LinkCheck.objects.filter(article__in=ids, is_dead=True).values_list("article", "url"))
    failed = {
        article.pk: failed_checks(
            CheckedStory(
                has_picture=article.picture_count > 0 and not article.picture_failed,
                has_alt_text=bool(alt_texts.get(article.pk)),
                excerpt_length=len(article.excerpt),
                published_at=article.published_at,
                twin_on_site=article.pk in twins,
                has_topic=article.pk in with_topic,
                has_dead_link=article.source_url == dead.get(article.pk, ""),
            ),
            policy,
            now,
        )
        for article in articles
    }
    return {pk: checks for pk, checks in failed.items() if checks}


def _twins_on_site(articles: Sequence[Article], now: datetime) -> set[int]:
    """Return the articles whose URL another one has that readers see by itself."""
    keys = {article.url_key for article in articles if article.url_key}
    shown: dict[str, set[int]] = {}
    for pk, key in Article.objects.public(now).filter(url_key__in=keys).order_by().values_list("pk", "url_key"):
        shown.setdefault(key, set()).add(pk)
    return {article.pk for article in articles if shown.get(article.url_key, set()) - {article.pk}}
