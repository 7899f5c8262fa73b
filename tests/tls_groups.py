"""A TLS server that takes one group for its key exchange and no other."""

import _ssl
import ctypes
import ssl
import sys

_SET_GROUPS_LIST = 92
"""SSL_CTRL_SET_GROUPS_LIST of OpenSSL's ssl.h, which SSL_CTX_set1_groups_list is made of."""


def take_only(context: ssl.SSLContext, group: str) -> None:
    """Raises ssl.SSLError for a group that OpenSSL does not know."""
    if sys.version_info >= (3, 11, 7):
        context.set_ecdh_curve(group)
        return
    # Before, Python took elliptic curves of Weierstrass's form alone, whatever OpenSSL knew. The
    # pointer to OpenSSL's context is the first field behind CPython's head of an object.
    pointer = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    control = ctypes.CDLL(_ssl.__file__).SSL_CTX_ctrl
    control.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_char_p]
    control.restype = ctypes.c_long
    if not control(pointer, _SET_GROUPS_LIST, 0, group.encode()):
        raise ssl.SSLError(f"OpenSSL has no group {group}.")
