"""What keeps this process from doing anything but looking, whatever it meets."""
