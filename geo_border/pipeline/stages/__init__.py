"""The stages of a study, a module each: frames in, frames out; nothing here touches the disk."""
