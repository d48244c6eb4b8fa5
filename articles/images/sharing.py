"""Make the renditions that other sites show, of pictures that were stored before there were such renditions."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.db import transaction

from articles.models import Picture
from articles.page_cache.versions import bump_version
from pictures import files
from pictures.decoder import Decoder
from pictures.sizes import PictureError

from .store import lock_pictures

logger = logging.getLogger(__name__)


def make_missing_shares(decoder: Decoder) -> int:
    """Make them from our own copies and return their number. Pictures whose files are gone are left out.

    Each is committed by itself, so an interrupted run loses none. Raises OSError if storing fails.
    """
    made = 0
    for picture, data in _stored_copies():
        try:
            [rendition] = decoder.decode(data, ["share"])["share"]
        except PictureError as error:
            logger.warning("Picture %s can't be shared: it %s", picture.key, error)
            continue
        with transaction.atomic():
            lock_pictures()
            files.store_share(picture.key, rendition)
            made += Picture.objects.filter(pk=picture.pk, removed=False).update(share=True)
    if made:
        bump_version()
    return made


def _stored_copies() -> Iterator[tuple[Picture, bytes]]:
    """Yield the pictures without such a rendition, each with the bytes of its widest JPEG."""
    for pk in list(Picture.objects.filter(share=False, removed=False).order_by("pk").values_list("pk", flat=True)):
        picture = Picture.objects.filter(pk=pk, share=False, removed=False).first()
        if picture is None:
            continue
        widest = picture.rungs.rpartition(",")[2]
        try:
            with default_storage.open(files.rendition_name(files.PICTURES, picture.key, widest, "jpg")) as file:
                yield picture, file.read()
        except FileNotFoundError:
            continue
