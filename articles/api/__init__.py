"""The JSON API, the feed of changes and their OpenAPI description. See docs/api.md."""
