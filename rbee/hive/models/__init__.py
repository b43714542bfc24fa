"""Models on a hive: what a reference means, whether it fits, and how it gets onto the disk.

Serves two phases of the flow:

- Phase 6, `GET /capacity`: `hub.resolve` turns the reference into files (`choose` picks the
  quant), `gguf` reads their headers by range, `fit` says how many bytes the model needs. Nothing
  has been downloaded yet. Next: phases 7 and 8, side by side.
- Phase 7, `POST /models/provision`: `download` fetches each file, resuming what an earlier run
  left, `gguf` checks what arrived, `catalog` gets its row. Next: phase 9, the worker.

`hub` alone talks to the hub's client; `choose`, `fit` and `gguf` are pure. Everything here
blocks: callers on an event loop use threads.

On disk: ``<models_dir>/<owner>--<repo>/<first 12 digits of the commit>/<file>``.
"""
