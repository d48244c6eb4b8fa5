"""Compare articles marked as duplicates with those that share a URL."""

from articles.models import Article


def marked_and_true_duplicates() -> tuple[set[int], set[int]]:
    """Return the articles that are marked as duplicates, and those that are."""
    marked = set(Article.objects.filter(twin=True).values_list("pk", flat=True))
    keys = list(Article.objects.exclude(url_key="").values_list("pk", "url_key"))
    return marked, {pk for pk, key in keys if sum(other == key for _, other in keys) > 1}
