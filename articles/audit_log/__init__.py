"""The audit log: the unit of work that every editorial write goes through, and the events that it logs."""
