"""Whom a request counts for where requests are counted, and where they are told of."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_NETWORK_BITS = 64  # what one household or machine usually has to choose its addresses from


def client_of(request: HttpRequest) -> str:
    """Return whom a request counts for: its address, of IPv6 the network of 64 bits.

    Behind a proxy it is the last element of X-Forwarded-For, which the proxy itself wrote; all others are hearsay.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or told
    try:
        address = ip_address(told)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), IPV6_NETWORK_BITS), strict=False).network_address)
    return str(address)
