"""The public pages as plain Django would have them: instances, prefetching, templates. Ours are measured by them."""
