"""Make and store the site's logo, icon and pictures of its pages from uploaded files, in the confined decoder."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from pictures import files
from pictures.decoder import Decoder
from pictures.sizes import Kind, PictureError
from pictures.uploads import memoize_per_upload

MAX_BYTES = 5_000_000


def _process_upload(upload: Any, kind: Kind) -> dict[str, Any]:
    """Store an uploaded picture; return {"files", "width", "height"}, smallest file first. Raises ValidationError."""
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        megabytes = MAX_BYTES // 1_000_000
        raise ValidationError(_("This file has more than %(most)d MB. Upload a smaller one.") % {"most": megabytes})
    try:
        with Decoder() as decoder:
            renditions = decoder.decode(data, [kind])[kind]
        names = files.store(files.SITE, renditions)
    except PictureError as error:
        raise ValidationError(_("This file %(fault)s. Upload another one.") % {"fault": error}) from error
    except OSError as error:
        reason = error.strerror or error
        raise ValidationError(_("The file can't be stored: %(reason)s.") % {"reason": reason}) from error
    largest = max(renditions, key=lambda rendition: rendition.width)
    return {"files": names, "width": largest.width, "height": largest.height}


process_logo = memoize_per_upload(partial(_process_upload, kind="masthead"))
process_picture = memoize_per_upload(partial(_process_upload, kind="picture"))
process_icon = memoize_per_upload(partial(_process_upload, kind="icon"))
