"""What every scenario stands on: its machine, its programs, its swarm, and what it borrows."""
