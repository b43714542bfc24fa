"""Models on a hive: what a reference means, whether it fits, and how it gets onto the disk.

- Phase 6, `GET /capacity`: `hub.resolve` turns the reference into files (`choose` picks the
  quant), `gguf` reads their headers by range, `fit` says how many bytes the model needs. Nothing
  has been downloaded yet. Next: phases 7 and 8, side by side.
- Phase 7, `POST /models/provision`: `download` fetches each file, resuming what an earlier run
  left, `gguf` checks what arrived, `catalog` gets its row. Next: phase 9, the worker.

Names lead to files, and what is known of a model is known of its files: several names share them,
and they may be replaced behind a name. `rbee.process.content` gives what lies at some paths a short
id (a few stats). A worker has the id in its orders and looks again when a request comes: where it
finds another it answers `worker_stale`, takes nothing more in, and leaves after its last answer,
while the queen has the request served by a new worker. Nobody is asked for that, and a warm prompt
costs microseconds more. The hive's heartbeat tells the names that lead to what each worker holds
(`WorkerBeat.names`); a name that the queen does not find there she asks the hive for, once a job,
where a worker may hold it. `pull` asks the hub: another version is fetched beside the old one, then
the names are moved, and the old files go when no worker has them loaded.

`names` reads what people call their files, and `hub` alone talks to the hub's client. `names`,
`choose`, `fit` and `gguf` are pure. Everything here blocks: callers on an event loop use threads.

On disk: ``<models_dir>/<owner>--<repo>/<first 12 digits of the commit>/<file>``.
"""
