import pytest
from django.test import Client

from tests.desk.helpers import member


@pytest.fixture
def publisher(client: Client) -> Client:
    """Return the browser of the publisher ana."""
    client.force_login(member("publisher"))
    return client
