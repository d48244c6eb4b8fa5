"""An API whose description names the site as its publisher does."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI

from website.models import SiteLook


class DescribedApi(NinjaAPI):
    """The title of the description is the name of the site and the title that the API was given."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        schema["info"]["title"] = f"{SiteLook.current().site_name}: {self.title}"
        return schema
