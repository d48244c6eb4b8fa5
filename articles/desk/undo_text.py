"""Undo in words for editors: why it is refused, what it restored, and what it left as it was."""

from __future__ import annotations

from collections.abc import Container, Sequence

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from articles.audit_log.events import CREATED, DELETED, PIN_PREFIX
from articles.models import Event, Operation, Subject, Verb
from articles.operations.results import ActionResult, NotRestored
from articles.rules import permissions
from articles.rules.undo_permissions import UndoRefusal

from .event_text import HIDDEN_FIELDS, STORY_VERBS, label_of

NOT_RESTORED_MAX = 10
ROW_EVENTS = {CREATED, DELETED}
PERMISSION_TEXTS = {
    permissions.SCORE: gettext_lazy("score"),
    permissions.FOLD: gettext_lazy("fold stories"),
    permissions.PUBLISH: gettext_lazy("publish"),
    permissions.CHANGE_POLICY: gettext_lazy("change the policy"),
    permissions.RUN_IMPORT: gettext_lazy("import"),
    permissions.CHANGE_SOURCE: gettext_lazy("follow sources"),
}
UNDONE_VERBS: dict[str, str | Promise] = {  # of what is said otherwise than "restored"
    Verb.SPIKE: gettext_lazy("unspiked"),
    Verb.HOLD: gettext_lazy("no longer held"),
    Verb.PUBLISH: gettext_lazy("no longer published"),
    Verb.FOLD: gettext_lazy("unfolded"),
    Verb.KEEP_APART: gettext_lazy("no longer kept apart"),
}
FRONT_PAGE_TEXTS: dict[str, Promise] = {
    Verb.PICK: gettext_lazy("Undone: the pick of “%(title)s” is as it was before."),
    Verb.PLACE: gettext_lazy("Undone: the pick of “%(title)s” is as it was before."),
    Verb.END_PICK: gettext_lazy("Undone: “%(title)s” is a pick again."),
    Verb.KEEP_OFF: gettext_lazy("Undone: “%(title)s” is allowed on the front page again."),
    Verb.ALLOW_ON: gettext_lazy("Undone: “%(title)s” is kept off the front page again."),
}
MOVES = {Verb.FOLD, Verb.MERGE, Verb.MAKE_LEAD, Verb.TAKE_OUT}
EFFECT_TEXTS = {"add": gettext_lazy("add"), "change": gettext_lazy("change"), "delete": gettext_lazy("delete")}
MODEL_TEXTS = {
    "article": gettext_lazy("articles"),
    "articleimage": gettext_lazy("pictures"),
    "relatedlink": gettext_lazy("coverage"),
    "provider": gettext_lazy("outlets"),
    "topic": gettext_lazy("topics"),
    "sitepage": gettext_lazy("pages"),
    "sitelook": gettext_lazy("the look of the site"),
}


def with_undo_link(message: str, operation: Operation) -> str:
    """Return a message with a link to the page that undoes the operation, for pages without JavaScript."""
    return format_html('{} <a href="{}">{}</a>', message, reverse("desk_operation", args=[operation.pk]), _("Undo"))


def refusal_text(refusal: UndoRefusal) -> str:
    """Return why an undo is refused, as sentences."""
    if not refusal.missing:
        return _("This can't be undone.")
    missing = [_permission_text(permission) for permission in sorted(refusal.missing)]
    needed = missing[0]
    if len(missing) > 1:
        needed = _("%(others)s and %(last)s") % {"others": ", ".join(missing[:-1]), "last": missing[-1]}
    sentences = [_("Undoing this needs the permission to %(permissions)s.") % {"permissions": needed}]
    if refusal.reveals:
        sentences.append(_("Readers would see stories that they don't see now."))
    return " ".join([*sentences, _("Ask someone who has it.")])


def describe_undo(original: Operation, result: ActionResult) -> str:
    """Return what an undo did: the fields of a single row by name, or the number of articles."""
    if original.articles > 1:
        number = _restored_of(original.articles, result)
        if original.verb in STORY_VERBS:
            return _("%(number)s stories are as they were before") % {"number": number}
        return _("%(number)s articles are as they were before") % {"number": number}
    undone = result.operation
    events = undone.events.defer("before", "after") if undone else []
    shown = [event for event in events if event.field not in HIDDEN_FIELDS]
    if not shown:
        return _("only technical details were restored")
    name = f"“{shown[0].label}”"
    if shown[0].field in ROW_EVENTS:
        return (_("%(name)s is deleted") if shown[0].field == DELETED else _("%(name)s is back")) % {"name": name}
    decided = [event for event in shown if not event.field.startswith(PIN_PREFIX)] or shown
    fields = ", ".join(dict.fromkeys(label_of(event.field) for event in decided))
    return _("%(fields)s of %(name)s restored") % {"fields": fields, "name": name}


