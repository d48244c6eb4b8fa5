"""Make and store the site's logo, icon and pictures of its pages from uploaded files, in the confined decoder."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from pictures.files import SITE
from pictures.sizes import Kind
from pictures.uploads import memoize_per_upload, store_upload


def _process_upload(upload: Any, kind: Kind) -> dict[str, Any]:
    """Store an uploaded picture; return {"files", "width", "height"}, smallest file first. Raises ValidationError."""
    try:
        return store_upload(upload, SITE, kind)._asdict()
    except OSError as error:
        reason = error.strerror or error
        raise ValidationError(_("The file can't be stored: %(reason)s.") % {"reason": reason}) from error


process_logo = memoize_per_upload(partial(_process_upload, kind="masthead"))
process_picture = memoize_per_upload(partial(_process_upload, kind="picture"))
process_icon = memoize_per_upload(partial(_process_upload, kind="icon"))
