"""What editors type about outlets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from pictures.ladder import Rendition

from .logos import MAX_BYTES, LogoRefused, read_logo, store_logo
from .models import Provider, ProviderLogo


class LogoField(forms.FileField):
    """An upload that becomes our own renditions. Not an ImageField, which tries every decoder there is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_length": None})

    def to_python(self, data: Any) -> list[Rendition] | None:
        upload = super().to_python(data)
        if upload is None:
            return None
        try:
            return read_logo(upload.read(MAX_BYTES + 1))
        except LogoRefused as refused:
            raise ValidationError(str(refused), code="invalid_image") from refused


class LogoForm(forms.ModelForm):
    class Meta:
        model = ProviderLogo
        fields = ("file", "url", "width", "height")
        field_classes = {"file": LogoField}

    def clean(self) -> dict[str, Any]:
        """Store the file that came, and fill in its size where none was typed."""
        cleaned = super().clean() or self.cleaned_data
        renditions = cleaned.get("file")
        if not isinstance(renditions, list):
            return cleaned
        for side in ("width", "height"):
            if side in cleaned and cleaned[side] is None:
                cleaned[side] = getattr(renditions[-1], side)
        try:
            cleaned["file"] = store_logo(renditions)
        except OSError as error:
            raise ValidationError(f"The logo can't be stored: {error.strerror or error}.") from error
        return cleaned


class ProviderRowForm(forms.ModelForm):
    """A row of the list; one that nobody changed is not checked, and costs no query."""

    class Meta:
        model = Provider
        fields = ("registered",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = True
