"""Static files as they are served: compressed, with a hash in their names, also where one module imports another."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = r'(?P<matched> from "(?P<url>\./[a-z_]+\.js)";)'


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports of our JavaScript modules, so that a new version of one never meets an old one.

    Not Django's `support_js_module_import_aggregation`: it reads every script, and an example in a comment of
    django_htmx's extensions names a file that isn't there.
    """

    max_post_process_passes = 20  # a chain of imports may need a pass for each of its modules
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("articles/desk/*.js", ((IMPORT, ' from "%(url)s";'),)),
    )
