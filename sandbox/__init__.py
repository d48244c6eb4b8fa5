"""Read untrusted bytes in a child process, which may crash, hang or run out of memory without harm to its parent.

`child.py` is the parent's side; `server.py` the child's, confined by `confinement.py`. Used by pictures and sources.
"""
