"""The worker infers: one HTTP server, one engine, one model, one device.

Phases 9 to 11. A hive starts it; it imports its engine, gets its orders, binds, loads the
model, reports ready to the hive and answers `POST /infer` until it is told to leave.
"""
