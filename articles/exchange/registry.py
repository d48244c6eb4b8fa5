"""Outlets, logos and topics: found or made as documents and registry files name them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.text import slugify

from articles.audit_log.unit_of_work import FieldChange, unit_of_work
from articles.db.bulk import chunked
from articles.models import Subject, Topic, Verb
from providers.models import Provider, ProviderLogo

from .format.document import Document, Entry, Image, OrganizationEntry, Outlet, TopicEntry

LogoIdentity = tuple[int, str, int | None, int | None]


class Registry:
    """The ids of outlets and topics by what documents call them; holds for one run."""

    def __init__(self) -> None:
        self.provider_ids: dict[tuple[str, str], int] = {}
        self.topic_ids: dict[str, int] = {}
        self.logos: set[LogoIdentity] = set()

    def prepare(self, documents: Sequence[Document]) -> None:
        """Make what `documents` name and the database lacks; a fixed number of queries for each call."""
        outlets = [document.provider for document in documents]
        outlets += [related.provider for document in documents for related in document.related]
        self._prepare_providers({(outlet.domain, outlet.name) for outlet in outlets})
        self._prepare_logos(outlets)
        self._prepare_topics({topic for document in documents for topic in document.topics})

    def provider_id(self, outlet: Outlet) -> int:
        return self.provider_ids[outlet.domain, outlet.name]

    def _prepare_providers(self, wanted: set[tuple[str, str]]) -> None:
        missing = wanted - self.provider_ids.keys()
        self._load_providers(missing)
        missing -= self.provider_ids.keys()
        if missing:
            Provider.objects.bulk_create(
                [Provider(domain=domain, name=name) for domain, name in sorted(missing)], ignore_conflicts=True
            )
            self._load_providers(missing)

    def _load_providers(self, wanted: set[tuple[str, str]]) -> None:
        for chunk in chunked(sorted({domain for domain, _ in wanted})):
            for pk, domain, name in Provider.objects.filter(domain__listed=chunk).values_list("pk", "domain", "name"):
                self.provider_ids[domain, name] = pk

    def _prepare_logos(self, outlets: Iterable[Outlet]) -> None:
        wanted = {
            (self.provider_id(outlet), image.url, image.width, image.height)
            for outlet in outlets
            for image in outlet.images
        } - self.logos
        if wanted:
            _add_logos(wanted)
            self.logos |= wanted

    def _prepare_topics(self, wanted: set[str]) -> None:
        missing = wanted - self.topic_ids.keys()
        self._load_topics(missing)
        missing -= self.topic_ids.keys()
        if missing:
            slugs = free_slugs(sorted(missing))
            Topic.objects.bulk_create(
                [Topic(name=name, slug=slug) for name, slug in slugs.items()], ignore_conflicts=True
            )
            self._load_topics(missing)

    def _load_topics(self, names: set[str]) -> None:
        for chunk in chunked(sorted(names)):
            self.topic_ids.update(Topic.objects.filter(name__in=chunk).values_list("name", "pk"))


def free_slugs(names: Sequence[str]) -> dict[str, str]:
    """Return a slug for each name that no topic has yet; a digest tells names of one slug apart."""
    slugs = {name: slugify(name, allow_unicode=True)[:90] for name in names}
    taken = set(Topic.objects.filter(slug__in=slugs.values()).values_list("slug", flat=True))
    for name, slug in slugs.items():
        if not slug or slug in taken:
            slugs[name] = f"{slug or 'topic'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        taken.add(slugs[name])
    return slugs


def _add_logos(wanted: set[LogoIdentity]) -> bool:
    stored: set[Any] = set()
    for chunk in chunked(sorted({provider_id for provider_id, *_ in wanted})):
        logos = ProviderLogo.objects.filter(provider__in=chunk)
        stored |= set(logos.values_list("provider_id", "url", "width", "height"))
    missing = sorted(wanted - stored, key=repr)
    ProviderLogo.objects.bulk_create(
        [ProviderLogo(provider_id=pk, url=url, width=width, height=height) for pk, url, width, height in missing],
        ignore_conflicts=True,
    )
    return bool(missing)


TOPIC_FIELDS = ("name", "slug", "shortname", "keywords", "hashtags", "images", "services", "extra", "layout")


def store_topic(entry: TopicEntry) -> str:
    """Make or update the topic of a registry entry; return created, updated or unchanged.

    An entry finds its topic by name, then by slug. Its parent is made if it isn't there yet. Raises
    ValidationError if another topic has its slug, or its parent stands below it.
    """
    topic = Topic.objects.filter(name=entry.name).first() or Topic.objects.filter(slug=entry.slug).first()
    created = topic is None or not topic.registry_name  # what documents named before is registered only now
    topic = topic or Topic()
    former = topic.name
    parent = _parent_topic(entry)
    values = {name: getattr(entry, name) for name in TOPIC_FIELDS}
    values |= {"parent_id": parent.pk if parent else None, "registry_name": entry.file_name}
    outcome = _brought_up(topic, values, created=created)
    if former and former != topic.name:  # readers see it on articles that this import doesn't touch
        with unit_of_work(Verb.IMPORT) as uow:
            uow.record(FieldChange(topic.pk, topic.name, "name", former, topic.name, subject=Subject.TOPIC))
    return outcome


def register_missing(entries: Iterable[Entry]) -> None:
    """Store the entries whose topic or outlet isn't there yet; leave the others as they are."""
    for entry in entries:
        if isinstance(entry, TopicEntry):
            if not Topic.objects.filter(name=entry.name).exists():
                store_topic(entry)
        elif not Provider.objects.filter(domain=entry.domain, name=entry.name).exists():
            store_organization(entry)


