"""Request URLs that come from outside, i.e. from documents: IP address check and HTTP client with limits."""
