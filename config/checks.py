"""The tag of our own system checks: of the machine and of the settings.

Django's are of the program, take half a second and all its modules, and are asked before a release. A command that is
run every minute asks ours alone: `requires_system_checks = [OWN]`.
"""

OWN = "newsfold"
