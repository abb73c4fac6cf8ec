"""The models that answer: the seam to them, Ollama over its own wire, GGUF files, and calls where a model has none."""
