"""The numbers of the policies, stored and logged one by one.

A topic has its own policy as long as it overrides at least one number.
"""

from __future__ import annotations

from articles.audit_log.events import FieldChange
from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import SitePolicy, Subject, TopicPolicy, policy_field


def set_policy_value(uow: UnitOfWork, name: str, topic: int | None, value: int | str | None) -> None:
    """Set a number of the site's policy, or of a topic's, where None means the site's; log it if it changed."""
    policy = locked_policy(topic)
    before = getattr(policy, name)
    if before == value:
        return
    setattr(policy, name, value)
    if isinstance(policy, TopicPolicy) and policy.is_empty:
        policy.delete()
    else:
        policy.save()
    uow.record(FieldChange(1, str(policy), policy_field(name, topic), before, value, subject=Subject.POLICY))


def locked_policy(topic: int | None) -> SitePolicy | TopicPolicy:
    """Return the stored policy of the site or of a topic, locked, or an unsaved one with the defaults."""
    site = SitePolicy.objects.select_for_update().filter(pk=1).first() or SitePolicy()
    if topic is None:
        return site
    if site.pk is None:
        site.save()  # topic policies refer to it
    return TopicPolicy.objects.select_for_update(of=["self"]).filter(topic=topic).first() or TopicPolicy(topic_id=topic)
