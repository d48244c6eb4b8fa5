"""Compare articles marked as duplicates with those that share a page, and links marked as repeated with the rule."""

from articles.models import Article, RelatedLink
from articles.rules.coverage import Report, repeated_places


def marked_and_true_duplicates() -> tuple[set[int], set[int]]:
    """Return the articles that are marked as duplicates, and those that are."""
    marked = set(Article.objects.filter(twin=True).values_list("pk", flat=True))
    keys = list(Article.objects.exclude(url_key="").values_list("pk", "url_key"))
    return marked, {pk for pk, key in keys if sum(other == key for _, other in keys) > 1}


def marked_and_true_repetitions() -> tuple[set[int], set[int]]:
    """Return the links that are marked as repeated, and those that are."""
    marked = set(RelatedLink.objects.filter(repeated=True).values_list("pk", flat=True))
    repeated = set()
    for article in Article.objects.filter(related_links__isnull=False).distinct():
        links = list(article.related_links.order_by("position", "pk"))
        lead = Report(article.source_url, article.provider_id, article.title, article.published_at)
        reports = [Report(link.web_url, link.provider_id, link.title, link.published_at) for link in links]
        repeated |= {links[place].pk for place in repeated_places(lead, reports)}
    return marked, repeated
