"""Database helpers below the models: bulk writes, locks, the replica router and compiled queries."""
