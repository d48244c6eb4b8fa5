"""Which URLs pictures may be fetched from, including URLs that disguise an internal address."""

import ipaddress

import pytest

from fetching.address_check import AllowedNetwork, Target, UrlError, is_allowed, parse_url

# As documents may write them; each is an internal address or none, whatever a resolver makes of it.
INSIDE = [
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "169.254.0.1",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::8.8.8.8]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:808:808::1]",
    "[2001::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[4000::1]",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "127.0.0.1.",
]
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.0.1",
    "100.128.0.1",
    "192.169.0.1",
    "[2606:4700::1111]",
    "[2a00:1450::1]",
]

REFUSED = [
    # Forms of IPv4 that each resolver reads in its own way
    ("http://2130706433/", "an invalid host"),
    ("http://0x7f000001/", "an invalid host"),
    ("http://017700000001/", "an invalid host"),
    ("http://0177.0.0.1/", "an invalid host"),
    ("http://0x7f.0.0.1/", "an invalid host"),
    ("http://127.1/", "an invalid host"),
    ("http://127.0.1/", "an invalid host"),
    ("http://0/", "an invalid host"),
    ("http://127.0.0.0x1/", "an invalid host"),
    ("http://127.0.0.01/", "an invalid host"),
    ("http://1.1.1.256/", "an invalid host"),
    ("http://a.example.1/", "an invalid host"),
    ("http://[fe80::1%eth0]/", "remove what follows the percent sign"),
    ("http://[fe80::1%25eth0]/", "remove what follows the percent sign"),
    # Schemes
    ("ftp://a.example/", "http:// or https://"),
    ("file:///etc/passwd", "http:// or https://"),
    ("gopher://a.example:80/", "http:// or https://"),
    ("data:image/png;base64,AAAA", "http:// or https://"),
    ("javascript:alert(1)", "http:// or https://"),
    ("//a.example/", "http:// or https://"),
    ("/logo.png", "http:// or https://"),
    ("", "http:// or https://"),
    ("unix:///run/docker.sock", "http:// or https://"),
    # Ports
    ("http://a.example:22/", "uses port 22"),
    ("http://a.example:8080/", "uses port 8080"),
    ("https://a.example:6379/", "uses port 6379"),
    ("http://a.example:0/", "uses port 0"),
    ("http://a.example:99999/", "is not valid"),
    ("http://a.example:-80/", "is not valid"),
    ("http://a.example:8x/", "is not valid"),
    # Users, and what parsers disagree about
    ("http://user@a.example/", "a user name"),
    ("http://user:word@a.example/", "a user name"),
    ("http://@a.example/", "a user name"),
    ("http://a.example\\@127.0.0.1/", "a user name"),
    ("http://a.example\\.b.example/", "an invalid host"),
    ("http:\\\\a.example/", "no host"),
    ("http:a.example/", "no host"),
    ("http:///a.example/", "no host"),
    ("http://", "no host"),
    ("http://./", "no host"),
    ("http://[::1/", "is not valid"),
    ("http://[1.2.3.4]/", "is not valid"),
    ("http://[v1.a]/", "an invalid host"),
    ("http://a.example％2f.b.example/", "an invalid host"),
    ("http://a%2eexample/", "an invalid host"),
    ("http://a／b.example/", "is not valid"),
    ("http://a b.example/", "an invalid host"),
    ("http://a..example/", "an invalid host"),
    ("http://-a.example/", "an invalid host"),
    ("http://" + "ü" * 70 + ".example/", "an invalid host"),
    ("http://" + "a." * 130 + "example/", "an invalid host"),
    ("http://a.example/" + "x" * 5000, "longer than 4,096"),
    # Request splitting
    ("http://a.example/\r\nHost: b.example", "control characters"),
    ("http://a.example\r\n/", "control characters"),
    ("http://a.exa\tmple/", "control characters"),
    ("http://a.example/\0", "control characters"),
    ("http://a.example/\x7f", "control characters"),
]


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("port", [80, 443])
def test_internal_addresses_are_not_allowed(host, port):
    assert not is_allowed(ipaddress.ip_address(parse_url(f"http://{host}:{port}/").host), port)


