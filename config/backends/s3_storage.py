"""Pictures in a bucket of S3, or of another service with its protocol, instead of a folder."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from storages.backends.s3 import S3Storage

MEMORY_BYTES = 5_000_000  # a bigger file goes through the folder for temporary files on its way to a reader


class BucketStorage(S3Storage):
    """Keep the bucket private: readers get its files from our own URLs, with our headers, as from a folder."""

    def __init__(self, bucket_url: str, **settings: Any) -> None:
        super().__init__(**_storage_settings(bucket_url), **settings)

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        return reverse("media", args=[name])


def _storage_settings(url: str) -> dict[str, Any]:
    """Return django-storages' settings for `s3://bucket/folder?endpoint=https://…&region=…`."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    unknown = options.keys() - {"endpoint", "region"}
    if parts.scheme != "s3" or not parts.hostname or unknown:
        raise ImproperlyConfigured(
            f"MEDIA_STORAGE is {url}; write s3://bucket, s3://bucket/folder or "
            "s3://bucket?endpoint=https://storage.example&region=eu-1"
        )
    return {
        "bucket_name": parts.hostname,
        "location": parts.path.strip("/"),
        "endpoint_url": options.get("endpoint"),
        "region_name": options.get("region"),
        "file_overwrite": True,  # as in a folder: our names follow from the content, so it was the same
        "max_memory_size": MEMORY_BYTES,
        "client_config": Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 2},
            signature_version="s3v4",
            s3={"addressing_style": "path" if "endpoint" in options else "auto"},
            request_checksum_calculation="when_required",  # not every server supports the newer ones
            response_checksum_validation="when_required",
        ),
    }
