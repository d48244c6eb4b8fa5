"""The only code that sends requests to other servers: address check and HTTP client with limits."""
