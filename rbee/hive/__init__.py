"""The hive provides: one per machine, it knows the devices, the models and its workers.

Phases 3.3 to 10. A queen starts it; it tells what the machine has (`devices`), whether a model
fits (`capacity`), fetches models (`models`), starts and watches workers (`workers`), and sends
heartbeats to its queen (`heartbeat`).
"""
