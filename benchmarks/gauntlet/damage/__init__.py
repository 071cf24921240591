"""What happens to a photo on its way to being a leak: one pure function per kind of damage."""
