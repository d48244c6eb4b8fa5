from django.db.models import Count, Prefetch, Q
from django.shortcuts import get_object_or_404, render

from articles.models import Article, ArticleImage, ArticleTopic, PictureAddress, RelatedLink, Topic, shown_to_readers
from articles.public.media import StoredPicture
from providers.models import Provider

ARTICLES = (
    Article.objects.public()
    .select_related("provider")
    .prefetch_related(
        Prefetch("article_topics", ArticleTopic.objects.select_related("tag")),
        Prefetch("images", ArticleImage.objects.filter(kind="picture")),
        Prefetch("related_links", RelatedLink.objects.coverage().select_related("provider")),
    )
)


def sections():
    return Topic.objects.annotate(stories=Count("article_topics")).filter(parent__parent=None, stories__gt=0)[:8]


def page(request, template, articles, **context):
    articles = list(articles)
    urls = {image.url for article in articles for image in article.images.all()}
    held = PictureAddress.objects.held().filter(url__in=urls).select_related("picture")
    pictures = {address.url: StoredPicture.of(address.picture) for address in held}
    for article in articles:
        article.picture = next((pictures[image.url] for image in article.images.all() if image.url in pictures), None)
    context |= {"articles": articles, "sections": sections()}
    return render(request, template, context)


def front(request):
    return page(request, "front.html", ARTICLES.all().order_by("-hot", "file_name")[:36])


def latest(request):
    return page(request, "list.html", ARTICLES.all().order_by("-published_at", "file_name")[:25], title="Latest")


def topic(request, slug):
    found = get_object_or_404(Topic, slug=slug)
    whose = Q(topics=found) | Q(topics__parent=found)
    articles = ARTICLES.filter(whose).distinct().order_by("-published_at", "file_name")[:25]
    return page(request, "list.html", articles, title=found.name, children=found.children.all())


def provider(request, domain):
    names = get_list(domain)
    articles = ARTICLES.filter(provider__in=names).order_by("-published_at", "file_name")[:25]
    return page(request, "list.html", articles, title=domain)


def get_list(domain):
    return list(Provider.objects.filter(domain=domain).prefetch_related("logos"))


def story(request, name):
    article = get_object_or_404(ARTICLES, name=name)
    links = article.related_links.coverage().select_related("provider", "target").prefetch_related("provider__logos")
    beside = article.related_links.filter(shown_to_readers("target__")).select_related("provider", "target")
    subject = next((place.tag for place in article.article_topics.all()), None)
    more = Article.objects.public().filter(topics=subject).exclude(pk=article.pk).select_related("provider")[:5]
    return page(request, "story.html", [article], coverage=links, beside=beside, more=more, subject=subject)
