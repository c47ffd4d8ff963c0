"""The other end of _remote: does the work on files for a forked process."""

import contextlib
import functools
import os
import signal
import socket
import sys
import warnings

from . import _native
from ._remote import Function, Network, receive, send


def main(number):
    """Serve the process at the other end of a socket until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it reaches that process, which says so
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    objects = {0: _native}
    with socket.socket(fileno=number) as link:
        try:
            while True:
                try:
                    message = receive(link)
                except EOFError:
                    return
                _serve(link, objects, *message)
        finally:
            for thing in objects.values():
                if isinstance(thing, _native.Writer):
                    with contextlib.suppress(ValueError):  # it is closed already
                        thing.close(False)


@functools.lru_cache(1)
def _network(path):
    """Return the network in a file."""
    return _native.Network(os.fsencode(path), 0)


def _serve(link, objects, target, method, arguments):
    """Make one call."""

    def function(number):
        def call(*arguments):
            send(link, ("call", (number, arguments)))
            return receive(link)

        return call

    def given(argument):
        if isinstance(argument, Function):
            return function(argument.number)
        if isinstance(argument, Network):
            return _network(argument.path)
        return tuple(map(given, argument)) if isinstance(argument, tuple) else argument

    payload = b""
    if method == "rows":
        payload = arguments[3] = bytearray(arguments[3])
    try:
        arguments = list(map(given, arguments))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = getattr(objects[target], method)(*arguments)
    except Exception as error:
        send(link, ("failed", error))
        return
    for warning in caught:
        send(link, ("warning", str(warning.message)))
    if method in ("Reader", "Writer"):
        number = max(objects) + 1
        objects[number] = value
        value = number
    elif method == "close":
        del objects[target]
    send(link, ("done", value), payload)
