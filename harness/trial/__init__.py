"""A trial: what somebody else can have of a swarm, trick by trick (``make trial``).

Each room has the tricks of one kind of person: another user of the machine, a stranger at a port,
who holds a key, a machine or a worker that has become somebody else's, a hub, a neighbour. They are
rows of tables, carried out on real programs, and each tells what was seen and whether the swarm
held.
"""
