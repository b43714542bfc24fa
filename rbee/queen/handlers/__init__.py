"""What answers the queen's routes: a module for each noun."""
