"""How one program starts, watches and stops another. Knows nothing of language models.

A parent starts a child with `child.Child.start`, or with `child.Child.fork` where the child is to
begin with what the parent has imported. The child's stdin is its lifeline (the first line brings
its orders, end-of-file means the parent is gone), its output goes to a log, and a pipe of its own
carries what it reports until it is ready. `lifeline.Lifeline` is the same seen from the child.
`supervise` waits for a child and stops it on an event loop.
"""