def _brought_up(row: Topic | Provider, values: dict[str, Any], *, created: bool) -> str:
    """Save what differs from `values`; return created, updated or unchanged."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if created or changed:
        row.full_clean()
        row.save()
    return "created" if created else "updated" if changed else "unchanged"


def _parent_topic(entry: TopicEntry) -> Topic | None:
    if not entry.parent:
        return None
    found = Topic.objects.filter(name=entry.parent).first()
    return found or Topic.objects.create(name=entry.parent, slug=free_slugs([entry.parent])[entry.parent])


def store_organization(entry: OrganizationEntry) -> str:
    """Make or update the outlet of a registry entry, with its logos; return created, updated or unchanged."""
    provider = Provider.objects.filter(domain=entry.domain, name=entry.name).first()
    created = provider is None or not provider.registry_name
    provider = provider or Provider(domain=entry.domain, name=entry.name)
    values = {
        "registered": True,
        "registry_id": entry.registry_id,
        "registry_name": entry.file_name,
        "extra": entry.extra,
        "layout": entry.layout,
    }
    outcome = _brought_up(provider, values, created=created)
    return "updated" if _bring_up_logos(provider, entry.images) and outcome == "unchanged" else outcome


def _bring_up_logos(provider: Provider, images: Sequence[Image]) -> bool:
    """Store the logos in the order of the entry; return whether that changed anything."""
    changed = False
    kept = []
    for position, image in enumerate(images):
        logo, is_new = ProviderLogo.objects.get_or_create(
            provider=provider, url=image.url, width=image.width, height=image.height
        )
        values = {"position": position, "extra": image.extra, "layout": image.layout}
        if any(getattr(logo, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(logo, name, value)
            logo.save()
            changed = True
        changed |= is_new
        kept.append(logo.pk)
    return bool(provider.logos.exclude(pk__in=kept).exclude(position=None).update(position=None)) or changed


def entries() -> Iterator[Entry]:
    """Yield the registry entries that came from files. Four queries."""
    for topic in Topic.objects.exclude(registry_name="").select_related("parent").order_by("registry_name"):
        yield TopicEntry(
            parent=topic.parent.name if topic.parent else "",
            file_name=topic.registry_name,
            **{name: getattr(topic, name) for name in TOPIC_FIELDS},
        )
    outlets = Provider.objects.exclude(registry_name="").prefetch_related("logos").order_by("registry_name")
    for provider in outlets:
        logos = sorted((logo for logo in provider.logos.all() if logo.position is not None), key=_position)
        yield OrganizationEntry(
            name=provider.name,
            domain=provider.domain,
            registry_id=provider.registry_id,
            images=[
                Image(url=logo.url, width=logo.width, height=logo.height, extra=logo.extra, layout=logo.layout)
                for logo in logos
            ],
            file_name=provider.registry_name,
            extra=provider.extra,
            layout=provider.layout,
        )


def _position(logo: ProviderLogo) -> int:
    return logo.position or 0
