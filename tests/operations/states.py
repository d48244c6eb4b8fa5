"""The state of all articles, to compare before and after an operation, and whether the log holds each change."""

from collections import defaultdict
from typing import Any

from articles.audit_log import snapshots
from articles.audit_log.events import CREATED, DELETED, REFUSALS, TAKEN_DOWN, logged_values
from articles.models import Article, Event, RelatedLink

FOLLOWING_FIELDS = {"public", "hot", "twin", "duplicate", "warned", "pictureless"}  # these follow from the others


def newsroom_state() -> dict[str, dict[str, Any]]:
    """Return all that editors and documents decide, and what follows from it, by article name."""
    state = {}
    lists = _all_lists(*snapshots.LIST_NAMES)
    for article in Article.objects.order_by("pk"):
        values = logged_values(article) | {name: getattr(article, name) for name in FOLLOWING_FIELDS}
        values |= {name: lists[name][article.pk] for name in snapshots.LIST_NAMES}
        for link in values["related"]:
            link.pop("target_id")  # see link_targets()
        state[article.name] = values
    return state


def _all_lists(*names: str) -> dict[str, dict[int, Any]]:
    """Return these lists of all articles, by name and article."""
    ids = list(Article.objects.values_list("pk", flat=True))
    return {name: snapshots.read_list(ids, name) for name in names}


def link_targets() -> list[str]:
    return sorted(map(str, RelatedLink.objects.values_list("article", "match_key", "target")))


def story_table() -> dict[str, object]:
    """Return heat, lead, pins and lists of each article, by title."""
    lists = _all_lists("related", "pairings")
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


def broken_chains() -> list[str]:
    """Return the fields whose events don't lead from one to the next and to the stored value.

    A new incoming value of a pin is no event. Refusals by the names of deleted articles are no field of an article.
    """
    chains: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in Event.objects.filter(subject="article").exclude(field=REFUSALS).order_by("pk"):
        if event.field in (CREATED, DELETED, REFUSALS, TAKEN_DOWN):  # the article's fields start again
            for key in [key for key in chains if key[0] == event.subject_id]:
                del chains[key]
        else:
            chains[event.subject_id, event.field].append(event)
    rows = {article.pk: article for article in Article.objects.all()}
    lists = _all_lists(*{field for _, field in chains if field in snapshots.LIST_NAMES})
    problems = []
    for (pk, field), events in chains.items():
        if pk not in rows:
            problems.append(f"{pk} is gone without an event")
            continue
        is_list = field in snapshots.LIST_NAMES
        stored = lists[field][pk] if is_list else logged_values(rows[pk]).get(field)
        ends = [*(event.before for event in events[1:]), stored]
        for event, after in zip(events, ends, strict=True):
            agrees = snapshots.equal_ignoring_targets(event.after, after) if is_list else event.after == after
            if not agrees and not (field.startswith("pin ") and after and event.after is not None):
                problems.append(f"{pk} {field}: {event.after} then {after} (operation {event.operation_id})")
    return problems
