"""The state of all articles, to compare before and after an operation and its undo."""

from typing import Any

from articles.audit_log import snapshots
from articles.audit_log.events import logged_values
from articles.models import Article, RelatedLink

FOLLOWING_FIELDS = {"public", "hot", "twin", "duplicate", "warned", "pictureless"}  # these follow from the others


def newsroom_state() -> dict[str, dict[str, Any]]:
    """Return all that editors and documents decide, and what follows from it, by article name."""
    state = {}
    for article in Article.objects.order_by("pk"):
        values = logged_values(article) | {name: getattr(article, name) for name in FOLLOWING_FIELDS}
        values |= {name: snapshots.read_list([article.pk], name)[article.pk] for name in snapshots.LIST_NAMES}
        for link in values["related"]:
            link.pop("target_id")  # see link_targets()
        state[article.name] = values
    return state


def link_targets() -> list[str]:
    return sorted(map(str, RelatedLink.objects.values_list("article", "match_key", "target")))


def story_table() -> dict[str, object]:
    """Return heat, lead, pins and lists of each article, by title."""
    ids = list(Article.objects.values_list("pk", flat=True))
    lists = {name: snapshots.read_list(ids, name) for name in ("related", "pairings")}
    return {
        article.title: (
            article.heat,
            article.published,
            article.public,
            str(article.lead),
            article.pins,
            *(lists[name][article.pk] for name in lists),
        )
        for article in Article.objects.select_related("lead")
    }
