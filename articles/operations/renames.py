"""What topics and outlets are called now that the log or an incoming value knows by a former name."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from articles.models import Event, Operation, Subject, Topic
from providers.models import Provider


def topic_renames(operation: Operation) -> dict[str, str]:
    """Return the present names of topics that were renamed after an operation, by their names then. Two queries."""
    last = operation.events.order_by("-pk").values("pk")[:1]
    return _present_names(_topic_renames().filter(pk__gt=last).order_by("-pk"))  # the first event of each name


def present_topic_names(names: Sequence[str]) -> list[str]:
    """Return the names with those that no topic has replaced by the present name of the topic that had them last."""
    missing = {*names} - set(Topic.objects.filter(name__in=names).values_list("name", flat=True))
    renames = _present_names(_topic_renames().order_by("pk")) if missing else {}
    return [renames.get(name, name) if name in missing else name for name in names]


def find_provider(domain: str, name: str) -> Provider | None:
    """Return the outlet that has this domain and name, or that had them last."""
    provider = Provider.objects.filter(domain=domain, name=name).first()
    if provider is not None:
        return provider
    changes = Event.objects.filter(subject=Subject.PROVIDER, field__in=("domain", "name")).order_by("-pk")
    former = Provider.objects.in_bulk({*changes.values_list("subject_id", flat=True)})
    for pk, field, before in changes.values_list("subject_id", "field", "before"):
        if pk in former:
            setattr(former[pk], field, before)
            if (former[pk].domain, former[pk].name) == (domain, name):
                return Provider.objects.get(pk=pk)
    return None


def _topic_renames() -> QuerySet[Event]:
    return Event.objects.filter(subject=Subject.TOPIC, field="name")


def _present_names(renames: QuerySet[Event]) -> dict[str, str]:
    """Return the present names of renamed topics by their former ones; of several events of a name the last counts."""
    topics = dict(renames.values_list("before", "subject_id"))
    names = dict(Topic.objects.filter(pk__in=topics.values()).values_list("pk", "name")) if topics else {}
    return {str(name): names[pk] for name, pk in topics.items() if pk in names}
