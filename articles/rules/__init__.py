"""The rules of the newsroom as pure functions: data in, decision out, without Django."""
