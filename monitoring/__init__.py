"""Health checks, metrics, logs and error reports of a running site.

`views.py` serves /healthz, /readyz and /metrics from `health.py`, `gauges.py` and `request_counters.py`.
`middleware.py` gives each request an id, counts and logs it. `redaction.py` removes secrets from what is written.
"""
