"""The model host: one process per machine that keeps models loaded and lets the runs of jobs use them.

The host itself loads nothing. Every model lives in a process of its own (`child`): what makes it die takes no other
model with it, and to unload it is to end it, so that its memory goes back to the machine whatever the engine has
allocated. `models` decides what stays loaded, `server` speaks with the runs (`tasks.inference.client`).
"""
