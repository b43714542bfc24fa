"""The typed bodies of every request, answer and event: a module for each noun."""
