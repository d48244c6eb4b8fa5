"""Django's templates, whose contexts go when their page is made."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.backends import django
from django.template.context import make_context
from django.utils.safestring import SafeString


class Templates(django.DjangoTemplates):
    def get_template(self, template_name: str) -> Template:
        return Template(super().get_template(template_name).template, self)


class Template(django.Template):
    def render(self, context: dict[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        """Return the page, as Django does.

        In Django a context and its innermost part hold each other, so that request, stories and all else that a page
        was made of stay until the garbage collector has its turn.
        """
        made = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            return self.template.render(made)
        finally:
            made.dicts.clear()
