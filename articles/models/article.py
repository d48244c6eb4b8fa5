"""An article: one provider's text at one URL, as its document and the editors have it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager

from articles.db.choices import choices_of
from articles.db.limited_fields import BodyField, LanguageField, LineField, LongTextField, ShortTextField, TimeField
from articles.rules.dates import ranked_at
from articles.rules.limits import CATEGORY_MAX, NOTE_MAX, TITLE_MAX, WORD_MAX
from articles.rules.ranking import front_page_rank
from articles.rules.scoring import FOLDED_HEAT, SCORE_MAX, Role, role_of
from articles.rules.states import SPIKE_REASON_LABELS, STATE_LABELS, SpikeReason, State, decision_label
from articles.rules.visibility import is_within_schedule
from providers.models import Provider

from .fields import BytewiseCharField, SparseJSONField, TagsField, WebAddressField, is_web_address
from .topic import ArticleTopic, Topic

SMALL_TOPIC_MAX = 2000  # articles that are looked up by their ids


def shown_to_readers(prefix: str = "", at: datetime | None = None) -> Q:
    """Return the condition that an article is public by itself at `at`, now by default.

    Schedules are conditions on the clock, so that no job has to run. `prefix` leads to the article, as "target__".
    """
    now = at or timezone.now()
    begun = Q(**{f"{prefix}publish_at": None}) | Q(**{f"{prefix}publish_at__lte": now})
    not_over = Q(**{f"{prefix}unpublish_at": None}) | Q(**{f"{prefix}unpublish_at__gt": now})
    return Q(**{f"{prefix}public": True}) & begun & not_over


class ArticleQuerySet(models.QuerySet["Article"]):
    def public(self, at: datetime | None = None) -> Self:
        """Return the articles that are public by themselves at `at`, now by default."""
        return self.filter(shown_to_readers(at=at))

    def outside_schedule(self, at: datetime | None = None) -> Self:
        """Return the articles that only their schedules keep from being public at `at`, now by default.

        Counts that use an index of public articles, which has no schedules, subtract them.
        """
        now = at or timezone.now()
        return self.filter(Q(publish_at__gt=now) | Q(unpublish_at__lte=now), public=True)

    def standalone(self) -> Self:
        """Return the articles that are not folded under a lead, in any state."""
        return self.filter(Q(heat=None) | Q(heat__gte=0), staged=None)

    def folded_without_lead(self) -> Self:
        """Return the folded articles that readers can't reach: without a lead here, or with a withdrawn one."""
        everything = Article.objects.order_by()
        folded = everything.filter(heat=FOLDED_HEAT, staged=None)
        # Nobody follows a lead that its source or an import withdrew: only when an editor does, the best member leads.
        # A union, because SQLite uses the index of each part, but would read all articles for `removed OR missing`.
        withdrawn = everything.filter(removed=True).values("pk").union(everything.filter(missing=True).values("pk"))
        of_withdrawn = folded.filter(lead__in=withdrawn)
        return self.filter(pk__in=folded.filter(lead=None).values("pk").union(of_withdrawn.values("pk")))

    def scheduled(self, at: datetime | None = None) -> Self:
        """Return the articles that are scheduled to become public, or to stop being so, after `at`."""
        now = at or timezone.now()
        return self.filter(Q(publish_at__gt=now) | Q(unpublish_at__gt=now))

    def unscored(self) -> Self:
        return self.filter(quality__isnull=True, heat__isnull=True, published__isnull=True)

    def waiting_for_suggestion(self) -> Self:
        """Return the unscored articles that commands give the suggested quality: those that readers could see."""
        return self.unscored().filter(staged=None, missing=False).exclude(removed__isnull=False, removed=True)

    def unscored_differing_from(self, show: bool) -> Self:
        """Return the unscored articles that change if the policy shows (or hides) unscored articles."""
        return self.unscored().filter(staged=None, public=not show, missing=False).exclude(removed=True)

    def newest_first(self) -> Self:
        """Order by publication time; ties by file name (docs/api.md#pages)."""
        return self.order_by("-published_at", "file_name")

    def latest_first(self) -> Self:
        """Order as lists for readers do: by the time at which the site lists an article (see rules.dates)."""
        return self.order_by("-listed_at", "-published_at", "file_name")

    def on_front_page(self) -> Self:
        """Return the articles that no editor keeps off the front page."""
        return self.filter(off_front=None)

    def hottest_first(self) -> Self:
        return self.order_by("-hot", "file_name")

    def with_topics(self, topics: Iterable[Topic | int]) -> Self:
        """Return the articles with any of `topics`.

        A few articles are looked up by their ids; of many, the newest are found by walking the articles in order. A
        first query decides, because the databases choose badly among a million articles: SQLite sorts all of a large
        topic (1.9 s), PostgreSQL walks everything for a rare one (5 s).
        """
        tagged = ArticleTopic.objects.filter(tag__in=list(topics)).order_by()
        ids = list(tagged.values_list("content_object", flat=True)[: SMALL_TOPIC_MAX + 1])
        if len(ids) <= SMALL_TOPIC_MAX:
            return self.filter(pk__in=ids)
        return self.filter(Exists(tagged.filter(content_object=OuterRef("pk"))))

    def of_providers(self, providers: models.QuerySet[Provider]) -> Self:
        """Return the articles of these providers. A query loads their ids: for a single one, an index has the order."""
        ids = list(providers.order_by().values_list("pk", flat=True))
        return self.filter(provider=ids[0]) if len(ids) == 1 else self.filter(provider__in=ids)


