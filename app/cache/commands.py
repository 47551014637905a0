"""Commands to Redis as bytes (RESP), so that the parts that are equal for all requests are put together once."""


def pack_command(*arguments: bytes) -> bytes:
    """Return a command that is ready to be sent."""
    return b"*%d\r\n%b" % (len(arguments), pack_arguments(*arguments))


def pack_arguments(*arguments: bytes) -> bytes:
    """Return some arguments of a command that has others before or after them."""
    return b"".join([b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments])
