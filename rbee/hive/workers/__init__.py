"""Workers of this machine, in the order of one's life. Phases 8 to 10.

Which kinds there are, and the spare (`kinds`, `able`, `catalog`); room for one, and its start
(`starter`); what is known of it (`worker`), and how it is kept alive (`supervisor`): what is due
for it (`upkeep`), why it ended and whether it is started again (`restart`).
"""
