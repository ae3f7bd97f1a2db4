"""Validation of DNSSEC: pure functions over records that were seen, without any I/O."""
