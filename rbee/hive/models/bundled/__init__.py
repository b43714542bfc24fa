"""The model that ships with rbee: `minillama.gguf`, so that a fresh install answers offline."""