@pytest.mark.parametrize("address", ["fe80::1%eth0", "fe80::1%2", "2606:4700::1111%eth0"])
def test_an_ip_address_with_a_zone_is_not_allowed(address):
    assert not is_allowed(ipaddress.ip_address(address), 443)


@pytest.mark.parametrize("host", OUTSIDE)
def test_public_addresses_are_allowed_on_ports_80_and_443(host):
    address = ipaddress.ip_address(parse_url(f"https://{host}/").host)
    assert is_allowed(address, 443)
    assert is_allowed(address, 80)
    assert not is_allowed(address, 22)


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_an_unusual_url_is_rejected_with_a_reason(url, reason):
    with pytest.raises(UrlError, match=reason):
        parse_url(url)


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("http://a.example", "a.example", "/"),
        ("HTTP://A.Example/X", "a.example", "/X"),
        (" http://a.example/x\t", "a.example", "/x"),
        ("http://a.example./x", "a.example", "/x"),
        ("http://a.example/x?y=1&z=2#part", "a.example", "/x?y=1&z=2"),
        ("http://a.example?y", "a.example", "/?y"),
        ("http://a.example/a b", "a.example", "/a%20b"),
        ("http://a.example/%2f%C3%bc", "a.example", "/%2f%C3%bc"),
        ("http://a.example/ü?ä", "a.example", "/%C3%BC?%C3%A4"),
        ("http://a.example//cdn//x.jpg", "a.example", "//cdn//x.jpg"),
        ("http://a.example/http://b.example/x,y;z=(1)", "a.example", "/http://b.example/x,y;z=(1)"),
        ("http://bücher.example/", "xn--bcher-kva.example", "/"),
        ("http://a_b.example/", "a_b.example", "/"),
        ("http://a.example\uff0ecom/", "a.example.com", "/"),
    ],
)
def test_urls_are_parsed_as_documents_write_them(url, host, path):
    assert parse_url(url) == Target("http", host, 80, path)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a.example/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("https://a.example:80/", "a.example:80"),
        ("http://[2606:4700::1111]/", "[2606:4700::1111]"),
    ],
)
def test_the_host_header_contains_the_port_unless_it_is_the_default_one(url, name):
    assert parse_url(url).name == name
    assert parse_url(parse_url(url).url) == parse_url(url)


def test_an_exemption_allows_only_its_network_and_ports():
    networks = [AllowedNetwork.parse(text) for text in ("127.0.0.1:8001", "10.1.0.0/16", "[::1]:8001")]
    pairs = [("127.0.0.1", 8001), ("127.0.0.1", 80), ("127.0.0.2", 8001), ("10.1.2.3", 443), ("10.1.2.3", 8001)]
    pairs += [("10.2.0.0", 443), ("::1", 8001), ("8.8.8.8", 8001), ("8.8.8.8", 443), ("::ffff:127.0.0.1", 8001)]
    allowed = [pair for pair in pairs if is_allowed(ipaddress.ip_address(pair[0]), pair[1], networks)]
    assert allowed == [("127.0.0.1", 8001), ("10.1.2.3", 443), ("::1", 8001), ("8.8.8.8", 443)]
    assert parse_url("http://127.0.0.1:8001/", networks).port == 8001
    with pytest.raises(UrlError, match="uses port 8002"):
        parse_url("http://127.0.0.1:8002/", networks)


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0.1/8", "127.0.0.1:port", "127.0.0.1:99999", "*", "a.example"])
def test_an_exemption_must_be_a_network_or_an_ip_address(text):
    with pytest.raises(ValueError, match="."):
        AllowedNetwork.parse(text)
