"""Key exchanges that the other side of a TLS connection may choose."""

import ssl

from hookline.outbound.tls import tls_context


def test_no_server_chooses_a_prime_to_compute_with() -> None:
    offered = tls_context().get_ciphers()
    assert not [cipher["name"] for cipher in offered if cipher["kea"] == "kx-dhe"]


def test_all_else_that_the_system_offers_stays() -> None:
    usual = ssl.create_default_context()
    names = [cipher["name"] for cipher in usual.get_ciphers() if cipher["kea"] != "kx-dhe"]
    context = tls_context()
    assert [cipher["name"] for cipher in context.get_ciphers()] == names
    assert context.security_level == usual.security_level
