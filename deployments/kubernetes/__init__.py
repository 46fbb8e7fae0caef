"""Jobs on a cluster: the work pools `cpu-kubernetes` and `gpu-kubernetes`, and what runs beside the official charts."""
