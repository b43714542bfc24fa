"""GGUF files: what their headers say, without reading the weights behind them."""
