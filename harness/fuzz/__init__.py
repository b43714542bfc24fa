"""Fuzzers: each part that reads what strangers send is fed with what they might send.

`targets` are those parts, `mutation` makes new inputs of old ones, `child` feeds one target in a
process of its own with limits, `run` supervises the children, `corpus` is what they begin with and
where findings stay.
"""
