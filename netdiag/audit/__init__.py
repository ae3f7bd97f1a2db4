"""The proof of what was sent: a capture against a record, sharing no code with the wire."""
