"""Programs of others that ask a swarm, and what they are answered."""