def undone_text(operation: Operation, restored: str) -> str:
    """Return the message of an undo, as in "Undone: 1 story unspiked."; `restored` says how many."""
    if not operation.articles:
        return _("Undone: %(what)s.") % {"what": restored}
    return _("Undone: %(stories)s %(verb)s.") % {
        "stories": restored,
        "verb": UNDONE_VERBS.get(operation.verb, _("restored")),
    }


def moved_back_text(operation: Operation) -> str:
    """Return the message of an undo of one story's move to another lead, by its title; empty for anything else."""
    if operation.verb not in MOVES:
        return ""
    events = operation.events.filter(subject=Subject.ARTICLE, field="lead_id", subject_id__in=_done_to(operation))
    events_by_key = {event.subject_id: event for event in events.order_by("pk")}
    # Members go with the story that leads them: their lead was another one of these.
    moved = [event for event in events_by_key.values() if event.before not in events_by_key]
    if operation.verb == Verb.MAKE_LEAD:
        title = next((event.label for event in moved if event.before is None), "")
        return _("Undone: “%(title)s” leads its story again.") % {"title": title} if title else ""
    if len(moved) != 1:
        return ""
    text = _("Undone: “%(title)s” is back in its story.")
    if moved[0].before is None:
        text = _("Undone: “%(title)s” stands by itself again.")
    return text % {"title": moved[0].label}


def changed_front_page_story(operation: Operation) -> Event | None:
    """Return an event of the story that an operation on the front page was about; None if it was about several."""
    events = operation.events.filter(subject=Subject.ARTICLE, derived=False).order_by("pk")
    stories = {event.subject_id: event for event in events.defer("before", "after")}
    return next(iter(stories.values())) if len(stories) == 1 else None


def undone_on_front_page_text(operation: Operation) -> str:
    """Return the message of an undo of what was decided on the front page about one story; empty for anything else."""
    text = FRONT_PAGE_TEXTS.get(operation.verb)
    event = changed_front_page_story(operation) if text else None
    return str(text) % {"title": event.label} if event else ""


def _done_to(operation: Operation) -> set[int]:
    """Return the keys of the articles that an operation was done to, without those that only followed."""
    direct = operation.events.filter(subject=Subject.ARTICLE, derived=False).order_by()
    return set(direct.values_list("subject_id", flat=True))


def restored_number(original: Operation, result: ActionResult) -> str:
    """Return how many of the stories that the operation was done to are as before, of how many if not all of them.

    Articles that had been restored before the undo count too: it had nothing left to do on them.
    """
    done_to = _done_to(original)
    text = ngettext("%(number)s story", "%(number)s stories", len(done_to))
    return text % {"number": _restored_of(len(done_to), result, done_to)}


def _restored_of(articles: int, result: ActionResult, among: Container[int] | None = None) -> str:
    """Return the number alone, as in "3" or "2 of 3"."""
    events = [item.event for item in visible(result.not_restored) if item.event.subject == Subject.ARTICLE]
    kept = {event.subject_id for event in events if among is None or event.subject_id in among}
    restored = articles - len(kept)
    if not kept:
        return f"{restored:,}"
    return _("%(restored)s of %(all)s") % {"restored": f"{restored:,}", "all": f"{articles:,}"}


def describe_not_restored(items: Sequence[NotRestored], at_most: int = NOT_RESTORED_MAX) -> list[str]:
    """Return a sentence on which fields an undo left as they are, and why; none if it restored all that editors see."""
    shown = [f"{_describe_kept(item)} ({item.reason})" for item in visible(items)]
    more = [_("and %(number)s more") % {"number": len(shown) - at_most}] if len(shown) > at_most else []
    return [_("Left unchanged: %(fields)s.") % {"fields": "; ".join([*shown[:at_most], *more])}] if shown else []


def describe_nothing(items: Sequence[NotRestored]) -> str:
    """Return why an undo changed nothing. Fields that editors never see have to explain it if no other does."""
    if not items:
        return _("Nothing was changed: everything was as before already.")
    text = _("Nothing could be restored.")
    return text if visible(items) else f"{text} “{items[0].event.label}”: {items[0].reason}."


def visible(not_restored: Sequence[NotRestored]) -> list[NotRestored]:
    """Return the fields that an undo left as they are, without those that editors never see."""
    return [item for item in not_restored if item.event.is_forgotten or item.event.field not in HIDDEN_FIELDS]


def _describe_kept(item: NotRestored) -> str:
    if item.event.is_forgotten:
        return item.event.label
    name = f"“{item.event.label}”"
    if item.event.field in ROW_EVENTS:
        return name
    return _("%(field)s of %(name)s") % {"field": label_of(item.event.field), "name": name}


def _permission_text(permission: str) -> str:
    if permission in PERMISSION_TEXTS:
        return str(PERMISSION_TEXTS[permission])
    effect, model = permission.partition(".")[2].split("_", 1)
    return _("%(effect)s %(what)s") % {"effect": EFFECT_TEXTS[effect], "what": MODEL_TEXTS[model]}
