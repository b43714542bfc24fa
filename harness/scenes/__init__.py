"""What scenarios do to real programs, and what they see of them."""
