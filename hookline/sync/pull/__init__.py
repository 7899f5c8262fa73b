"""Pull mode: a server follows a file or folder, and applies it when its content changes."""
