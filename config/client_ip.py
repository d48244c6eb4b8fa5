"""The client's IP address, for rate limits, lockouts and logs."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX_BITS = 64  # a household usually gets a whole network of this size
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+")  # [::1]:80, [::1], 192.0.2.1:80


def client_ip(request: HttpRequest) -> str:
    """Return the IP address of the client; for IPv6 its /64 network.

    Behind a proxy it is the last element of X-Forwarded-For: the proxy wrote that one, clients can invent the others.
    Some proxies write its port too.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        text = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or text
    match = WITH_PORT.fullmatch(text)
    if match:
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), IPV6_PREFIX_BITS), strict=False).network_address)
    return str(address)
