"""The public site: views and the plain values that its pages show."""
