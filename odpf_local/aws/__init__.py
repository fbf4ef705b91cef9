"""The embedded AWS: moto, with what it lacks supplied around it."""
