"""Which addresses of the internet pictures may be fetched from. Pure: names are resolved elsewhere."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS = {"http": 80, "https": 443}
PORTS = frozenset(DEFAULT_PORTS.values())
MAX_ADDRESS = 4096  # characters
# Public by the registry of one Python version or another, yet ways into networks that aren't, or nobody's.
_DETOURS = tuple(
    ipaddress.ip_network(each)
    for each in (
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
_PLAIN = "!$%&'()*+,/:;=?@[]~"  # beside letters, digits and -._; % because addresses are encoded already
_NAME_PATTERN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*")
_NUMBER_PATTERN = re.compile(r"[0-9]+|0x[0-9a-f]*")  # what the WHATWG calls a number: such a host is an IPv4 address


class AddressRefused(Exception):
    """A picture may not be fetched from there; the message completes the sentence "the address ..."."""


@dataclass(frozen=True)
class Exemption:
    """A network that isn't public, or a port that isn't the web's, from which pictures may be fetched all the same."""

    network: Network
    ports: frozenset[int] = PORTS

    @classmethod
    def parse(cls, text: str) -> Exemption:
        """Return what `10.1.0.0/16`, `127.0.0.1:8001` or `[::1]:8001` stands for. Raises ValueError."""
        if "/" in text or text.count(":") > 1 and not text.startswith("["):
            return cls(ipaddress.ip_network(text))
        parts = urlsplit(f"//{text}")
        network = ipaddress.ip_network(parts.hostname or "")
        return cls(network) if parts.port is None else cls(network, frozenset({parts.port}))


@dataclass(frozen=True)
class Target:
    """Where to ask for a picture: `path` with the query; `name` is what the Host header says."""

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


def target_of(url: str, exempt: Collection[Exemption] = ()) -> Target:
    """Return where `url` leads, as documents write it: blanks around it and letters beyond ASCII are understood.

    Raises AddressRefused. Whether its host may be asked is_allowed() tells, once it is resolved.
    """
    text = url.strip()
    if len(text) > MAX_ADDRESS:
        raise AddressRefused(f"is longer than {MAX_ADDRESS:,} characters")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise AddressRefused("holds control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise AddressRefused("can't be understood") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise AddressRefused("doesn't start with http:// or https://")
    if "@" in parts.netloc:
        raise AddressRefused("holds a user's name")
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if port not in PORTS.union(*(each.ports for each in exempt)):
        raise AddressRefused(f"names port {port}; pictures come from ports 80 and 443")
    return Target(parts.scheme, _host(parts), port, _path(parts))


def is_allowed(address: IPAddress, port: int, exempt: Collection[Exemption] = ()) -> bool:
    """Return whether a picture may be fetched from there: the public internet, or one of the exemptions."""
    if any(address in each.network and port in each.ports for each in exempt):
        return True
    return port in PORTS and is_public(address)


def is_public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        return False
    if any(address in network for network in _DETOURS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _host(parts: SplitResult) -> str:
    """Return the host as a resolver takes it: a name in ASCII, or an address without brackets."""
    host = (parts.hostname or "").removesuffix(".")
    if not host:
        raise AddressRefused("names no host")
    if "[" in parts.netloc:
        return _literal(host)
    try:
        name = host if host.isascii() else host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        raise AddressRefused("names a host that can't be") from None
    if _NUMBER_PATTERN.fullmatch(name.rpartition(".")[2]):
        return _literal(name)  # resolvers would read 0177.1, 0x7f000001 and 2130706433 each in their own way
    if len(name) > 253 or not _NAME_PATTERN.fullmatch(name):
        raise AddressRefused("names a host that can't be")
    return name


def _literal(host: str) -> str:
    if "%" in host:
        raise AddressRefused("names a network card of its own")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise AddressRefused("names a host that can't be") from None


def _path(parts: SplitResult) -> str:
    """Return path and query as written, with what a request line can't hold percent-encoded."""
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    return quote(f"{path}?{parts.query}" if parts.query else path, safe=_PLAIN)
