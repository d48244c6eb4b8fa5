"""Pictures in S3-compatible storage, against moto's server; readers see no difference to a folder."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.servers import Site, free_port

pytestmark = [pytest.mark.services, pytest.mark.faults]
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
        found = Bucket()
        found.client().create_bucket(Bucket="pictures")
        yield found
        found.server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, bucket):
    address = f"s3://pictures/news?endpoint={bucket.endpoint}&region=us-east-1"
    found = Site(tmp_path_factory.mktemp("site"), KEYS | {"MEDIA_STORAGE": address})
    found.set_up()
    found.manage("import_articles", "seeds/news")
    found.manage("cache_images", "--from", "seeds/media")
    found.serve()
    yield found
    found.close()


def names(bucket):
    listed = bucket.client().list_objects_v2(Bucket="pictures")
    return [entry["Key"].removeprefix("news/") for entry in listed["Contents"]]


def test_copies_are_stored_there_and_served_from_our_own_urls(site, bucket):
    found = names(bucket)
    assert len(found) > 50
    assert not (site.folder / "media").exists()
    name = next(name for name in found if name.startswith("pictures/"))
    answer = site.get(f"/media/{name}")
    kept = bucket.client().get_object(Bucket="pictures", Key=f"news/{name}")["Body"].read()
    assert answer.status == 200
    assert answer.data == kept
    assert answer.headers["Content-Type"].startswith("image/")
    assert answer.headers["Content-Length"] == str(len(kept))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert "immutable" in answer.headers["Cache-Control"]


def test_pages_and_feeds_name_no_other_host(site, bucket):
    for path in ("/", "/latest/", "/feeds/latest.rss"):
        told = site.get(path).data.decode()
        assert "/media/pictures/" in told
        assert str(bucket.port) not in told


def test_the_same_pictures_again_are_written_once(site, bucket):
    before = sorted(names(bucket))
    assert " 0 stored" in site.manage("cache_images", "--from", "seeds/media")
    assert sorted(names(bucket)) == before


def test_other_files_of_the_bucket_have_no_url(site, bucket):
    bucket.client().put_object(Bucket="pictures", Key="news/backups/all.tar", Body=b"x")
    assert site.get("/media/backups/all.tar").status == 404
    assert site.get(f"/media/pictures/aa/{'a' * 64}.webp").status == 404


def test_an_unavailable_bucket_is_a_503_and_pages_still_work(site, bucket):
    name = next(name for name in names(bucket) if name.startswith("pictures/"))
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


@pytest.mark.parametrize("address", ["s3:/pictures", "https://bucket", "s3://bucket?secret=x", "s3://"])
def test_an_invalid_bucket_url_is_refused(address):
    pytest.importorskip("storages")
    from config.backends.s3_storage import BucketStorage

    with pytest.raises(ImproperlyConfigured, match="write s3://bucket"):
        BucketStorage(address)
