"""A story is one event: its links and members, who leads it, its numbers and why they are what they are."""
