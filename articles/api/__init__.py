"""The JSON API of FORMAT.md part 5, a feed of changes, and their description. See docs/api.md."""
