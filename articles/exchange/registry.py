"""Find, create and update the outlets, logos and topics that documents and registry files name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from articles.audit_log.events import FieldChange
from articles.audit_log.unit_of_work import unit_of_work
from articles.db.bulk import BulkTable, chunked
from articles.models import Subject, Topic, Verb
from providers.models import Provider, ProviderLogo

from .format.document import Document, Entry, Image, OrganizationEntry, ProviderData, TopicEntry

PROVIDERS = BulkTable(Provider, "domain", "name")
LOGOS = BulkTable(ProviderLogo, "provider", "url", "width", "height")
LogoIdentity = tuple[int, str, int | None, int | None]
TOPIC_FIELDS = ("name", "slug", "shortname", "keywords", "hashtags", "images", "services", "extra", "layout")


class ReferenceCache:
    """The ids of providers and topics, by the names used in documents; valid for one run."""

    def __init__(self) -> None:
        self.provider_ids: dict[tuple[str, str], int] = {}
        self.topic_ids: dict[str, int] = {}
        self.logos: set[LogoIdentity] = set()

    def ensure(self, documents: Sequence[Document]) -> None:
        """Create what `documents` name and the database lacks; a fixed number of queries for each call."""
        providers = [document.provider for document in documents]
        providers += [related.provider for document in documents for related in document.related]
        self._ensure_providers({(provider.domain, provider.name) for provider in providers})
        self._ensure_logos(providers)
        self._ensure_topics({topic for document in documents for topic in document.topics})

    def provider_id(self, provider: ProviderData) -> int:
        return self.provider_ids[provider.domain, provider.name]

    def _ensure_providers(self, keys: set[tuple[str, str]]) -> None:
        self._load_providers(keys - self.provider_ids.keys())
        missing = keys - self.provider_ids.keys()
        if missing:
            PROVIDERS.insert_missing(sorted(missing))
            self._load_providers(missing)

    def _load_providers(self, keys: set[tuple[str, str]]) -> None:
        for chunk in chunked(sorted({domain for domain, _name in keys})):
            for pk, domain, name in Provider.objects.filter(domain__listed=chunk).values_list("pk", "domain", "name"):
                self.provider_ids[domain, name] = pk

    def _ensure_logos(self, providers: Iterable[ProviderData]) -> None:
        logos = {
            (self.provider_id(provider), image.url, image.width, image.height)
            for provider in providers
            for image in provider.images
        }
        _create_missing_logos(logos - self.logos)
        self.logos |= logos

    def _ensure_topics(self, names: set[str]) -> None:
        self._load_topics(names - self.topic_ids.keys())
        missing = sorted(names - self.topic_ids.keys())
        if missing:
            slugs = free_slugs(missing)
            Topic.objects.bulk_create(
                [Topic(name=name, slug=slug) for name, slug in slugs.items()], ignore_conflicts=True
            )
            self._load_topics(set(missing))

    def _load_topics(self, names: set[str]) -> None:
        for chunk in chunked(sorted(names)):
            self.topic_ids.update(Topic.objects.filter(name__in=chunk).values_list("name", "pk"))


def free_slugs(names: Sequence[str]) -> dict[str, str]:
    """Return a slug for each name that no topic has yet; a digest distinguishes names with the same slug."""
    slugs = {name: slugify(name, allow_unicode=True)[:90] for name in names}
    taken = set(Topic.objects.filter(slug__in=slugs.values()).values_list("slug", flat=True))
    for name, slug in slugs.items():
        if not slug or slug in taken:
            slugs[name] = f"{slug or 'topic'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        taken.add(slugs[name])
    return slugs


def _create_missing_logos(logos: set[LogoIdentity]) -> None:
    stored: set[Any] = set()
    for chunk in chunked(sorted({provider_id for provider_id, *_others in logos})):
        rows = ProviderLogo.objects.filter(provider__in=chunk)
        stored |= set(rows.values_list("provider_id", "url", "width", "height"))
    missing = sorted(logos - stored, key=repr)
    LOGOS.insert_missing(missing)


def store_entry(entry: Entry) -> tuple[str, list[str]]:
    """Create or update the topic or outlet of a registry entry; return created, updated or unchanged, and warnings.

    Raises ValidationError if another topic has its slug or its parent is below it.
    """
    return _store_topic(entry) if isinstance(entry, TopicEntry) else (_store_organization(entry), [])


def _store_topic(entry: TopicEntry) -> tuple[str, list[str]]:
    """Store a topic. Its parent is created if it doesn't exist yet."""
    parent = _parent_topic(entry)
    topic = _existing_topic(entry)
    is_new = topic is None or not topic.registry_name  # a topic that only documents have named counts as new
    topic = topic or Topic()
    former_name, former_slug = topic.name, topic.slug
    values = {name: getattr(entry, name) for name in TOPIC_FIELDS}
    values |= {"parent_id": parent.pk if parent else None, "registry_name": entry.file_name}
    outcome = _update_row(topic, values, is_new=is_new)
    if former_name and former_name != topic.name:  # readers see it on articles that this import doesn't touch
        with unit_of_work(Verb.IMPORT) as uow:
            uow.record(FieldChange(topic.pk, topic.name, "name", former_name, topic.name, subject=Subject.TOPIC))
    if former_slug in ("", topic.slug):
        return outcome, []
    urls = {"url": topic.get_absolute_url(), "former": reverse("topic", args=[former_slug])}
    return outcome, [_("its page is at %(url)s now, and %(former)s is not found any more") % urls]


