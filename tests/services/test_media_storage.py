"""Pictures in S3-compatible storage, tested with moto's server: readers see no difference from a folder."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.servers import Site, free_port

pytestmark = [pytest.mark.services, pytest.mark.faults]
POSTPONE = "from articles.models import Article\n"
KEYS = {"AWS_ACCESS_KEY_ID": "for-tests", "AWS_SECRET_ACCESS_KEY": "for-tests", "AWS_DEFAULT_REGION": "us-east-1"}


class Bucket:
    def __init__(self):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        from moto.server import ThreadedMotoServer

        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def client(self):
        import boto3

        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as environment:
        for name, value in KEYS.items():
            environment.setenv(name, value)
        new_bucket = Bucket()
        new_bucket.client().create_bucket(Bucket="pictures")
        yield new_bucket
        new_bucket.server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, bucket):
    url = f"s3://pictures/news?endpoint={bucket.endpoint}&region=us-east-1"
    new_site = Site(tmp_path_factory.mktemp("site"), KEYS | {"MEDIA_STORAGE": url})
    new_site.set_up()
    new_site.manage("import_articles", "seeds/news")
    new_site.manage("cache_images", "--from", "seeds/media")
    new_site.serve()
    yield new_site
    new_site.close()


def shown_picture(site):
    """Return the file name of a picture that the front page shows."""
    return re.search(r"/media/(pictures/[^ \"]+\.jpg)", site.get("/").data.decode())[1]


def names(bucket):
    listed = bucket.client().list_objects_v2(Bucket="pictures")
    return [entry["Key"].removeprefix("news/") for entry in listed["Contents"]]


def test_copies_are_stored_in_the_bucket_and_served_from_urls_of_the_site(site, bucket):
    stored_names = names(bucket)
    assert len(stored_names) > 50
    assert not (site.folder / "media").exists()
    name = shown_picture(site)
    answer = site.get(f"/media/{name}")
    stored = bucket.client().get_object(Bucket="pictures", Key=f"news/{name}")["Body"].read()
    assert answer.status == 200
    assert answer.data == stored
    assert answer.headers["Content-Type"].startswith("image/")
    assert answer.headers["Content-Length"] == str(len(stored))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_picture_that_nothing_published_shows_is_for_staff(site):
    name = shown_picture(site)
    site.sign_in()
    site.python(f"{POSTPONE}Article.objects.filter(published=True).update(publish_at='2199-01-01T00:00Z')\nprint(1)")
    try:
        assert site.get(f"/media/{name}").status == 404
        assert site.request_as_editor("GET", f"/media/{name}").status == 200
    finally:
        site.python(f"{POSTPONE}Article.objects.update(publish_at=None)\nprint(1)")
    assert site.get(f"/media/{name}").status == 200


def test_pages_and_feeds_name_no_other_host(site, bucket):
    for path in ("/", "/latest/", "/feeds/latest.rss"):
        text = site.get(path).data.decode()
        assert "/media/pictures/" in text
        assert str(bucket.port) not in text


def test_storing_the_same_pictures_again_writes_nothing(site, bucket):
    before = sorted(names(bucket))
    assert " 0 stored" in site.manage("cache_images", "--from", "seeds/media")
    assert sorted(names(bucket)) == before


def test_other_files_of_the_bucket_have_no_url(site, bucket):
    bucket.client().put_object(Bucket="pictures", Key="news/backups/all.tar", Body=b"x")
    assert site.get("/media/backups/all.tar").status == 404
    assert site.get(f"/media/pictures/aa/{'a' * 64}.webp").status == 404


def test_an_unavailable_bucket_is_a_503_and_pages_still_work(site, bucket):
    name = shown_picture(site)
    bucket.server.stop()
    try:
        answer = site.get(f"/media/{name}")
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert site.get("/topics/").status == 200
    finally:
        bucket.start()


def test_storing_a_file_makes_no_request_for_its_name(monkeypatch):
    pytest.importorskip("storages")
    from config.backends.s3_storage import BucketStorage

    monkeypatch.setattr(BucketStorage, "exists", lambda *arguments: pytest.fail("asked"))
    assert BucketStorage("s3://pictures").get_available_name("pictures/aa/1.jpg") == "pictures/aa/1.jpg"


@pytest.mark.parametrize("url", ["s3:/pictures", "https://bucket", "s3://bucket?secret=x", "s3://"])
def test_an_invalid_bucket_url_is_rejected(url):
    pytest.importorskip("storages")
    from config.backends.s3_storage import BucketStorage

    with pytest.raises(ImproperlyConfigured, match="write s3://bucket"):
        BucketStorage(url)
