"""The forms in which a run's answers are written, each in a module of its own that is loaded when it is asked for.

A format's `render` is called where a message was verified, in a worker perhaps; its `Writer` puts what came of it into
the output, in order.
"""
