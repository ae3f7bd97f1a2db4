"""Fuzzing of every decoder of octets from the network or from a file.

    python -m tests.fuzz TARGET [SECONDS]

libFuzzer, by way of atheris, follows the coverage; it starts from `corpus/TARGET`, adds to it
nothing by itself, and writes what it found to break a decoder to the current folder.
"""
