"""The numbers of the policies in their rows: read, written and logged one by one.

A topic's policy is nothing but its numbers: it comes into being with the first and goes with the last.
"""

from __future__ import annotations

from articles.audit_log.unit_of_work import FieldChange, UnitOfWork
from articles.models import SitePolicy, Subject, TopicPolicy, event_field


def set_policy_value(uow: UnitOfWork, name: str, topic: int | None, value: int | None) -> None:
    """Set a number of the site's policy, or of a topic's, where None means the site's; log it if it changed."""
    row = locked_policy(topic)
    before = getattr(row, name)
    if before == value:
        return
    setattr(row, name, value)
    if isinstance(row, TopicPolicy) and row.is_empty:
        row.delete()
    else:
        row.save()
    uow.record(FieldChange(1, str(row), event_field(name, topic), before, value, subject=Subject.POLICY))


def locked_policy(topic: int | None) -> SitePolicy | TopicPolicy:
    """Return the stored policy of the site or of a topic, locked; a new one with the defaults if there is none."""
    site = SitePolicy.objects.select_for_update().filter(pk=1).first() or SitePolicy()
    if topic is None:
        return site
    if site.pk is None:
        site.save()  # for topics' policies to hang on
    return TopicPolicy.objects.select_for_update(of=["self"]).filter(topic=topic).first() or TopicPolicy(topic_id=topic)
