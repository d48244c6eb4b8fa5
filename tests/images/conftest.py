import pytest

from tests.fake_decoder import FakeDecoder


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def decoder():
    return FakeDecoder()
