"""What operators see of a running site: its health, its figures, its log, its errors.

`probes.py` answers their addresses, `health.py` and `gauges.py` ask the site, `counting.py` counts requests, and
`middleware.py` gives each request its id. `redaction.py` keeps secrets out of what is told.
"""
