"""Whether the pages that stories on the site link to are still there."""
