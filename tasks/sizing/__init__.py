"""How many machines so many jobs a day need: a simulation of the queue, from recorded or assumed jobs."""
