"""The tracer: which hops to ask, what their answers mean, when to stop. Pure, without I/O or clock.

`plan` says what to ask next and how long to wait, `trace` keeps what came back, `statistics` counts
it hop by hop, `verdict` judges it, `atlas` is the form in which it is kept.
"""
