"""The queen decides: which hive, which device, which worker; and passes the tokens on.

Phases 2 to 12. Clients hand in jobs (`daemon`, `jobs`); `flow` walks a job through its phases;
`hives` wakes machines; `catalog` remembers them; `registry` knows what lives now; `scheduler`
chooses.
"""
