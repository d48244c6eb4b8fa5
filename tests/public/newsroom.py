"""A newsroom with something on each public page."""

from articles.models import Article
from articles.public.media import media_url
from tests import builders

LIST_PATHS = ["/", "/latest/", "/topics/", "/topics/ai/", "/providers/", "/providers/courier.example/"]


def with_picture(article, number=1):
    """Give an article a picture of ours; return the url of its widest JPEG."""
    return media_url(builders.picture(article, f"https://pictures.example/{number}.jpg").file)


def newsroom(stories=1):
    """Fill every page: stories with pictures, topics, coverage and outlets of their own."""
    root = builders.topic("AI")
    builders.topic("Robotics", parent=root)
    for number in range(stories):
        outlet = builders.provider(f"Outlet {number}", f"outlet{number}.example")
        lead = builders.article(f"Lead {number}", topics=["AI", "Robotics"], provider=outlet)
        with_picture(lead, number)
        for _ in range(stories):
            builders.folded(lead, topics=["AI"])
            builders.related(lead)
        builders.article(topics=["AI", "Robotics"])
    return Article.objects.get(title="Lead 0")


def body(client, url, status=200):
    """Return the text of a page."""
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()