def _existing_topic(entry: TopicEntry) -> Topic | None:
    """Return the topic of this name, or that which the same file registered under another name.

    A slug alone identifies no topic: an entry of another newsroom would rename it on all its articles.
    """
    same_name = Topic.objects.filter(name=entry.name).first()
    same_slug = Topic.objects.filter(slug=entry.slug).first()
    if same_slug is None or same_slug == same_name:
        return same_name
    if same_name is None and same_slug.registry_name == entry.file_name:
        return same_slug
    if same_slug.registry_name:
        origin = _("registered by %(file)s") % {"file": same_slug.registry_name}
    else:
        origin = _("in no registry file")
    text = _("“%(slug)s” is the slug of the topic “%(topic)s” (%(origin)s); choose another slug for one of them")
    raise ValidationError({"_id": [text % {"slug": entry.slug, "topic": same_slug, "origin": origin}]})


def _parent_topic(entry: TopicEntry) -> Topic | None:
    if not entry.parent:
        return None
    parent = Topic.objects.filter(name=entry.parent).first()
    return parent or Topic.objects.create(name=entry.parent, slug=free_slugs([entry.parent])[entry.parent])


def _store_organization(entry: OrganizationEntry) -> str:
    provider = Provider.objects.filter(domain=entry.domain, name=entry.name).first()
    is_new = provider is None or not provider.registry_name
    provider = provider or Provider(domain=entry.domain, name=entry.name)
    values = {
        "registered": True,
        "registry_id": entry.registry_id,
        "registry_name": entry.file_name,
        "extra": entry.extra,
        "layout": entry.layout,
        "language": provider.language or entry.language,  # an editor's stay
        "country": provider.country or entry.country,
    }
    outcome = _update_row(provider, values, is_new=is_new)
    return "updated" if _sync_logos(provider, entry.images) and outcome == "unchanged" else outcome


def _update_row(row: Topic | Provider, values: dict[str, Any], *, is_new: bool) -> str:
    """Save what differs from `values`; return created, updated or unchanged."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if is_new or changed:
        row.full_clean()
        row.save()
    return "created" if is_new else "updated" if changed else "unchanged"


def _sync_logos(provider: Provider, images: Sequence[Image]) -> bool:
    """Store the logos in the order of the entry; return whether that changed anything."""
    logos: dict[tuple[str, int | None, int | None], ProviderLogo] = {}
    for logo in provider.logos.order_by("pk"):
        logos.setdefault((logo.url, logo.width, logo.height), logo)  # several, where a size is unknown
    is_changed = False
    kept = []
    for position, image in enumerate(images):
        url, width, height = identity = image.url, image.width, image.height
        logo = logos.setdefault(identity, ProviderLogo(provider=provider, url=url, width=width, height=height))
        if logo.pk is None or (logo.position, logo.extra, logo.layout) != (position, image.extra, image.layout):
            logo.position, logo.extra, logo.layout = position, image.extra, image.layout
            logo.save()
            is_changed = True
        kept.append(logo.pk)
    return bool(provider.logos.exclude(pk__in=kept).exclude(position=None).update(position=None)) or is_changed


def registry_entries() -> Iterator[Entry]:
    """Yield the registry entries that came from files. Four queries."""
    for topic in Topic.objects.exclude(registry_name="").select_related("parent").order_by("registry_name"):
        yield TopicEntry(
            parent=topic.parent.name if topic.parent else "",
            file_name=topic.registry_name,
            **{name: getattr(topic, name) for name in TOPIC_FIELDS},
        )
    for provider in Provider.objects.exclude(registry_name="").prefetch_related("logos").order_by("registry_name"):
        positioned = [logo for logo in provider.logos.all() if logo.position is not None and logo.url]
        yield OrganizationEntry(
            name=provider.name,
            domain=provider.domain,
            registry_id=provider.registry_id,
            images=[
                Image(url=logo.url, width=logo.width, height=logo.height, extra=logo.extra, layout=logo.layout)
                for logo in sorted(positioned, key=lambda logo: logo.position or 0)
            ],
            language=provider.language,
            country=provider.country,
            file_name=provider.registry_name,
            extra=provider.extra,
            layout=provider.layout,
        )
