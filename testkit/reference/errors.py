"""What can be wrong with a file."""


class Error(Exception):
    """A file that is not read."""


class Corrupt(Error):
    """Damage, or bytes that no encoder writes."""


class Truncated(Corrupt):
    """The file ends too early."""


class Unsupported(Error):
    """What this reader, or this version of the format, does not know."""


class Limit(Error):
    """The file has more content than the reader was allowed to give."""


class Missing(Error):
    """The file needs a prior or a model that is not there."""


def check(condition, what):
    """Raises Corrupt unless the condition holds."""
    if not condition:
        raise Corrupt(what)
