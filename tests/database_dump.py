"""Print the content of the database as sorted lines without ids and times, so that two databases can be compared."""

import json
import os
import sys

import django


def lines():
    from articles.models import Article, Picture, PictureAddress, Topic
    from providers.models import Provider

    hidden = {"id", "created_at", "changed_at", "state_since", "first_shown_at", "provider_id", "lead_id", "_state"}
    parts = ("article_topics__tag", "images", "related_links__provider", "related_links__target")
    for article in Article.objects.select_related("provider", "lead").prefetch_related(*parts).iterator(500):
        values = {
            name: value for name, value in vars(article).items() if name not in hidden and not name.startswith("_")
        }
        yield (
            "article",
            values
            | {
                "provider": str(article.provider),
                "lead": article.lead and article.lead.name,
                "topics": [item.tag.name for item in article.article_topics.all()],
                "images": [(image.kind, image.position, image.url, image.width) for image in article.images.all()],
                "related": [
                    (link.position, link.title, link.provider.domain, link.target and link.target.name)
                    for link in article.related_links.all()
                ],
            },
        )
    for topic in Topic.objects.all():
        yield "topic", {"name": topic.name, "slug": topic.slug}
    for provider in Provider.objects.prefetch_related("logos"):
        logos = [(logo.url, logo.width, logo.height) for logo in provider.logos.all()]
        yield "provider", {"name": provider.name, "domain": provider.domain, "logos": logos}
    for address in PictureAddress.objects.select_related("picture"):
        key = address.picture and address.picture.key
        yield "address", {"url": address.url, "status": address.status, "reason": address.reason, "picture": key}
    for picture in Picture.objects.values("sha256", "key", "rungs", "logo", "width", "height", "removed"):
        yield "picture", picture


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.path.insert(0, os.getcwd())
    django.setup()
    sys.stdout.write("\n".join(sorted(json.dumps(line, default=str, sort_keys=True) for line in lines())))
