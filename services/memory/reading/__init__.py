"""Reading documents: a file becomes blocks of text with their page or lines, in a process of its own, within limits."""
