"""Static files as they are served."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage

from config.backends.static_files import StaticFilesStorage

IMPORTED = re.compile(r'\bfrom\s*"([^"]+)"')


@pytest.mark.parametrize("backwards", [False, True])
def test_modules_import_each_other_by_hashed_names(tmp_path, backwards):
    """In whichever order the file system lists them."""
    listed = [name for finder in finders.get_finders() for name, _ in finder.list([])]
    names = [name for name in listed if name.startswith("articles/desk/")]
    assert len(names) > 5
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(Path(finders.find(name)).read_bytes())
    source = FileSystemStorage(tmp_path)
    storage = StaticFilesStorage(tmp_path, "/static/")

    done = list(storage.post_process({name: (source, name) for name in sorted(names, reverse=backwards)}))

    assert not [result for *_, result in done if isinstance(result, Exception)]
    for name in names:
        text = (tmp_path / storage.stored_name(name)).read_text()
        for url in IMPORTED.findall(text):
            assert re.fullmatch(r"\./\w+\.[0-9a-f]{12}\.js", url), f"{name} imports {url}"
            assert (tmp_path / "articles/desk" / url).exists()
