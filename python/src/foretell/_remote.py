"""Files in a forked child of a process that has used foretell: there Go cannot run, so a
fresh interpreter does the work, one for each child."""

import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
import warnings
from multiprocessing.spawn import get_executable

from . import _native

__all__ = ["engine"]

# How long a process may take to clear away what it was writing.
_PATIENCE = 10

_ours = None
_starting = threading.Lock()


def engine():
    """Return what does the work on files: the native side, or in a forked child where it
    cannot run a Helper."""
    global _ours, _starting
    if not _native.lost():
        return _native
    if _ours is None or _ours.owner != os.getpid():
        if _ours is not None:
            _ours.leave()
        _ours, _starting = None, threading.Lock()  # a thread of the parent may have held it
    with _starting:
        if _ours is None or _ours.ended:
            _ours = Helper()
        return _ours


def send(to, message, payload=b""):
    """Send a message, and bytes behind it, whose length the receiver knows of it."""
    data = pickle.dumps(message, protocol=5)
    to.sendall(struct.pack("<Q", len(data)) + data)
    if len(payload):
        to.sendall(payload)


def receive(source):
    """Return the next message; EOFError if the other end is gone."""
    size = bytearray(8)
    fill(source, memoryview(size))
    data = bytearray(*struct.unpack("<Q", size))
    fill(source, memoryview(data))
    return pickle.loads(data)


def fill(source, view):
    """Receive as many bytes as view has room for."""
    while len(view):
        n = source.recv_into(view)
        if n == 0:
            raise EOFError("the process that reads and writes files for this forked one has ended")
        view = view[n:]


class Function:
    """Stands for a function of the caller's in a message."""

    def __init__(self, number):
        self.number = number


class Network:
    """Stands for the network in a file."""

    def __init__(self, path):
        self.path = path


class Helper:
    """The native functions for files, in another process. One call at a time."""

    def __init__(self):
        self.owner, self.ended, self._lock = os.getpid(), False, threading.Lock()
        self._functions, self._next = {}, 0
        self._socket, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            program = f"import sys; sys.path[:] = {sys.path!r}; from foretell._helper import main; main({number})"
            self._process = subprocess.Popen([get_executable(), "-c", program], pass_fds=[number], stdin=subprocess.DEVNULL)

    def leave(self):
        """Let go of the process that the parent of a fork has."""
        self._socket.close()
        self._process.returncode = 0  # it is not this process's to wait for

    def call(self, target, method, *arguments, into=None):
        """Call a method of an object, 0 for the module, and return what it does. into is
        memory for the bytes that it gives. Functions are called here: those that an object
        is made with as long as there is this process, others in this call."""
        with self._lock:
            failed, kept = None, dict(self._functions)
            try:
                send(self._socket, (target, method, [self._name(a) if callable(a) else a for a in arguments]))
                while True:
                    kind, value = receive(self._socket)
                    if kind == "call":
                        send(self._socket, self._functions[value[0]](*value[1]))
                    elif kind == "warning":
                        warnings.warn(value, UserWarning, stacklevel=4)
                    elif kind == "failed":
                        failed = value
                        break
                    else:
                        if into is not None:
                            fill(self._socket, into)
                        return value
            except BaseException:
                self._end()
                raise
            finally:
                if method not in ("Reader", "Writer"):
                    self._functions = kept
        raise failed

    def _name(self, function):
        self._next += 1
        self._functions[self._next] = function
        return Function(self._next)

    def _end(self):
        """End the process, which leaves no part of a file."""
        self.ended = True
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.close()

    def compress(self, dtype, how, data, progress):
        return self.call(0, "compress", dtype, how, bytes(data), progress)

    def content(self, how, data):
        return self.call(0, "content", how, bytes(data))

    def decompress(self, how, data, into, progress):
        size = into if isinstance(into, int) else len(into)
        out = self.call(0, "decompress", how, bytes(data), size, progress)
        if isinstance(into, int):
            return out
        into[:] = out
        return into

    def train(self, model, most, data):
        return self.call(0, "train", model, most, bytes(data))

    def models(self):
        return self.call(0, "models")

    def Reader(self, *arguments):
        return Reader(*arguments)

    def Writer(self, *arguments):
        return Writer(self, *arguments)


class Reader:
    """A native Reader in another process."""

    def __init__(self, *arguments):
        self._arguments, self._helper = arguments, None

    def _call(self, method, *arguments, into=None):
        """Call a method, after opening the file again where the process is another."""
        helper = engine()
        if self._helper is not helper:
            self._number, self._helper = helper.call(0, "Reader", *self._arguments), helper
        return helper.call(self._number, method, *arguments, into=into)

    def info(self):
        return self._call("info")

    def rows(self, number, start, stop, flat, progress):
        self._call("rows", number, start, stop, len(flat), progress, into=memoryview(flat))

    def close(self):
        if self._helper is engine():
            self._call("close")


class Writer:
    """A native Writer in another process."""

    def __init__(self, helper, *arguments):
        self._helper, self._number = helper, helper.call(0, "Writer", *arguments)

    def add(self, name, type, shape, data):
        self._helper.call(self._number, "add", name, type, shape, bytes(data))

    def begin(self, name, type, row):
        self._helper.call(self._number, "begin", name, type, row)

    def append(self, data):
        self._helper.call(self._number, "append", bytes(data))

    def end(self):
        self._helper.call(self._number, "end")

    def close(self, whole):
        if not self._helper.ended:
            self._helper.call(self._number, "close", whole)
