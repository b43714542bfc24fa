"""The queen decides: which hive, which device, which worker; and passes the tokens on.

Phases 2 to 12. Clients hand in jobs (`daemon`, `jobs`); `decisions` says what happens next to those
in the `state`, whose owner is `claims`; `dispatcher` has it done, by `placing`; `hives` wakes
machines; `catalog` remembers them; `registry` knows what lives now; `scheduler` chooses among
places.
"""
