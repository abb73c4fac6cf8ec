"""What other programs ask over HTTP: JSON, the OpenAI interface, MCP, and numbers for monitoring."""
