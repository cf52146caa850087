"""Readers: the files a study names become checked frames, or one clear error."""
