"""What readers saw, from when to when. So far: the dates of many articles that readers see from one moment on."""
