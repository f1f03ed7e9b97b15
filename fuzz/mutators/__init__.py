"""Mutations that keep the outer form, so that what lies behind the parser is reached.

None of these modules imports atheris or pecverify. Each mutator takes bytes and a `random.Random` and returns bytes;
what it cannot take apart it refuses with `ValueError`, and the caller mutates plain bytes instead.
"""
