"""The tag of Newsfold's system checks, which look at the machine and the settings.

Django's own checks look at the program: they load all modules, take half a second and are run before a release. A
command that runs every minute asks for ours alone: `requires_system_checks = [CHECK_TAG]`.
"""

CHECK_TAG = "newsfold"
