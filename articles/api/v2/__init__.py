"""Version 2 of the API: stories with their coverage, outlets, topics and search. See docs/api.md."""
