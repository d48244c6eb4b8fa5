"""Our copies of pictures, into storage and the database.

A file is named by the SHA-256 of its bytes, so a name never changes its content, and two processes that store
the same picture at once agree. The file goes in before the row that names it.
"""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage

from articles import stamps
from articles.models import Picture
from providers.models import ProviderLogo

from .decoding import DecodedPicture, decode


def store_picture(url: str, data: bytes) -> bool:
    """Keep our copy of the picture at `url`, for readers and as the logo of every outlet that names it.

    Returns whether anything had to be written. Raises PictureRefused; then nothing has changed.
    """
    logos = ProviderLogo.objects.filter(url=url)
    is_logo = logos.exists()
    picture = decode(data, lossless=is_logo)
    written = _store_row(url, picture, name=_store_file("pictures", picture))
    if is_logo:
        name = _store_file("logos", picture)
        written = bool(logos.exclude(file=name).update(file=name)) or written
    if written:
        stamps.advance()
    return written


def _store_row(url: str, picture: DecodedPicture, name: str) -> bool:
    digest = Picture.digest_of(url)
    if Picture.objects.filter(digest=digest, file=name).exists():
        return False
    row = Picture(url=url, digest=digest, file=name, width=picture.width, height=picture.height)
    Picture.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["digest"], update_fields=["file", "width", "height"]
    )
    return True


def _store_file(folder: str, picture: DecodedPicture, storage: Storage = default_storage) -> str:
    """Store the picture unless it is there in full (a run may have been killed while it wrote); return its name."""
    name = f"{folder}/{picture.digest[:2]}/{picture.digest}.{picture.suffix}"
    if storage.exists(name):
        if storage.size(name) == len(picture.data):
            return name
        storage.delete(name)
    try:
        stored = storage.save(name, ContentFile(picture.data))
    except OSError:
        storage.delete(name)  # half a picture, from a full disk
        raise
    if stored != name:  # another process was faster; its file is the same
        storage.delete(stored)
    return name
