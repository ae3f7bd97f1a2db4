"""The live transport: the only code that opens a socket, one module per kind of request."""

import sys

# httpx's own command line takes two thirds of its import; httpx goes without where it is not there.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
