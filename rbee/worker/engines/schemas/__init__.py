"""JSON schemas as what they allow, so far as a grammar can say it. Pure; imported late."""
