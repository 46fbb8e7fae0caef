"""Jobs in containers: the work pools `cpu-docker` and `gpu-docker`, and the image that they start."""