class Article(models.Model):  # type: ignore[django-manager-missing]
    """An article is identified by the name of its document (without suffix), which never changes."""

    name = BytewiseCharField(
        _("name"),
        max_length=255,
        unique=True,
        help_text=_("The document's file name without suffix, YYYY-MM-DD-words: the article's identity and URL."),
    )
    file_name = models.GeneratedField(
        expression=Concat("name", Value(".md")),
        output_field=BytewiseCharField(max_length=258),
        db_persist=True,
        help_text=_("Ties go to the smallest file name, not the smallest name: a-b.md comes before a.md."),
    )
    dialect = models.CharField(
        _("dialect"), max_length=2, default="D5", editable=False, help_text=_("How its document is written.")
    )
    category = LineField(_("category"), max_length=CATEGORY_MAX, default="news", blank=True)
    title = LineField(_("title"), max_length=TITLE_MAX)
    excerpt = LongTextField(_("excerpt"), blank=True)
    published_at = TimeField(_("publication time"), help_text=_("When the outlet published it, in UTC."))
    # Filled on every article; NULL only on rows that the release before has inserted since the migration.
    listed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When it came to the site, or the outlet published it if that was long before."),
    )
    first_shown_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When readers could first see it by itself, or will by its schedule; empty if they never could."),
    )
    from_archive = models.BooleanField(
        null=True, editable=False, help_text="It came with the newsroom's first import and is listed by its own date."
    )
    original_url = WebAddressField(_("original URL"))
    web_url = WebAddressField(_("URL"))
    amp_url = WebAddressField(_("AMP URL"))
    cdn_amp_url = WebAddressField(_("AMP cache URL"))
    type = LineField(
        _("type"),
        max_length=WORD_MAX,
        default="article",
        blank=True,
        help_text=_("article, video, or another type that the document names."),
    )
    language = LanguageField(
        _("language"), help_text=_("Language tag (BCP 47), such as en or de-AT. Leave blank for the outlet’s language.")
    )
    quality = models.IntegerField(
        _("quality"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(SCORE_MAX)],
        help_text=_("How good this article is by itself."),
    )
    suggested_quality = models.IntegerField(
        null=True,
        editable=False,
        help_text=_("The suggestion that it took as its quality; a document's own quality replaces it."),
    )
    heat = models.IntegerField(
        _("heat"),
        null=True,
        blank=True,
        validators=[MinValueValidator(FOLDED_HEAT), MaxValueValidator(SCORE_MAX)],
        help_text=_("How big the event is; -1 on a folded article."),
    )
    document_scores = SparseJSONField(
        null=True,
        editable=False,
        help_text=_(
            "Quality, heat and number of related links that its document says, if the heat is above the quality."
        ),
    )
    published = models.BooleanField(
        _("published"), null=True, blank=True, help_text=_("Empty until somebody has decided.")
    )
    state = models.CharField(
        _("state"),
        max_length=9,
        choices=choices_of(STATE_LABELS),
        default=State.UNDECIDED.value,
        editable=False,
    )
    spike_reason = models.CharField(
        _("reason"), max_length=11, choices=choices_of(SPIKE_REASON_LABELS), blank=True, editable=False
    )
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    publish_at = TimeField(
        _("publish at"), null=True, blank=True, help_text=_("Readers see it from then on. Empty means at once.")
    )
    unpublish_at = TimeField(
        _("unpublish at"),
        null=True,
        blank=True,
        help_text=_("Readers no longer see it from then on. Empty means never."),
    )
    pick_until = TimeField(
        _("editor's pick until"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Until then it is among the first on the front page."),
    )
    pick_place = models.SmallIntegerField(
        _("place as a pick"),
        null=True,
        editable=False,
        help_text=_("Of a pick, counted from 1; empty means as high as the places of other picks leave room."),
    )
    # NULL means no, so that no database rewrites the table to add the column.
    off_front = models.BooleanField(
        _("kept off the front page"), null=True, editable=False, help_text=_("Readers find it everywhere else.")
    )
    removed = models.BooleanField(
        _("removed"), null=True, blank=True, help_text=_("Its source removed it; readers don't see it.")
    )
    missing = models.BooleanField(
        _("missing"),
        default=False,
        help_text=_("An import with pruning didn't find its document; withdrawn until it is imported again."),
    )
    stale = models.BooleanField(
        _("stale"), default=False, help_text=_("Its document has no scores any more; these are the last ones.")
    )
    # NULL means no note, so that no database rewrites the table to add the column.
    note = ShortTextField(
        _("note"),
        max_length=NOTE_MAX,
        null=True,
        blank=True,
        help_text=_("For the newsroom only: never published, never exported."),
    )
    public = models.BooleanField(default=False, editable=False, help_text=_("Shown to readers by itself."))
    staged = models.BooleanField(null=True, editable=False, help_text="The value of `public` after the current import.")
    hot = models.FloatField(
        default=0,
        editable=False,
        help_text=_("Rank on the front page: the hotter and the newer a story is, the higher."),
    )
    featured_content = LongTextField(
        _("featured content"), blank=True, help_text=_("As the document has it; readers get a rebuilt player.")
    )
    provider = models.ForeignKey(  # the index article_provider begins with it
        "providers.Provider", models.PROTECT, related_name="articles", verbose_name=_("outlet"), db_index=False
    )
    tags = TagsField(
        _("places"), default=list, blank=True, help_text=_("Places, as ISO 3166 codes and readable names.")
    )
    topics = TaggableManager(through=ArticleTopic, blank=True, verbose_name=_("topics"))
    lead = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="folded_articles",
        verbose_name=_("lead"),
        help_text=_("On a folded article: the lead of its story."),
    )
    previous_lead = BytewiseCharField(
        max_length=255,
        null=True,
        editable=False,
        help_text=_(
            "The lead that it follows since that one was held, spiked or deleted; empty once somebody decided."
        ),
    )
    same_event_as = BytewiseCharField(
        max_length=255,
        null=True,
        editable=False,
        help_text=_(
            "The published lead that it may be the same event as, so that it waits; empty once somebody decided."
        ),
    )
    ambiguous = models.BooleanField(
        _("ambiguous"), default=False, help_text=_("Several leads list this article; it is folded under the best one.")
    )
    twin = models.BooleanField(default=False, editable=False, help_text="Another article has the same URL.")
    picture_count = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Number of pictures in its document."
    )
    picture_failed = models.BooleanField(
        null=True,
        editable=False,
        help_text=_("None of its pictures can be shown: fetching failed, or they were taken down."),
    )
    # What needs an editor's attention, see derived.refresh_attention_flags().
    duplicate = models.BooleanField(default=False, editable=False, help_text=_("Another article has the same URL."))
    pictureless = models.BooleanField(default=False, editable=False, help_text=_("It has no picture to show."))
    warned = models.BooleanField(default=False, editable=False, help_text=_("It has warnings."))
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,  # the index article_by_editor begins with it
        help_text=_("Who made the last decision."),
    )
    version = models.PositiveIntegerField(default=1, editable=False, help_text=_("Incremented with every change."))
    secured = models.TextField(blank=True, editable=False, help_text="Opaque: kept and exported, never shown.")
    body = BodyField(_("body"), blank=True, help_text=_("The text under the front matter."))
    extra = SparseJSONField(default=list, blank=True, editable=False, help_text=_("Unknown keys of the document."))
    layout = SparseJSONField(
        default=dict, blank=True, editable=False, help_text="How its document differs from the format's rules."
    )
    content_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Digest of the document last imported."
    )
    pins = SparseJSONField(
        default=list, blank=True, editable=False, help_text=_("Fields with an editor's value, which imports keep.")
    )
    wishes = SparseJSONField(
        default=dict, blank=True, editable=False, help_text=_("The document's values of the pinned fields.")
    )
    match_key = models.CharField(max_length=32, editable=False, help_text="Digest of URL, title and time.")
    url_key = models.CharField(max_length=32, blank=True, editable=False, help_text="Digest of the URL's normal form.")
    created_at = models.DateTimeField(_("imported"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering: ClassVar = ["-published_at", "file_name"]
        permissions: ClassVar = [
            ("score", "Can score, hold, spike and reopen articles"),
            ("fold", "Can fold articles, take them out, make leads and merge stories"),
            ("publish", "Can publish, withdraw and schedule articles"),
            ("run_import", "Can import documents and undo an import"),
        ]
        indexes = (
            models.Index(fields=["-published_at", "file_name"], name="article_newest"),
            models.Index(fields=["-published_at", "file_name"], name="article_feed", condition=Q(public=True)),
            models.Index(fields=["-hot", "file_name"], name="article_front", condition=Q(public=True)),
            models.Index(
                fields=["-listed_at", "-published_at", "file_name"], name="article_listed", condition=Q(public=True)
            ),
            models.Index(
                fields=["provider", "-listed_at", "-published_at", "file_name"],
                name="article_provider_listed",
                condition=Q(public=True),
            ),
            models.Index(fields=["provider", "-published_at", "file_name"], name="article_provider"),
            models.Index(
                fields=["-published_at", "file_name"],
                name="article_unscored",
                condition=Q(quality__isnull=True, heat__isnull=True, published__isnull=True),
            ),
            models.Index(fields=["match_key"], name="article_match_key"),
            models.Index(fields=["url_key"], name="article_url_key"),
            models.Index(fields=["language"], name="article_language", condition=Q(language__isnull=False)),
            models.Index(fields=["staged"], name="article_staged", condition=Q(staged__isnull=False)),
            models.Index(fields=["state", "-published_at", "file_name"], name="article_queue"),
            models.Index(fields=["state", "-hot", "file_name"], name="article_hot_queue"),
            models.Index(fields=["state", "-state_since", "-id"], name="article_decided"),
            models.Index(
                fields=["editor", "-changed_at", "-id"], name="article_by_editor", condition=Q(editor__isnull=False)
            ),
            models.Index(fields=["publish_at"], name="article_publish_at", condition=Q(publish_at__isnull=False)),
            models.Index(fields=["unpublish_at"], name="article_unpublish_at", condition=Q(unpublish_at__isnull=False)),
            models.Index(fields=["pick_until"], name="article_pick", condition=Q(pick_until__isnull=False)),
            models.Index(fields=["-hot", "file_name"], name="article_off_front", condition=Q(off_front=True)),
            models.Index(fields=["-published_at", "file_name"], name="article_folded", condition=Q(heat=FOLDED_HEAT)),
            models.Index(  # SQLite takes it rather than that of all leads, because both columns are compared
                fields=["heat", "lead"], name="article_folded_no_lead", condition=Q(heat=FOLDED_HEAT, lead__isnull=True)
            ),
            models.Index(fields=["-published_at", "file_name"], name="article_removed", condition=Q(removed=True)),
            models.Index(fields=["-published_at", "file_name"], name="article_noted", condition=Q(note__isnull=False)),
            models.Index(fields=["lead"], name="article_claimed", condition=Q(ambiguous=True)),
            models.Index(fields=["previous_lead"], name="article_successor", condition=Q(previous_lead__isnull=False)),
            models.Index(
                fields=["-published_at", "file_name"], name="article_edited", condition=Q(editor__isnull=False)
            ),
            *(
                models.Index(fields=["-published_at", "file_name"], name=f"article_{flag}", condition=Q(**{flag: True}))
                for flag in ("duplicate", "pictureless", "warned", "missing", "stale", "ambiguous")
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="article_has_name_and_title",
                condition=~Q(name="") & ~Q(title=""),
                violation_error_message=_("An article needs a name and a title."),
            ),
            models.CheckConstraint(
                name="article_score_range",
                condition=(Q(quality__isnull=True) | Q(quality__range=(0, SCORE_MAX)))
                & (Q(heat__isnull=True) | Q(heat__range=(FOLDED_HEAT, SCORE_MAX))),
                violation_error_message=_("Quality and heat are numbers from 0 to 1,000,000; heat is -1 when folded."),
            ),
            models.CheckConstraint(
                name="article_public_fails_closed",
                condition=Q(public=False)
                | Q(missing=False)
                & (Q(removed__isnull=True) | Q(removed=False))
                & (
                    Q(published__isnull=False, published=True) & (Q(heat__isnull=True) | Q(heat__gte=0))
                    | Q(quality__isnull=True, heat__isnull=True, published__isnull=True)
                ),
                violation_error_message=_(
                    "Readers see what is published or unscored, never what is folded or removed."
                ),
            ),
            models.CheckConstraint(
                name="article_state_agrees",
                condition=Q(state="published", published__isnull=False, published=True)
                | (Q(published__isnull=True) | Q(published=False)) & Q(state__in=["undecided", "held", "spiked"]),
                violation_error_message=_("The state must be published if and only if published is true."),
            ),
            models.CheckConstraint(
                name="article_spiked_with_reason",
                condition=Q(state="spiked", spike_reason__in=[reason.value for reason in SpikeReason])
                | ~Q(state="spiked") & Q(spike_reason=""),
                violation_error_message=_("A spiked article needs a reason; other articles have none."),
            ),
            models.CheckConstraint(
                name="article_schedule_in_order",
                condition=Q(publish_at__isnull=True) & Q(unpublish_at__isnull=True)
                | Q(state="published")
                & (Q(publish_at__isnull=True) | Q(unpublish_at__isnull=True) | Q(unpublish_at__gt=F("publish_at"))),
                violation_error_message=_("Only published articles have a schedule, and it must end after it begins."),
            ),
            models.CheckConstraint(
                name="article_not_its_own_lead",
                condition=~Q(lead=F("id")),
                violation_error_message=_("An article can't be folded under itself."),
            ),
            models.CheckConstraint(
                name="article_addresses_are_web",
                condition=is_web_address("original_url", "web_url", "amp_url", "cdn_amp_url"),
                violation_error_message=_("URLs start with http:// or https://."),
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("story", args=[self.name])

    @property
    def source_url(self) -> str:
        """Return where the story can be read; empty if its document has no URL."""
        return self.web_url or self.original_url

    @property
    def text_language(self) -> str:
        """Return the language of its words, else of its outlet; empty if neither is known."""
        return self.language or self.provider.language or ""

    @property
    def uses_suggestion(self) -> bool:
        """Whether its quality is the suggestion that it took: no document and no editor gave it another one."""
        return self.quality is not None and self.quality == self.suggested_quality and "quality" not in self.pins

    @property
    def waits_for_editor(self) -> bool:
        """Whether it stays unpublished until an editor decides, as after an intake or *reopen*."""
        return self.state == State.UNDECIDED and "published" in self.pins

    def incoming_words(self) -> dict[str, str]:
        """Return the title and excerpt that its document or source states, where an editor's words differ."""
        incoming = {
            name: self.wishes[name] for name in ("title", "excerpt") if name in self.pins and name in self.wishes
        }
        return {name: text for name, text in incoming.items() if text != getattr(self, name)}

    @property
    def decision(self) -> str:
        """Return the state, with the reason if it is spiked: one of `operations.DECISIONS`."""
        return f"{self.state}: {self.spike_reason}" if self.spike_reason else self.state

    @property
    def decision_label(self) -> str:
        """Return the decision in words; "scheduled" while what is published waits for its time."""
        if self.state == State.PUBLISHED and self.publish_at and self.publish_at > timezone.now():
            return str(_("scheduled"))
        return decision_label(self.decision)

    @property
    def is_folded(self) -> bool:
        return self.heat == FOLDED_HEAT

    def is_shown(self, at: datetime | None = None) -> bool:
        """Return whether it is public by itself at `at`, now by default, as `shown_to_readers()` in Python."""
        return self.public and is_within_schedule(self.publish_at, self.unpublish_at, at or timezone.now())

    def role(self, related_count: int) -> Role:
        return role_of(self.quality, self.heat, self.published, related_count)

    def hot_now(self) -> float:
        """Return the front page rank from heat and time; a publication time in the future counts from the listing."""
        return front_page_rank(self.heat, ranked_at(self.published_at, self.listed_at or self.published_at))
