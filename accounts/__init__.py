"""The staff: how they sign in, how long that lasts, and what a second factor takes. Knows nothing of articles."""
