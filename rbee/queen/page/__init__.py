"""The queen's page in a browser: who is let in, and the files it is made of."""
