"""What editors type about outlets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from .logos import MAX_BYTES, LogoRefused, read_logo
from .models import Provider, ProviderLogo


class LogoField(forms.FileField):
    """An upload that becomes our own PNG. Not an ImageField, which tries every decoder there is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_length": None})

    def to_python(self, data: Any) -> ContentFile | None:
        upload = super().to_python(data)
        if upload is None:
            return None
        try:
            logo = read_logo(upload.read(MAX_BYTES + 1))
        except LogoRefused as refused:
            raise ValidationError(str(refused), code="invalid_image") from refused
        file = ContentFile(logo.data, name=logo.name)
        file.logo = logo
        return file


class LogoForm(forms.ModelForm):
    class Meta:
        model = ProviderLogo
        fields = ("file", "url", "width", "height")
        field_classes = {"file": LogoField}

    def clean(self) -> dict[str, Any]:
        """Fill in the size that the file has; use the file that is stored already if it is the same."""
        cleaned = super().clean() or self.cleaned_data
        logo = getattr(cleaned.get("file"), "logo", None)
        if logo is None:
            return cleaned
        for side in ("width", "height"):
            if side in cleaned and cleaned[side] is None:
                cleaned[side] = getattr(logo, side)
        stored = f"logos/{logo.name}"
        if default_storage.exists(stored):
            cleaned["file"] = stored
        return cleaned


class ProviderRowForm(forms.ModelForm):
    """A row of the list; one that nobody changed is not checked, and costs no query."""

    class Meta:
        model = Provider
        fields = ("registered",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = True
