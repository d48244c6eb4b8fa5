"""What both versions of the API have in common: a description that names the site, and errors as JSON."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from website.models import SiteLook

from .problems import ApiError


class DescribedApi(NinjaAPI):
    """An API whose errors are of one class.

    The title of its description is the name of the site, as its publisher calls it, and the title that it was given.
    """

    def __init__(self, error_class: type[ApiError], **options: Any) -> None:
        # docs_url: its pages would fetch their scripts from elsewhere
        super().__init__(openapi_url="/openapi.json", docs_url=None, **options)
        self.error_class = error_class
        self.add_exception_handler(Http404, self._not_found)
        self.add_exception_handler(ValidationError, self._validation_error)
        self.add_exception_handler(ApiError, self._api_error)

    def get_openapi_schema(self, **options: Any) -> Any:
        """Return the description, with the media type that errors have."""
        schema = super().get_openapi_schema(**options)
        schema["info"]["title"] = f"{SiteLook.current().site_name}: {self.title}"
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["content"] = {self.error_class.media_type: response["content"]["application/json"]}
        return schema

    def _not_found(self, request: HttpRequest, error: Any) -> HttpResponse:
        return self.error_class(404, request.path_info).response()

    def _validation_error(self, request: HttpRequest, error: Any) -> HttpResponse:
        """Name the first invalid parameter."""
        first = error.errors[0]
        message = first["msg"]
        return self.error_class(400, str(first["loc"][-1]), message[:1].lower() + message[1:]).response()

    def _api_error(self, request: HttpRequest, error: Any) -> HttpResponse:
        response: HttpResponse = error.response()
        return response
