"""Decisions of the product, asked in this process: no program is started."""
