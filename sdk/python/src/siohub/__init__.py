"""siohub."""
