"""Forms for providers and their logos."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from pictures.files import LOGOS
from pictures.uploads import StoredUpload, memoize_per_upload, store_upload

from .models import Provider, ProviderLogo


@memoize_per_upload
def process_upload(upload: Any) -> StoredUpload:
    """Store an uploaded logo. Raises ValidationError."""
    try:
        return store_upload(upload, LOGOS, "logo")
    except OSError as error:
        raise ValidationError(
            _("The logo can't be stored: %(reason)s.") % {"reason": error.strerror or error}
        ) from error


class LogoField(forms.FileField):
    """A logo to upload. Not an ImageField, which would try every decoder of Pillow."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_length": None})

    def to_python(self, data: Any) -> StoredUpload | None:
        upload = super().to_python(data)
        return None if upload is None else process_upload(upload)


class LogoForm(forms.ModelForm):
    class Meta:
        model = ProviderLogo
        fields = ("file", "url", "width", "height")
        field_classes: ClassVar = {"file": LogoField}

    def clean(self) -> dict[str, Any]:
        """Replace the upload by its file name, and fill in its size if none was entered."""
        cleaned = super().clean() or self.cleaned_data
        logo = cleaned.get("file")
        if isinstance(logo, StoredUpload):
            cleaned["file"] = logo.files[-1]
            for side in ("width", "height"):
                if side in cleaned and cleaned[side] is None:
                    cleaned[side] = getattr(logo, side)
        return cleaned


class ProviderRowForm(forms.ModelForm):
    """A row of the list. Unchanged rows are not validated, which saves queries."""

    class Meta:
        model = Provider
        fields = ("registered",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = True
        self.fields["registered"].widget.attrs["aria-label"] = _("%(outlet)s is registered") % {"outlet": self.instance}
