"""The only code that asks other servers: address check, HTTP client with limits."""
