"""Outlets and their logos in the admin."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from providers.models import Provider, ProviderLogo
from tests import builders
from tests.admin.forms import PROVIDERS, fields_of, save

pytestmark = pytest.mark.django_db


def picture(format: str = "PNG", size=(40, 20)) -> bytes:
    output = BytesIO()
    Image.new("RGB", size, "red").save(output, format)
    return output.getvalue()


def test_the_language_and_country_of_an_outlet_are_codes(admin_client):
    outlet = builders.provider()
    url = f"{PROVIDERS}{outlet.pk}/change/"
    sent = fields_of(admin_client.get(url)) | {"_save": "Save"}
    refused = admin_client.post(url, sent | {"language": "German", "country": "Germany"})
    assert "This must be the tag of a language, such as de or pt-BR: German" in refused.content.decode()
    assert "Change outlet" in refused.content.decode()
    admin_client.post(url, sent | {"language": "de", "country": "DE"})
    outlet.refresh_from_db()
    assert (outlet.language, outlet.country) == ("de", "DE")
    admin_client.post(url, sent)
    outlet.refresh_from_db()
    assert (outlet.language, outlet.country) == (None, None)


class TestProviders:
    @pytest.fixture(autouse=True)
    def _media(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path

    def upload(self, client, outlet: Provider, data: bytes, name: str = "logo.png", row: int = 0):
        url = f"{PROVIDERS}{outlet.pk}/change/"
        sent = fields_of(client.get(url)) | {
            "logos-TOTAL_FORMS": str(row + 1),
            f"logos-{row}-file": SimpleUploadedFile(name, data),
            "_save": "Save",
        }
        return client.post(url, sent, follow=True)

    @pytest.mark.integration
    def test_an_uploaded_logo_is_stored_under_a_digest_of_its_content(self, admin_client):
        outlet = builders.provider()

        self.upload(admin_client, outlet, picture("JPEG"), "../évil " + "x" * 200 + ".jpg")

        logo = ProviderLogo.objects.get()
        assert re.fullmatch(r"logos/([0-9a-f]{2})/\1[0-9a-f]{30}/40\.webp", logo.file.name)
        assert (logo.width, logo.height) == (40, 20)
        page = admin_client.get(PROVIDERS).content.decode()
        assert f'<img class="logo" src="{logo.file.url}" alt="">' in page

    @pytest.mark.integration
    def test_the_same_file_again_is_stored_once(self, admin_client, tmp_path):
        first, second = builders.provider(), builders.provider("Herald", "herald.example")

        self.upload(admin_client, first, picture())
        self.upload(admin_client, second, picture())

        assert len(set(ProviderLogo.objects.values_list("file", flat=True))) == 1
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1

    @pytest.mark.integration
    @pytest.mark.parametrize(
        "data", [b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", picture()[:7], picture("BMP"), picture("TIFF")]
    )
    def test_files_that_are_not_pictures_are_rejected(self, admin_client, data):
        page = self.upload(admin_client, builders.provider(), data)

        assert "This file is not a JPEG, PNG, GIF, WebP or AVIF file. Upload another one." in page.content.decode()
        assert not ProviderLogo.objects.exists()

    @pytest.mark.integration
    def test_a_huge_picture_is_rejected(self, admin_client):
        page = self.upload(admin_client, builders.provider(), picture(size=(8000, 7000)))

        assert "more than 50 megapixels" in page.content.decode()

    def test_original_urls_of_logos_are_never_loaded(self, admin_client):
        outlet = builders.provider()
        ProviderLogo.objects.create(provider=outlet, url="https://evil.example/logo.png", width=1, height=1)

        for url in (PROVIDERS, f"{PROVIDERS}{outlet.pk}/change/"):
            assert '<img class="logo"' not in admin_client.get(url).content.decode()

    def test_being_registered_is_edited_in_the_list(self, admin_client):
        outlet = builders.provider()

        save(admin_client, PROVIDERS, **{"form-0-registered": "on"})

        outlet.refresh_from_db()
        assert outlet.registered

    def test_the_list_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        def add(number):
            outlet = builders.provider(f"Outlet {number}", f"{number}.example")
            ProviderLogo.objects.create(provider=outlet, url="/logo.png", file="logos/x.png")
            builders.article(provider=outlet)

        add(0)
        with count_queries() as for_one:
            admin_client.get(PROVIDERS)
        for number in range(1, 6):
            add(number)
        with count_queries() as for_many:
            page = admin_client.get(PROVIDERS)
        assert len(for_many) == len(for_one)
        sent = fields_of(page) | {"_save": "Save"}
        with count_queries() as for_save:
            admin_client.post(PROVIDERS, sent)
        assert len(for_save) < 15  # none for a row that did not change
