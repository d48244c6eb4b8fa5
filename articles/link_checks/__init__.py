"""Whether the pages are still there that stories on the site and their coverage link to."""
