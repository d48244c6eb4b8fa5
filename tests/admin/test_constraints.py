"""A constraint of the database is never the first to complain: forms report what it would refuse."""

import pytest
from django.apps import apps

from articles.models import ArticleTopic, RelatedLink, TopicPolicy
from tests import builders
from website.models import SitePage

from .forms import ARTICLES, POLICY, PROVIDERS, TOPICS, change_url, save

pytestmark = pytest.mark.django_db

# Values that no form sends: operations derive them, or imports and the fetching of pictures write them.
WITHOUT_FORM = {
    "Appearance.appearance_in_order",
    "AttemptCounter.attempt_counter_once",
    "Article.article_public_fails_closed",
    "Article.article_state_agrees",
    "Article.article_spiked_with_reason",
    "Article.article_not_its_own_lead",
    "ArticlePlace.articleplace_once",
    "ArticleTerms.article",
    "Event.event_has_field",
    "Pairing.pairing_once",
    "Pairing.pairing_of_two",
    "Picture.sha256",
    "PictureAddress.digest",
    "PictureAddress.pictureaddress_held_has_copy",
    "PictureAddress.pictureaddress_tried_while_wanted",
    "PreviewLink.key",  # random
    "RefusedPair.refused_once",
    "RelatedImage.relatedimage_address_is_web",
    "RelatedLink.related_not_itself",
    "SiteLook.look_is_the_only_one",
    "SitePolicy.policy_is_the_only_one",
    "Suggestion.suggestion_of_pair",
    "TakenDownStory.name",
}


def article_url() -> str:
    article = builders.article(topics=["AI"])
    builders.related(article)
    builders.picture(article, held=False)
    return change_url(article)


def outlet_url() -> str:
    outlet = builders.provider()
    outlet.logos.create(url="https://courier.example/logo.png", width=50, height=50)
    return f"{PROVIDERS}{outlet.pk}/change/"


def topic_url(name: str = "Robots") -> str:
    return f"{TOPICS}{builders.topic(name).pk}/change/"


def second_row(prefix: str, **values: object) -> dict[str, str]:
    """Return the fields of a second row of a list, beside the first."""
    sent = {f"{prefix}-1-{name}": str(value) for name, value in values.items()}
    return sent | {f"{prefix}-TOTAL_FORMS": "2", f"{prefix}-1-id": ""}


def name_of_another() -> str:
    return builders.topic("AI").name


LOGO = {"url": "https://courier.example/logo.png", "width": 50, "height": 50}
# For each constraint the page of a form, and what to send that the constraint would refuse.
CASES = {
    "Article.article_has_name_and_title": (article_url, lambda: {"title": ""}),
    "Article.article_score_range": (article_url, lambda: {"quality": "-1"}),
    "Article.article_schedule_in_order": (
        article_url,
        lambda: {
            "publish_at_0": "2030-01-02",
            "publish_at_1": "10:00",
            "unpublish_at_0": "2030-01-01",
            "unpublish_at_1": "10:00",
        },
    ),
    "Article.article_addresses_are_web": (article_url, lambda: {"amp_url": "host/x"}),
    "Article.name": (
        lambda: f"{ARTICLES}add/",
        lambda: {
            "title": "Storm",
            "provider": str(builders.provider().pk),
            "published_at_0": "2020-06-09",
            "published_at_1": "10:00",
            "name": builders.article(name="2020-06-09-storm").name,
        },
    ),
    "ArticleTopic.articletopic_once": (
        article_url,
        lambda: second_row("article_topics", tag=ArticleTopic.objects.get().tag_id),
    ),
    "ArticleImage.articleimage_address_is_web": (article_url, lambda: {"images-0-url": "host/x"}),
    "RelatedLink.related_addresses_are_web": (article_url, lambda: {"related_links-0-web_url": "host/x"}),
    "RelatedLink.related_quality_range": (article_url, lambda: {"related_links-0-quality": "-1"}),
    "Topic.topic_not_its_own_parent": (
        topic_url,
        lambda: {"parent": str(builders.topic("Robots").pk)},
    ),
    "Topic.topic_has_name": (topic_url, lambda: {"name": ""}),
    "Topic.name": (topic_url, lambda: {"name": name_of_another()}),
    "Topic.slug": (lambda: f"{TOPICS}add/", lambda: {"name": "Other", "slug": builders.topic("AI", slug="ai").slug}),
    "TopicPolicy.topic": (
        lambda: POLICY,
        lambda: {
            "overrides-TOTAL_FORMS": "2",
            "overrides-0-topic": str(builders.topic("AI").pk),
            "overrides-0-publish_threshold": "50",
            "overrides-1-topic": str(builders.topic("AI").pk),
            "overrides-1-publish_threshold": "60",
        },
    ),
    "Provider.provider_domain_name": (
        outlet_url,
        lambda: {"name": builders.provider("Herald", "herald.example").name, "domain": "herald.example"},
    ),
    "Provider.provider_has_name": (outlet_url, lambda: {"domain": ""}),
    "SitePage.slug": (
        lambda: "/admin/website/sitepage/add/",
        lambda: {"title": "Imprint", "body": "x", "slug": SitePage.objects.create(slug="imprint").slug},
    ),
    "ProviderLogo.providerlogo_identity": (outlet_url, lambda: second_row("logos", **LOGO)),
    "ProviderLogo.providerlogo_address_is_web": (outlet_url, lambda: {"logos-0-url": "host/x"}),
}
SAVED_BY_NAME = {"SavedView.savedview_name_once"}  # saving a view again replaces it: tests/desk/test_list_views.py


def constraints() -> set[str]:
    """Return every constraint and unique column of the project's tables."""
    names = set()
    for model in apps.get_models():
        if model._meta.app_label in ("articles", "providers", "accounts", "website"):
            names |= {f"{model.__name__}.{constraint.name}" for constraint in model._meta.constraints}
            unique = (field for field in model._meta.concrete_fields if field.unique and not field.primary_key)
            names |= {f"{model.__name__}.{field.name}" for field in unique}
    return names


def test_each_constraint_has_a_form_that_reports_it_or_none_that_could_meet_it():
    assert constraints() == CASES.keys() | WITHOUT_FORM | SAVED_BY_NAME


@pytest.mark.systematic
@pytest.mark.parametrize("name", CASES)
def test_a_form_reports_what_the_constraint_would_refuse(admin_client, name):
    url, values = CASES[name]
    page = save(admin_client, url(), **values())

    assert page.status_code == 200
    assert not page.redirect_chain, "it was saved"
    assert page.context["errors"]


@pytest.mark.systematic
@pytest.mark.parametrize(
    ("prefix", "limit"), [("article_topics", 100), ("related_links", 500), ("images", 50)], ids=str
)
def test_a_list_takes_no_more_rows_than_a_document(admin_client, prefix, limit):
    page = save(admin_client, article_url(), **{f"{prefix}-TOTAL_FORMS": str(limit + 1)})

    assert f"Please submit at most {limit} forms." in page.content.decode()
    assert RelatedLink.objects.count() == 1
    assert not TopicPolicy.objects.exists()
