"""Check which URLs and IP addresses may be fetched. No I/O: the HTTP client resolves names."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from texts import gettext_lazy as _

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS = {"http": 80, "https": 443}
PORTS = frozenset(DEFAULT_PORTS.values())
MAX_URL_LENGTH = 4096  # characters
# `is_global` in some Python versions, although they tunnel into private networks or are unassigned.
_TUNNEL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # behind a provider's NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "255.255.255.255/32",
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 (RFC 8215)
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",  # site-local
    )
)
_SAFE_CHARACTERS = "!$%&'()*+,/:;=?@[]~"  # besides letters, digits and -._; % because URLs are encoded already
_NAME_PATTERN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*")
_NUMBER_PATTERN = re.compile(r"[0-9]+|0x[0-9a-f]*")  # by the WHATWG URL standard, such a host is an IPv4 address


class UrlError(Exception):
    """The URL may not be fetched; the message completes the sentence "It has a URL that ..."."""


@dataclass(frozen=True)
class AllowedNetwork:
    """A network that is not public, or ports other than 80 and 443, that are allowed nevertheless."""

    network: Network
    ports: frozenset[int] = PORTS

    @classmethod
    def parse(cls, text: str) -> AllowedNetwork:
        """Parse `10.1.0.0/16`, `127.0.0.1:8001` or `[::1]:8001`. Raises ValueError."""
        if "/" in text or text.count(":") > 1 and not text.startswith("["):
            return cls(ipaddress.ip_network(text))
        parts = urlsplit(f"//{text}")
        network = ipaddress.ip_network(parts.hostname or "")
        return cls(network) if parts.port is None else cls(network, frozenset({parts.port}))


@dataclass(frozen=True)
class Target:
    """The server and path to request. `path` includes the query; `name` is the value of the Host header."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.name}{self.path}"


def parse_url(url: str, allowed: Collection[AllowedNetwork] = ()) -> Target:
    """Return the target of a URL as documents write it, perhaps with blanks around it and non-ASCII letters.

    Raises UrlError. Once its host is resolved, check each IP address with is_allowed().
    """
    text = url.strip()
    if len(text) > MAX_URL_LENGTH:
        raise UrlError(_("is longer than %(most)s characters", most=f"{MAX_URL_LENGTH:,}"))
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise UrlError(_("contains control characters; copy it again"))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UrlError(_("is not valid; check how it is written")) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise UrlError(_("doesn't start with http:// or https://"))
    if "@" in parts.netloc:
        raise UrlError(_("contains a user name; remove it"))
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if port not in PORTS.union(*(network.ports for network in allowed)):
        raise UrlError(_("uses port %(port)s; only ports 80 and 443 are allowed", port=port))
    return Target(parts.scheme, _host(parts), port, _path(parts))


def is_allowed(address: IPAddress, port: int, allowed: Collection[AllowedNetwork] = ()) -> bool:
    """Return whether this address and port may be fetched from: the public internet, or an allowed network."""
    if any(address in entry.network and port in entry.ports for entry in allowed):
        return True
    return port in PORTS and is_public(address)


def is_public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        return False
    if any(address in network for network in _TUNNEL_NETWORKS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _host(parts: SplitResult) -> str:
    """Return the host as a resolver expects it: an ASCII name, or an IP address without brackets."""
    host = (parts.hostname or "").removesuffix(".")
    if not host:
        raise UrlError(_("has no host; write it like https://outlet.example/"))
    if "[" in parts.netloc:
        return _literal(host)
    try:
        name = host if host.isascii() else host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        raise UrlError(_("has an invalid host; check how it is written")) from None
    if _NUMBER_PATTERN.fullmatch(name.rpartition(".")[2]):
        return _literal(name)  # resolvers differ on 0177.1, 0x7f000001 and 2130706433
    if len(name) > 253 or not _NAME_PATTERN.fullmatch(name):
        raise UrlError(_("has an invalid host; check how it is written"))
    return name


def _literal(host: str) -> str:
    if "%" in host:
        raise UrlError(_("has an invalid host; remove what follows the percent sign"))
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise UrlError(_("has an invalid host; check how it is written")) from None


def _path(parts: SplitResult) -> str:
    """Return path and query as written, percent-encoding what a request line can't contain."""
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    return quote(f"{path}?{parts.query}" if parts.query else path, safe=_SAFE_CHARACTERS)
