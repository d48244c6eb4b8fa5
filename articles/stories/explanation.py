"""Why an article's numbers are what they are: loads what the rules of `rules/scoring.py` need. Writes nothing."""

from __future__ import annotations

from django.utils.translation import gettext as _

from articles.models import Article, Policies, Topic
from articles.rules.scoring import Policy
from articles.rules.slugs import document_name

from .explanation_text import format_explanation, format_suggestion
from .neighbourhood import Neighbourhood
from .suggestion import suggest_quality


def policy_for(article: Article) -> tuple[Policy, str]:
    """Return the policy that applies to an article, and whose it is: an empty text for the site's.

    One query; up to four where topics have policies of their own.
    """
    policies = Policies.load()
    topics = article.article_topics.order_by("position", "pk").values_list("tag", flat=True)
    topic = policies.topic_for(topics) if policies.by_topic else None
    if topic is None:
        return policies.site, ""
    return policies.by_topic[topic], _("the policy of %(topic)s") % {"topic": Topic.objects.get(pk=topic)}


def title_for_name(article: Article, name: str) -> str:
    """Return the title of a member of the article's story by its name; the name itself if there is no title."""
    title = Article.objects.filter(name=name).values_list("title", flat=True).first()
    if title is None:
        links = article.related_links.values_list("published_at", "title")
        title = next((title for at, title in links if document_name(at, title) == name), None)
    return name if title is None else f"“{title}”"


def explanation_lines(article: Article) -> list[str]:
    """Return lines that explain the article's numbers to editors, and the suggested quality."""
    policy, owner = policy_for(article)
    lines = format_explanation(
        Neighbourhood([article.pk]).explain(article, policy),
        article,
        called=_("it"),
        policy_owner=owner,
        title_for_name=lambda name: title_for_name(article, name),
    )
    return [*lines, format_suggestion(*suggest_quality(article, policy))]
