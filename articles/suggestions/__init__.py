"""Which articles may report the same event: worked out after they came in, for editors to answer."""
