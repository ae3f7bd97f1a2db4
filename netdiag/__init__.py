"""netdiag: a read-only diagnostician of DNS, connectivity and routing."""

__version__ = "0.1.0"
