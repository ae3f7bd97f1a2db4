"""The live transport: the only code that opens a socket, one module per kind of request."""
