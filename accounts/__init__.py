"""Staff accounts: sign-in, second factor, sessions and lockout. Knows nothing of articles."""
