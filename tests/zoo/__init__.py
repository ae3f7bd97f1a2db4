"""A zoo of peers that misbehave, each in its own way, kept in the lab.

netdiag visits each animal with the command as shipped. Whatever it meets, the run ends in time,
stays small, says what is true, and prints nothing that a terminal or a browser would act on.

    python -m tests.zoo [NAME...]
"""
