"""The site as in the image, where its own files are read-only."""

import os
import shutil

import pytest

from tests.servers import ROOT, Site

pytestmark = [pytest.mark.services, pytest.mark.faults]
CODE = ("articles", "config", "providers", "templates", "manage.py", "seeds")


@pytest.fixture
def site(tmp_path):
    """A site in a read-only folder; root runs without privileges, as an ordinary user."""
    copy, data = tmp_path / "app", tmp_path / "data"
    ours = [path.name for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name != "tests"]
    copy.mkdir()
    data.mkdir()
    for name in {*CODE, *ours}:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"] if os.geteuid() == 0 else []
    settings = {"STATIC_ROOT": str(copy / "static"), "TMPDIR": str(data), "PYTHONDONTWRITEBYTECODE": "1"}
    new_site = Site(data, settings, root=copy, prefix=prefix)
    new_site.manage("collectstatic", "--noinput", "-v0")
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    yield new_site
    new_site.close()
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


def test_commands_and_pages_write_only_to_the_data_folder(site):
    denied = "import os; print('1' if not os.access('config', os.W_OK) else '0')"
    assert site.python(denied) == 1
    site.manage("migrate", "-v0")
    assert " 0 rejected" in site.manage("import_articles", "seeds/news")
    site.manage("cache_images", "--from", "seeds/media")
    site.sign_in()
    site.serve()

    page = site.get("/")
    assert page.status == 200
    assert site.request_as_editor("GET", "/admin/desk/").status == 200
    style = page.data.decode().partition('rel="stylesheet" href="')[2].partition('"')[0]
    static = site.get(style)
    assert static.status == 200
    assert "immutable" in static.headers["Cache-Control"]
    assert "Traceback" not in site.log()
    assert not list(site.root.rglob("__pycache__"))
