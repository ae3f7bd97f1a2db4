"""Tests of the live transport, on loopback and in network namespaces of their own."""
