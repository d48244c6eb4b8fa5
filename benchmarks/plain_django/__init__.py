"""The public pages as plain Django would have them: instances, prefetching, templates. They are the reference for our
pages."""
